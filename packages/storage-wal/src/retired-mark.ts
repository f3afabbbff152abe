/**
 * The file `retired`: this storage gave up data that had been acknowledged. A node that ran on it could vote against
 * its own forgotten promises, so no open succeeds while it is there; tools that only read still can. One sealed
 * header: "synod-retired", u8 version 1, then the reason as a string.
 */
import type { FileSystem } from '@synod/core';
import { StorageRetiredError } from './errors.js';
import { readWhole, replaceFile } from './replace-file.js';
import { type FileFormat, openHeaderFile, sealHeader } from './sealed-header.js';

/** Path of the mark. */
export const retiredPath = 'retired';

const format: FileFormat = { kind: 'synod-retired', version: 1 };

/**
 * Marks a storage, durably.
 *
 * @param fileSystem - Where it is.
 * @param reason - What was given up, for people.
 */
export async function retire(fileSystem: FileSystem, reason: string): Promise<void> {
  await replaceFile(
    fileSystem,
    retiredPath,
    sealHeader(format, (writer) => writer.string(reason)),
  );
}

/**
 * Reads the mark.
 *
 * @param fileSystem - Where.
 * @param names - Names in the root of the storage.
 * @returns What was given up, or `undefined` without a mark. A damaged mark is a mark too.
 */
export async function readRetired(
  fileSystem: FileSystem,
  names: readonly string[],
): Promise<string | undefined> {
  if (!names.includes(retiredPath)) return undefined;
  try {
    return openHeaderFile(await readWhole(fileSystem, retiredPath), format, retiredPath, (reader) =>
      reader.string(),
    );
  } catch {
    return 'the mark is damaged and does not say what';
  }
}

/**
 * States that a storage was not retired.
 *
 * @param fileSystem - Where it is.
 * @param names - Names in the root of the storage.
 * @throws {@link StorageRetiredError} when it was.
 */
export async function checkNotRetired(fileSystem: FileSystem, names: readonly string[]): Promise<void> {
  const reason = await readRetired(fileSystem, names);
  if (reason !== undefined) throw new StorageRetiredError(reason);
}
