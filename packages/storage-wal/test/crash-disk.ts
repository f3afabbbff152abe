/**
 * A disk in memory that forgets like a real one. What was not synced when the power goes may be there, not there, or
 * there in part: each write page by page in any combination, with zeros where a page is missing and the file grew.
 * Names are forgotten from the newest change of a folder backwards, as a journaling file system does. After the crash
 * the same disk can be booted again; what a program of an earlier boot still tries has no effect.
 */
import type { FileHandle, FileSystem, Random } from '@synod/core';

type Change =
  | { readonly type: 'write'; readonly position: number; readonly bytes: Uint8Array }
  | { readonly type: 'truncate'; readonly length: number };

interface Inode {
  synced: Uint8Array;
  current: Uint8Array;
  changes: Change[];
}

type NameChange =
  | { readonly type: 'create'; readonly name: string; readonly inode: Inode }
  | { readonly type: 'remove'; readonly name: string }
  | { readonly type: 'rename'; readonly from: string; readonly to: string };

interface Folder {
  synced: Map<string, Inode>;
  current: Map<string, Inode>;
  changes: NameChange[];
}

function applyChange(bytes: Uint8Array, change: Change): Uint8Array {
  return change.type === 'truncate'
    ? resized(bytes, change.length)
    : written(bytes, change.position, change.bytes);
}

/** The power is gone: nothing works until the disk is restarted. */
class PowerLoss extends Error {}

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}

function applyName(names: Map<string, Inode>, change: NameChange): void {
  if (change.type === 'create') names.set(change.name, change.inode);
  else if (change.type === 'remove') names.delete(change.name);
  else {
    const inode = names.get(change.from);
    if (inode === undefined) return;
    names.delete(change.from);
    names.set(change.to, inode);
  }
}

function resized(bytes: Uint8Array, length: number): Uint8Array {
  const result = new Uint8Array(length);
  result.set(bytes.subarray(0, length));
  return result;
}

function written(bytes: Uint8Array, position: number, added: Uint8Array): Uint8Array {
  const result = resized(bytes, Math.max(bytes.length, position + added.length));
  result.set(added, position);
  return result;
}

export class CrashDisk {
  readonly #folders = new Map<string, Folder>();
  readonly #pageBytes: number;
  #life = 0;
  #operations = 0;
  #crashAt = Number.POSITIVE_INFINITY;
  #failAt: { readonly kind: string; after: number; readonly code: string } | undefined;
  /** Calls of each kind so far. */
  readonly calls = new Map<string, number>();

  constructor(pageBytes = 16) {
    this.#pageBytes = pageBytes;
    this.#makeFolder('.');
  }

  /** Operations so far, in all lives. */
  get operations(): number {
    return this.#operations;
  }

  /** The power goes when this many more operations were begun; the last one has no effect. */
  crashAfter(operations: number): void {
    this.#crashAt = this.#operations + operations;
  }

  /** A kind of call (`write`, `dataSync` and so on) fails from its n-th next time on, with a platform's code. */
  failFrom(kind: string, nth: number, code: string): void {
    this.#failAt = { kind, after: nth, code };
  }

  /** Mends what {@link failFrom} broke. */
  mend(): void {
    this.#failAt = undefined;
  }

  /** Ends the program, but not the machine: what was written is still there, and still not durable. */
  kill(): void {
    this.#life++;
    this.#crashAt = Number.POSITIVE_INFINITY;
  }

  /** Takes the power away now, and decides what is left; then the disk runs again. */
  crash(random: Random): void {
    this.#life++;
    this.#crashAt = Number.POSITIVE_INFINITY;
    const inodes = new Set<Inode>();
    for (const folder of this.#folders.values()) {
      const kept = random.integer(0, folder.changes.length + 1);
      for (const change of folder.changes.slice(0, kept)) applyName(folder.synced, change);
      for (const inode of folder.synced.values()) inodes.add(inode);
      folder.current = new Map(folder.synced);
      folder.changes = [];
    }
    for (const inode of inodes) this.#tear(inode, random);
  }

  /** The bytes of a file as programs see it now; for tests that damage it. */
  bytesOf(path: string): Uint8Array {
    return this.#inode(path).current;
  }

