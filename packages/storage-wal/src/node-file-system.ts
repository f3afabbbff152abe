/** The contract of a file system over a folder of the real disk, by `node:fs`. */
import { mkdir, type FileHandle as NodeFile, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type FileHandle, type FileSystem, InvalidArgumentError } from '@synod/core';

/**
 * The real file system below one folder.
 *
 * @remarks Names are made durable by syncing folders, which Windows neither needs nor allows: there it does nothing.
 * @param root - The folder; paths of the contract are relative to it, and `.` is the folder itself.
 *
 * @example
 * ```ts
 * const fileSystem = nodeFileSystem('/var/lib/synod/n1');
 * ```
 */
export function nodeFileSystem(root: string): FileSystem {
  return new DiskFolder(root);
}

class DiskFolder implements FileSystem {
  readonly #root: string;

  constructor(root: string) {
    if (root === '') throw new InvalidArgumentError('root is empty: name a folder');
    this.#root = root;
  }

  async open(path: string, mode: 'create' | 'existing'): Promise<FileHandle> {
    return new DiskFile(await open(this.#locate(path), mode === 'create' ? 'wx+' : 'r+'));
  }

  async list(path: string): Promise<readonly string[]> {
    return readdir(this.#locate(path));
  }

  async makeDirectory(path: string): Promise<void> {
    await mkdir(this.#locate(path), { recursive: true });
  }

  async rename(from: string, to: string): Promise<void> {
    await rename(this.#locate(from), this.#locate(to));
  }

  async remove(path: string): Promise<void> {
    await rm(this.#locate(path), { force: true });
  }

  async syncDirectory(path: string): Promise<void> {
    if (process.platform === 'win32') return;
    const folder = await open(this.#locate(path), 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  #locate(path: string): string {
    if (path.startsWith('/') || path.split('/').includes('..')) {
      throw new InvalidArgumentError(
        `path ${JSON.stringify(path)} leads out of the folder: paths are relative to it`,
      );
    }
    return join(this.#root, path);
  }
}

class DiskFile implements FileHandle {
  readonly #file: NodeFile;

  constructor(file: NodeFile) {
    this.#file = file;
  }

  async write(bytes: readonly Uint8Array[], position: number): Promise<void> {
    let offset = position;
    for (const part of bytes) {
      // A disk that is nearly full may take less than it was given.
      for (let taken = 0; taken < part.length; ) {
        const { bytesWritten } = await this.#file.write(part, taken, part.length - taken, offset);
        taken += bytesWritten;
        offset += bytesWritten;
      }
    }
  }

  async read(position: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, (await this.size()) - position)));
    let filled = 0;
    while (filled < bytes.length) {
      const { bytesRead } = await this.#file.read(bytes, filled, bytes.length - filled, position + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  }

  async size(): Promise<number> {
    return (await this.#file.stat()).size;
  }

  async truncate(length: number): Promise<void> {
    await this.#file.truncate(length);
  }

  async dataSync(): Promise<void> {
    await this.#file.datasync();
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
