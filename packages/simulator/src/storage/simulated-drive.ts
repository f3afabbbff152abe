/**
 * A drive in memory that forgets like a real one, for storage code that runs over the contract `FileSystem`. It
 * outlives the programs that use it: a program boots it and sees a file system; when the program ends or the power
 * goes, whatever it still tries has no effect, and the next one boots what is left.
 */
import { type FileSystem, InvalidArgumentError, Random } from '@synod/core';
import { DriveContents, driveError } from './drive-contents.js';
import type { DriveFile } from './drive-file.js';
import {
  type DriveAccess,
  type DriveOperation,
  PowerLoss,
  SimulatedFileSystem,
} from './simulated-file-system.js';

/** What a drive is like. */
export interface DriveOptions {
  /** Decides what a crash leaves. Default seed 0. */
  readonly random?: Random;
  /** Bytes that are written as one, if the power goes in between: from 1. Default 512. */
  readonly blockBytes?: number;
  /**
   * Decides when an operation is done: calls `done` at some later moment, or never. Default as soon as promises are
   * settled.
   *
   * @param operation - What was asked.
   * @param done - Ends it.
   */
  readonly pace?: (operation: DriveOperation, done: () => void) => void;
}

/**
 * A simulated drive.
 *
 * @remarks A write that no sync has made durable is, after a crash, there or not, or there in part: a beginning of it,
 * or any of its blocks. Names that no sync of their folder has made durable are forgotten from the newest change
 * backwards.
 *
 * @example What was not synced may be gone after a crash.
 * ```ts
 * const drive = new SimulatedDrive({ random: new Random(1) });
 * const file = await drive.boot().open('log', 'create');
 * await file.write([Uint8Array.of(1, 2, 3)], 0);
 * drive.crash();
 * console.log(await drive.boot().list('.')); // with this seed, the name or nothing
 * ```
 */
export class SimulatedDrive {
  /** Calls of each kind so far, in all lives. */
  readonly calls = new Map<DriveOperation, number>();
  readonly #random: Random;
  readonly #blockBytes: number;
  readonly #pace: (operation: DriveOperation, done: () => void) => void;
  #contents = new DriveContents();
  #life = 0;
  #operations = 0;
  /** Greatest length of all files together. */
  #bytesMax = Number.POSITIVE_INFINITY;
  #crashAt = Number.POSITIVE_INFINITY;
  #failure: { readonly operation: DriveOperation; after: number; readonly code: string } | undefined;

  /**
   * @param options - What it is like.
   * @throws InvalidArgumentError when a block has no bytes.
   */
  constructor(options: DriveOptions = {}) {
    const { random = new Random(0), blockBytes = 512, pace = atOnce } = options;
    if (!Number.isSafeInteger(blockBytes) || blockBytes < 1)
      throw new InvalidArgumentError(`blockBytes is ${blockBytes}: it must be an integer from 1`);
    this.#random = random;
    this.#blockBytes = blockBytes;
    this.#pace = pace;
  }

  /** Operations that were begun so far, in all lives. */
  get operations(): number {
    return this.#operations;
  }