  /** Replaces a file's bytes, durably, behind the program's back. */
  damage(path: string, bytes: Uint8Array): void {
    const inode = this.#inode(path);
    inode.synced = bytes.slice();
    inode.current = bytes.slice();
    inode.changes = [];
  }

  /** Removes a file, durably, behind the program's back. */
  lose(path: string): void {
    const { folder, name } = this.#split(path);
    folder.current.delete(name);
    folder.synced.delete(name);
  }

  /** Another disk with the same files, all durable. */
  copy(): CrashDisk {
    return this.#copy((inode) => ({ synced: inode.current, current: inode.current, changes: [] }), true);
  }

  /** Another disk in the same state: what is not durable here is not durable there. */
  copyAsIs(): CrashDisk {
    return this.#copy((inode) => ({ ...inode, changes: inode.changes.slice() }), false);
  }

  #copy(copyOf: (inode: Inode) => Inode, durable: boolean): CrashDisk {
    const disk = new CrashDisk(this.#pageBytes);
    const copies = new Map<Inode, Inode>();
    const copied = (inode: Inode) => {
      const copy = copies.get(inode) ?? copyOf(inode);
      copies.set(inode, copy);
      return copy;
    };
    const namesOf = (names: Map<string, Inode>) =>
      new Map([...names].map(([name, inode]): [string, Inode] => [name, copied(inode)]));
    for (const [path, folder] of this.#folders) {
      disk.#folders.set(path, {
        synced: namesOf(durable ? folder.current : folder.synced),
        current: namesOf(folder.current),
        changes: durable
          ? []
          : folder.changes.map((change) =>
              change.type === 'create' ? { ...change, inode: copied(change.inode) } : change,
            ),
      });
    }
    return disk;
  }

  /** Paths of all files. */
  files(): string[] {
    const paths: string[] = [];
    for (const [path, folder] of this.#folders) {
      for (const name of folder.current.keys()) paths.push(path === '.' ? name : `${path}/${name}`);
    }
    return paths.sort();
  }

  /** The disk for one life of a program: after a crash it fails in all calls. */
  boot(): FileSystem {
    const life = this.#life;
    const begin = (kind: string) => this.#begin(kind, life);
    return {
      open: async (path, mode) => {
        await begin('open');
        const { folder, name } = this.#split(path);
        let inode = folder.current.get(name);
        if (mode === 'existing' && inode === undefined) throw failure('ENOENT', path);
        if (mode === 'create' && inode !== undefined) throw failure('EEXIST', path);
        if (inode === undefined) {
          inode = { synced: new Uint8Array(0), current: new Uint8Array(0), changes: [] };
          changeName(folder, { type: 'create', name, inode });
        }
        return handleOf(inode, begin);
      },
      list: async (path) => {
        await begin('list');
        return [...this.#folder(path).current.keys(), ...this.#foldersIn(path)].reverse();
      },
      // Folders are durable at once: their loss with all they hold is the loss of the names in them.
      makeDirectory: async (path) => {
        await begin('makeDirectory');
        const parts = path.split('/');
        for (let length = 1; length <= parts.length; length++)
          this.#makeFolder(parts.slice(0, length).join('/'));
      },
      rename: async (from, to) => {
        await begin('rename');
        const source = this.#split(from);
        const target = this.#split(to);
        if (source.folder !== target.folder) throw failure('EXDEV', to);
        if (!source.folder.current.has(source.name)) throw failure('ENOENT', from);
        changeName(source.folder, { type: 'rename', from: source.name, to: target.name });
      },
      remove: async (path) => {
        await begin('remove');
        const { folder, name } = this.#split(path);
        if (folder.current.has(name)) changeName(folder, { type: 'remove', name });
      },
      syncDirectory: async (path) => {
        await begin('syncDirectory');
        const folder = this.#folder(path);
        folder.synced = new Map(folder.current);
        folder.changes = [];
      },
    };
  }

  async #begin(kind: string, life: number): Promise<void> {
    await undefined;
    if (life !== this.#life) throw new PowerLoss('this program ended when the power went');
    this.#operations++;
    if (this.#operations > this.#crashAt) throw new PowerLoss('the power is gone');
    this.calls.set(kind, (this.calls.get(kind) ?? 0) + 1);
    if (this.#failAt?.kind === kind && --this.#failAt.after <= 0) throw failure(this.#failAt.code, kind);
  }

  #tear(inode: Inode, random: Random): void {
    let bytes = inode.synced;
    for (const change of inode.changes) {
      if (change.type === 'truncate') {
        if (random.chance(0.5)) bytes = resized(bytes, change.length);
        continue;
      }
      bytes = this.#tornWrite(bytes, change, random);
    }
    inode.synced = bytes;
    inode.current = bytes.slice();
    inode.changes = [];
  }

  /** Nothing, all, a prefix to any byte, or any pages of a write. */
  #tornWrite(bytes: Uint8Array, change: Extract<Change, { type: 'write' }>, random: Random): Uint8Array {
    const how = random.integer(0, 4);
    if (how === 0) return bytes;
    if (how === 1) return written(bytes, change.position, change.bytes);
    if (how === 2) {
      return written(
        bytes,
        change.position,
        change.bytes.subarray(0, random.integer(0, change.bytes.length + 1)),
      );
    }
    let result = bytes;
    for (let start = 0; start < change.bytes.length; start += this.#pageBytes) {
      if (random.chance(0.5)) continue;
      result = written(
        result,
        change.position + start,
        change.bytes.subarray(start, start + this.#pageBytes),
      );
    }
    return result;
  }

  #makeFolder(path: string): void {
    if (this.#folders.has(path)) return;
    this.#folders.set(path, { synced: new Map(), current: new Map(), changes: [] });
  }

  #foldersIn(path: string): readonly string[] {
    const prefix = path === '.' ? '' : `${path}/`;
    return [...this.#folders.keys()]
      .filter((folder) => folder !== '.' && folder.startsWith(prefix))
      .map((folder) => folder.slice(prefix.length))
      .filter((name) => !name.includes('/'));
  }

  #folder(path: string): Folder {
    const folder = this.#folders.get(path);
    if (folder === undefined) throw failure('ENOENT', path);
    return folder;
  }

  #split(path: string): { readonly folder: Folder; readonly name: string } {
    const end = path.lastIndexOf('/');
    return { folder: this.#folder(end === -1 ? '.' : path.slice(0, end)), name: path.slice(end + 1) };
  }

  #inode(path: string): Inode {
    const { folder, name } = this.#split(path);
    const inode = folder.current.get(name);
    if (inode === undefined) throw failure('ENOENT', path);
    return inode;
  }
}

