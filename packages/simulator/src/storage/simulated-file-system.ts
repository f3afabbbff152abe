/** What one program sees of a simulated drive, by the contract of real file systems. */
import type { FileHandle, FileSystem, Random } from '@synod/core';
import { type DriveContents, driveError } from './drive-contents.js';
import { DriveFile } from './drive-file.js';

/** What a program may ask of a file system. */
export type DriveOperation = keyof FileSystem | 'write' | 'read' | 'size' | 'truncate' | 'dataSync' | 'close';

/** The drive, as one program has it. */
export interface DriveAccess {
  readonly contents: DriveContents;
  readonly random: Random;
  readonly blockBytes: number;
  /** Bytes by which all files together may still grow. */
  readonly room: () => number;
  /** Begins an operation; the answer is why it must fail. */
  readonly begin: (operation: DriveOperation) => Error | undefined;
  /** Ends an operation in its time; `ended` is why it must fail after all. */
  readonly end: (operation: DriveOperation, done: (ended: Error | undefined) => void) => void;
}

/** A file system that is of no more use when its program has ended. */
export class SimulatedFileSystem implements FileSystem {
  readonly #drive: DriveAccess;

  constructor(drive: DriveAccess) {
    this.#drive = drive;
  }

  /** See {@link FileSystem.open}. */
  open(path: string, mode: 'create' | 'existing'): Promise<FileHandle> {
    return operate(this.#drive, 'open', () => {
      const { folder, name } = this.#drive.contents.locate(path);
      let file = folder.find(name);
      if (mode === 'existing' && file === undefined) throw driveError('ENOENT', path);
      if (mode === 'create' && file !== undefined) throw driveError('EEXIST', path);
      if (file === undefined) {
        file = new DriveFile();
        folder.change({ type: 'create', name, file });
      }
      return new SimulatedFileHandle(this.#drive, file);
    });
  }

  /** See {@link FileSystem.list}. */
  list(path: string): Promise<readonly string[]> {
    return operate(this.#drive, 'list', () => this.#drive.contents.list(path));
  }

  /** See {@link FileSystem.makeDirectory}. */
  makeDirectory(path: string): Promise<void> {
    return operate(this.#drive, 'makeDirectory', () => this.#drive.contents.makeFolder(path));
  }

  /** See {@link FileSystem.rename}. */
  rename(from: string, to: string): Promise<void> {
    return operate(this.#drive, 'rename', () => {
      const source = this.#drive.contents.locate(from);
      const target = this.#drive.contents.locate(to);
      if (source.folder !== target.folder) throw driveError('EXDEV', to);
      if (source.folder.find(source.name) === undefined) throw driveError('ENOENT', from);
      source.folder.change({ type: 'rename', from: source.name, to: target.name });
    });
  }

  /** See {@link FileSystem.remove}. */
  remove(path: string): Promise<void> {
    return operate(this.#drive, 'remove', () => {
      const { folder, name } = this.#drive.contents.locate(path);
      if (folder.find(name) !== undefined) folder.change({ type: 'remove', name });
    });
  }

  /** See {@link FileSystem.syncDirectory}. */
  syncDirectory(path: string): Promise<void> {
    const { contents } = this.#drive;
    const changed = contents.find(path)?.changed ?? 0;
    return operate(this.#drive, 'syncDirectory', () => contents.folder(path).sync(changed));
  }
}

class SimulatedFileHandle implements FileHandle {
  readonly #drive: DriveAccess;
  readonly #file: DriveFile;
  #isClosed = false;

  constructor(drive: DriveAccess, file: DriveFile) {
    this.#drive = drive;
    this.#file = file;
  }

  write(bytes: readonly Uint8Array[], position: number): Promise<void> {
    let refused = this.#begin('write');
    const { random } = this.#drive;
    let offset = position;
    for (const part of bytes) {
      if (this.#isClosed) break;
      if (refused === undefined && offset + part.length - this.#file.length > this.#drive.room())
        refused = driveError('ENOSPC', 'write');
      // Under way from now on: a crash before its end may keep any part of it.
      if (refused === undefined) this.#file.write(offset, part);
      else if (isPlatform(refused))
        this.#file.write(offset, part.subarray(0, random.integer(0, part.length + 1)));
      if (refused !== undefined) break;
      offset += part.length;
    }
    return this.#end('write', refused, () => undefined);
  }

  read(position: number, length: number): Promise<Uint8Array> {
    return this.#end('read', this.#begin('read'), () => this.#file.read(position, length));
  }

  size(): Promise<number> {
    return this.#end('size', this.#begin('size'), () => this.#file.length);
  }

  truncate(length: number): Promise<void> {
    const refused = this.#begin('truncate');
    if (refused === undefined) this.#file.truncate(length);
    return this.#end('truncate', refused, () => undefined);
  }

  dataSync(): Promise<void> {
    const refused = this.#begin('dataSync');
    const { changed } = this.#file;
    if (refused !== undefined && isPlatform(refused))
      this.#file.failSync(this.#drive.random, this.#drive.blockBytes);
    return this.#end('dataSync', refused, () => this.#file.sync(changed));
  }

  close(): Promise<void> {
    return this.#end('close', this.#begin('close'), () => {
      this.#isClosed = true;
    });
  }

  #begin(operation: DriveOperation): Error | undefined {
    if (this.#isClosed) return new ClosedHandle('EBADF: a handle that was closed');
    return this.#drive.begin(operation);
  }

  #end<Value>(operation: DriveOperation, refused: Error | undefined, act: () => Value): Promise<Value> {
    return settle(this.#drive, operation, refused, act);
  }
}

/** The power is gone, or the program has ended: nothing works any more. */
export class PowerLoss extends Error {}

class ClosedHandle extends Error {}

function isPlatform(error: Error): boolean {
  return !(error instanceof PowerLoss) && !(error instanceof ClosedHandle);
}

function operate<Value>(drive: DriveAccess, operation: DriveOperation, act: () => Value): Promise<Value> {
  return settle(drive, operation, drive.begin(operation), act);
}

function settle<Value>(
  drive: DriveAccess,
  operation: DriveOperation,
  refused: Error | undefined,
  act: () => Value,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    drive.end(operation, (ended) => {
      const failure = refused ?? ended;
      if (failure !== undefined) return reject(failure);
      try {
        resolve(act());
      } catch (error) {
        reject(error);
      }
    });
  });
}