  /** The file system for one program: of no more use after {@link SimulatedDrive.kill} or {@link SimulatedDrive.crash}. */
  boot(): FileSystem {
    return new SimulatedFileSystem(this.#access());
  }

  /** Ends the program, but not the machine: what was written is still there, and still not durable. */
  kill(): void {
    this.#life++;
    this.#crashAt = Number.POSITIVE_INFINITY;
  }

  /**
   * Takes the power away and decides what is left.
   *
   * @param random - Decides it, in place of the drive's own.
   * @returns Whether a write was kept in part.
   */
  crash(random = this.#random): boolean {
    this.kill();
    const files = new Set<DriveFile>();
    for (const folder of this.#contents.folders) {
      folder.crash(random);
      for (const file of folder.durable.values()) files.add(file);
    }
    let torn = false;
    for (const file of files) if (file.crash(random, this.#blockBytes)) torn = true;
    return torn;
  }

  /**
   * Lets every operation after some more fail, as if the power had gone. {@link SimulatedDrive.crash} then decides what
   * is left.
   *
   * @param operations - How many more are begun; the last one has no effect. `Infinity` takes it back.
   */
  crashAfter(operations: number): void {
    this.#crashAt = this.#operations + operations;
  }

  /**
   * Lets a kind of operation fail from its n-th next time on. A write that finds no room (`ENOSPC`) may be there in
   * part; what a failed sync leaves is unknown.
   *
   * @param operation - Which kind.
   * @param nth - From which time on: from 1.
   * @param code - Code of the platform's error.
   */
  failFrom(operation: DriveOperation, nth: number, code: string): void {
    this.#failure = { operation, after: nth, code };
  }

  /**
   * Lets files grow by so many bytes and no more, all together: a write beyond that finds no room (`ENOSPC`), and may be
   * there in part. What is removed or cut makes room.
   *
   * @param bytes - How many from now on. `Infinity` takes it back.
   */
  leaveRoom(bytes: number): void {
    this.#bytesMax = this.#bytesUsed() + bytes;
  }

  /** Mends what {@link SimulatedDrive.failFrom} broke. */
  mend(): void {
    this.#failure = undefined;
  }

  /**
   * Flips one bit that was durable (latent bit rot). What the last of a file's syncs wrote is spared, unless it was the
   * only one: at the end of a log nobody can tell damage from a write that a crash cut short.
   *
   * @returns Where, or `undefined` when nothing is old enough.
   */
  rot(): { readonly path: string; readonly offset: number } | undefined {
    const random = this.#random;
    const files = this.#contents.paths((folder) => folder.durable.keys());
    while (files.length > 0) {
      const [path = ''] = files.splice(random.integer(0, files.length), 1);
      const { folder, name } = this.#contents.locate(path);
      const offset = folder.durable.get(name)?.rot(random);
      if (offset !== undefined) return { path, offset };
    }
    return undefined;
  }

  /** Paths of all files, as programs see them, in order. */
  files(): readonly string[] {
    return this.#contents.paths((folder) => folder.names);
  }

  /**
   * The bytes of a file, as programs see them.
   *
   * @param path - Which.
   * @throws Error with code `ENOENT` when there is none.
   */
  bytesOf(path: string): Uint8Array {
    const file = this.#contents.file(path);
    return file.read(0, file.length);
  }

  /**
   * Replaces a file's bytes, durably, behind the program's back.
   *
   * @param path - Which.
   * @param bytes - What shall stand there.
   */
  damage(path: string, bytes: Uint8Array): void {
    this.#contents.file(path).replace(bytes);
  }

  /**
   * Removes a file, durably, behind the program's back.
   *
   * @param path - Which.
   */
  lose(path: string): void {
    const { folder, name } = this.#contents.locate(path);
    folder.lose(name);
  }

  /** Another drive with the same files, all of them durable. */
  copy(): SimulatedDrive {
    const drive = this.copyAsIs();
    for (const folder of drive.#contents.folders) {
      folder.sync(folder.changed);
      for (const file of folder.durable.values()) file.sync(file.changed);
    }
    return drive;
  }

  /** Another drive in the same state: what is not durable here is not durable there. */
  copyAsIs(): SimulatedDrive {
    const drive = new SimulatedDrive({ random: this.#random.clone(), blockBytes: this.#blockBytes });
    drive.#contents = this.#contents.copy();
    return drive;
  }

  #access(): DriveAccess {
    const life = this.#life;
    const ended = () => (life === this.#life ? undefined : new PowerLoss('this program has ended'));
    return {
      contents: this.#contents,
      random: this.#random,
      blockBytes: this.#blockBytes,
      room: () =>
        this.#bytesMax === Number.POSITIVE_INFINITY ? this.#bytesMax : this.#bytesMax - this.#bytesUsed(),
      begin: (operation) => ended() ?? this.#begin(operation),
      end: (operation, done) => this.#pace(operation, () => done(ended())),
    };
  }

  #bytesUsed(): number {
    let bytes = 0;
    for (const folder of this.#contents.folders) {
      for (const name of folder.names) bytes += folder.find(name)?.length ?? 0;
    }
    return bytes;
  }

  #begin(operation: DriveOperation): Error | undefined {
    this.#operations++;
    if (this.#operations > this.#crashAt) return new PowerLoss('the power is gone');
    this.calls.set(operation, (this.calls.get(operation) ?? 0) + 1);
    const failure = this.#failure;
    if (failure?.operation !== operation || --failure.after > 0) return undefined;
    return driveError(failure.code, operation);
  }
}

function atOnce(_operation: DriveOperation, done: () => void): void {
  void Promise.resolve().then(done);
}
