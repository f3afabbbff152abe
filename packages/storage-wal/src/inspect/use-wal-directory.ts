/** Work on a node's folder while no node runs on it, without opening it as a node would. */
import { stat } from 'node:fs/promises';
import { type FileSystem, InvalidArgumentError } from '@synod/core';
import { lockDirectory } from '../directory-lock.js';
import { nodeFileSystem } from '../node-file-system.js';

/**
 * Locks an existing folder against nodes, does something with it, and lets go of it.
 *
 * @param directory - The folder of a node. It is not made when it does not exist.
 * @param use - What to do: {@link inspectWal}, {@link readWal}, {@link planWalRepair} or {@link repairWal}.
 * @returns What `use` gave.
 * @throws InvalidArgumentError when there is no such folder.
 * @throws {@link StorageLockedError} when a node runs on it.
 *
 * @example
 * ```ts
 * const { verdict } = await useWalDirectory('data/n1', (fileSystem) => inspectWal(fileSystem));
 * ```
 */
export async function useWalDirectory<Value>(
  directory: string,
  use: (fileSystem: FileSystem) => Promise<Value>,
): Promise<Value> {
  const isFolder = await stat(directory).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) throw new InvalidArgumentError(`${directory} is no directory: give the one of a node`);
  const unlock = await lockDirectory(directory);
  try {
    return await use(nodeFileSystem(directory));
  } finally {
    await unlock();
  }
}
