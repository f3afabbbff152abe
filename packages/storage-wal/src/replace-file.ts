/** How small files change without ever being half there: written aside, synced, renamed, and the name synced. */
import type { FileSystem } from '@synod/core';

/** The folder that a {@link FileSystem} was given. */
export const rootDirectory = '.';

/** Added to a file's path while its next contents are written. */
export const asideSuffix = '.tmp';

/**
 * Makes a file have the given contents, durably and in one step: after a crash it has the old or the new ones.
 *
 * @param fileSystem - Where.
 * @param path - The file.
 * @param contents - All of its new contents.
 */
export async function replaceFile(fileSystem: FileSystem, path: string, contents: Uint8Array): Promise<void> {
  const aside = path + asideSuffix;
  await fileSystem.remove(aside);
  const file = await fileSystem.open(aside, 'create');
  try {
    await file.write([contents], 0);
    await file.dataSync();
  } finally {
    await file.close();
  }
  await fileSystem.rename(aside, path);
  await fileSystem.syncDirectory(directoryOf(path));
}

/**
 * All bytes of a file.
 *
 * @param fileSystem - Where.
 * @param path - The file.
 */
export async function readWhole(fileSystem: FileSystem, path: string): Promise<Uint8Array> {
  const file = await fileSystem.open(path, 'existing');
  try {
    return await file.read(0, await file.size());
  } finally {
    await file.close();
  }
}

/**
 * The folder that a path lies in.
 *
 * @param path - A path with `/`.
 */
export function directoryOf(path: string): string {
  const end = path.lastIndexOf('/');
  return end === -1 ? rootDirectory : path.slice(0, end);
}
