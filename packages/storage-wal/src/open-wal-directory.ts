/** The storage over a real folder: locked against other processes, and named by the platform's randomness. */
import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { lockDirectory } from './directory-lock.js';
import { isNoRoom } from './errors.js';
import { nodeFileSystem } from './node-file-system.js';
import { openWal } from './open-wal.js';
import { reservePath } from './reserve.js';
import type { WalSettings } from './wal-options.js';
import type { WalStorage } from './wal-storage.js';

/**
 * Opens the storage in a folder, or makes both when they do not exist.
 *
 * @param directory - The folder. One process at a time can have it open, by a file `lock` in it.
 * @param settings - Limits and listener.
 * @returns The storage, which lets go of the folder when it is closed.
 * @throws {@link StorageLockedError} when another process has it open.
 * @throws {@link StorageCorruptError} and {@link StorageVersionError} as {@link openWal} does.
 *
 * @example
 * ```ts
 * const storage = await openWalDirectory('data/n1');
 * console.log(storage.incarnations.own, storage.recovery.tornTail);
 * await storage.close();
 * ```
 */
export async function openWalDirectory(directory: string, settings: WalSettings = {}): Promise<WalStorage> {
  await mkdir(directory, { recursive: true });
  const unlock = await lockDirectory(directory).catch(async (error: unknown) => {
    if (!isNoRoom(error)) throw error;
    await rm(join(directory, reservePath), { force: true });
    return lockDirectory(directory);
  });
  try {
    const incarnation = randomBytes(16).toString('hex');
    const storage = await openWal({ ...settings, fileSystem: nodeFileSystem(directory), incarnation });
    return new LockedStorage(storage, unlock);
  } catch (error) {
    await unlock();
    throw error;
  }
}

/** A storage that lets go of its folder when it is closed. */
class LockedStorage implements WalStorage {
  readonly #storage: WalStorage;
  readonly #unlock: () => Promise<void>;

  constructor(storage: WalStorage, unlock: () => Promise<void>) {
    this.#storage = storage;
    this.#unlock = unlock;
  }

  get recovery(): WalStorage['recovery'] {
    return this.#storage.recovery;
  }

  get incarnations(): WalStorage['incarnations'] {
    return this.#storage.incarnations;
  }

  get room(): WalStorage['room'] {
    return this.#storage.room;
  }

  group(group: number): ReturnType<WalStorage['group']> {
    return this.#storage.group(group);
  }

  stats(): ReturnType<WalStorage['stats']> {
    return this.#storage.stats();
  }

  async close(): Promise<void> {
    try {
      await this.#storage.close();
    } finally {
      await this.#unlock();
    }
  }
}
