/** Looking at a storage must not make what is missing: a folder that is not there has no names in it. */
import type { FileSystem } from '@synod/core';

/**
 * Names in a folder.
 *
 * @param fileSystem - Where.
 * @param directory - The folder.
 * @returns Its names in order; none when there is no such folder.
 */
export async function namesIn(fileSystem: FileSystem, directory: string): Promise<readonly string[]> {
  try {
    return [...(await fileSystem.list(directory))].sort();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