function changeName(folder: Folder, change: NameChange): void {
  folder.changes.push(change);
  applyName(folder.current, change);
}

function handleOf(inode: Inode, beginCall: (kind: string) => Promise<void>): FileHandle {
  let closed = false;
  const begin = async (kind: string) => {
    if (closed) throw failure('EBADF', 'a handle that was closed');
    await beginCall(kind);
  };
  return {
    write: async (parts, position) => {
      await begin('write');
      let offset = position;
      for (const part of parts) {
        inode.changes.push({ type: 'write', position: offset, bytes: part.slice() });
        inode.current = written(inode.current, offset, part);
        offset += part.length;
      }
    },
    read: async (position, length) => {
      await begin('read');
      return inode.current.slice(position, position + length);
    },
    size: async () => {
      await begin('size');
      return inode.current.length;
    },
    truncate: async (length) => {
      await begin('truncate');
      inode.changes.push({ type: 'truncate', length });
      inode.current = resized(inode.current, length);
    },
    dataSync: async () => {
      const changes = inode.changes.slice();
      try {
        await begin('dataSync');
      } catch (error) {
        // As on Linux: pages that could not be written are clean from now on. They can be read, and are not on disk.
        if (!(error instanceof PowerLoss)) inode.changes = [];
        throw error;
      }
      for (const change of changes) inode.synced = applyChange(inode.synced, change);
      inode.changes = inode.changes.slice(changes.length);
    },
    close: async () => {
      await begin('close');
      closed = true;
    },
  };
}
