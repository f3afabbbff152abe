/**
 * Backups as files. One is written under another name and gets its own only when it is whole and on disk, so a backup
 * that was interrupted never looks like one.
 */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { InvalidArgumentError, isSynodError } from '@synod/core';
import { KvStateMachine } from '@synod/kv';
import { BackupDamagedError } from './backup-format.js';
import { type BackupListener, BackupReader, type BackupSummary } from './backup-reader.js';

/** Added to the name of a backup that is being written. */
export const partialSuffix = '.partial';

/** Bytes read at a time. */
const readBytes = 1 << 18;

/**
 * Writes a backup's bytes to a file, and checks them on their way.
 *
 * @param file - The file; it must not exist.
 * @param bytes - The backup.
 * @returns What it says.
 * @throws InvalidArgumentError when the file exists.
 * @throws {@link BackupDamagedError} when the bytes are no whole backup. Nothing is left then.
 */
export async function writeBackupFile(
  file: string,
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<BackupSummary> {
  await checkAbsent(file);
  const partial = file + partialSuffix;
  try {
    const reader = new BackupReader();
    const handle = await fs.open(partial, 'w');
    try {
      for await (const piece of bytes) {
        reader.write(piece);
        await handle.writeFile(piece);
      }
      const summary = reader.finish();
      await handle.sync();
      await handle.close();
      await fs.rename(partial, file);
      await syncFolder(path.dirname(file));
      return summary;
    } finally {
      await handle.close().catch(() => undefined);
    }
  } catch (error) {
    await fs.rm(partial, { force: true });
    throw error;
  }
}

/**
 * Reads a backup from a file and checks every byte of it.
 *
 * @param file - The file.
 * @param listener - Hears what it holds.
 * @throws {@link BackupDamagedError} when it is damaged: the listener may have heard its begin by then.
 */
export async function readBackupFile(file: string, listener: BackupListener = {}): Promise<BackupSummary> {
  const handle = await openExisting(file);
  try {
    const reader = new BackupReader(listener);
    const buffer = new Uint8Array(readBytes);
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, readBytes);
      if (bytesRead === 0) return reader.finish();
      reader.write(buffer.subarray(0, bytesRead));
      await listener.pause?.();
    }
  } finally {
    await handle.close();
  }
}

/** What a backup was found to hold. */
export interface VerifiedBackup extends BackupSummary {
  /** Open sessions in it. */
  readonly sessions: number;
  /** Digest of the whole state, as `synod status` of a node with that state gives it. */
  readonly hash: string;
}

/**
 * Reads a backup and restores the store from it in memory: what a node does that starts from it.
 *
 * @param file - The file.
 * @throws {@link BackupDamagedError} when any byte of it is not what was written.
 * @throws LimitsDifferError when it was made by a store with other limits.
 */
export async function verifyBackupFile(file: string): Promise<VerifiedBackup> {
  const machine = new KvStateMachine();
  const restore = machine.restore();
  let firstChunkAt = 0;
  try {
    const summary = await readBackupFile(file, { chunk: (bytes) => restore.write(bytes) });
    firstChunkAt = summary.fileBytes;
    restore.finish();
    const { revision, keys, sessions } = machine.stats();
    const { header } = summary;
    if (revision !== header.revision || keys !== header.keys)
      throw new BackupDamagedError(
        0,
        `its header says revision ${header.revision} and ${header.keys} keys, but the state has ${revision} and ${keys}`,
      );
    return { ...summary, sessions, hash: machine.hash() };
  } catch (error) {
    if (!isSynodError(error) || error.code !== 'DECODE_FAILED') throw error;
    throw new BackupDamagedError(
      firstChunkAt,
      `its frames are whole, but the state in them is not: ${error.message}`,
    );
  }
}

/**
 * Makes the names in a folder durable.
 *
 * @param folder - The folder.
 */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await fs.open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * States that nothing stands under a name.
 *
 * @param file - The name.
 * @throws InvalidArgumentError when something does.
 */
export async function checkAbsent(file: string): Promise<void> {
  const exists = await fs.lstat(file).then(
    () => true,
    () => false,
  );
  if (exists) throw new InvalidArgumentError(`${file} exists already: give another name, or remove it first`);
}

async function openExisting(file: string): Promise<fs.FileHandle> {
  try {
    return await fs.open(file, 'r');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    throw new InvalidArgumentError(`there is no file ${file}: give a backup made by synod backup`);
  }
}
