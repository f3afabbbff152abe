/**
 * Errors of the storage. Corruption, an unknown format, a failed disk, a locked folder and a closed storage ask for
 * different acts, so they are different classes with different codes.
 */
import { SynodError } from '@synod/core';

const corruptAdvice =
  'This node may have lost votes or entries that others rely on, so it must not go on with what is left: ' +
  'put the undamaged file back, or remove this member from the cluster and add it again under a new id with an ' +
  'empty directory';

/** Where stored bytes are not what was written, and how that was seen. */
export interface Corruption {
  /** The file, relative to the root of the storage. */
  readonly file: string;
  /** Offset in the file at which the first wrong thing stands. */
  readonly offset: number;
  /** What should stand there. */
  readonly expected: string;
  /** What stands there. */
  readonly found: string;
}

/**
 * Data that was once durable is damaged or gone. Code `STORAGE_CORRUPT`. Nothing on disk was changed after it was
 * found. It is never confused with a torn tail, which is cut without an error.
 */
export class StorageCorruptError extends SynodError {
  /** The file, relative to the root of the storage. */
  readonly file: string;
  /** Offset in the file at which the first wrong thing stands. */
  readonly offset: number;
  /** What should stand there. */
  readonly expected: string;
  /** What stands there. */
  readonly found: string;

  /**
   * @param corruption - Where and how.
   * @param advice - What to do about it, as the last sentence of the message.
   */
  constructor(corruption: Corruption, advice: string = corruptAdvice) {
    const { file, offset, expected, found } = corruption;
    super({
      code: 'STORAGE_CORRUPT',
      message: `${file} is damaged at offset ${offset}: expected ${expected}, found ${found}. ${advice}.`,
    });
    this.file = file;
    this.offset = offset;
    this.expected = expected;
    this.found = found;
  }
}

/** A file was written in a format that this version does not know. Code `STORAGE_VERSION`. Nothing was changed. */
export class StorageVersionError extends SynodError {
  /** The file, relative to the root of the storage. */
  readonly file: string;
  /** Format version found in it. */
  readonly version: number;

  /**
   * @param file - The file.
   * @param version - Version found.
   * @param known - Version that this code reads and writes.
   */
  constructor(file: string, version: number, known: number) {
    super({
      code: 'STORAGE_VERSION',
      message: `${file} has format version ${version}, but this release knows ${known}: open it with the release that wrote it`,
    });
    this.file = file;
    this.version = version;
  }
}

/**
 * A write or sync failed. Code `STORAGE_FAILED`, effect unknown: nobody knows what the disk holds, so the storage
 * takes nothing more and the node must stop. Opening the storage again reads what is really there.
 */
export class StorageFailedError extends SynodError {
  /**
   * @param what - What was being done.
   * @param cause - The platform's error.
   */
  constructor(what: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super({
      code: 'STORAGE_FAILED',
      message: `${what} failed (${reason}): the storage stops here, since what the disk holds is unknown; restart the node once the disk is sound`,
      effect: 'unknown',
      cause,
    });
  }
}

/**
 * Whether the platform says that there is no room, on the disk or within a quota.
 *
 * @param error - Anything that a file system rejected with.
 */
export function isNoRoom(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

/** The storage was closed before the call. Code `STORAGE_CLOSED`. */
export class StorageClosedError extends SynodError {
  /** @param what - What was asked for. */
  constructor(what: string) {
    super({
      code: 'STORAGE_CLOSED',
      message: `${what} was asked of a storage that is closed: open it again`,
    });
  }
}

/** Another process has the directory open. Code `STORAGE_LOCKED`; worth trying again when that process ends. */
export class StorageLockedError extends SynodError {
  /** @param message - Who holds it and what to do. */
  constructor(message: string) {
    super({ code: 'STORAGE_LOCKED', message, retryable: true });
  }
}

/**
 * A snapshot could not be stored. Code `SNAPSHOT_FAILED`. The log and the snapshot before it are as they were, and
 * the snapshot may be tried again.
 */
export class SnapshotFailedError extends SynodError {
  /**
   * @param what - What was being done.
   * @param cause - The platform's error.
   */
  constructor(what: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super({
      code: 'SNAPSHOT_FAILED',
      message: `${what} failed (${reason}): the snapshot is not stored, the one before it stays`,
      retryable: true,
      cause,
    });
  }
}

/**
 * The storage gave up acknowledged data on purpose, so no node may run on it. Code `STORAGE_RETIRED`. Nothing was
 * changed.
 */
export class StorageRetiredError extends SynodError {
  /** @param reason - What was given up. */
  constructor(reason: string) {
    super({
      code: 'STORAGE_RETIRED',
      message: `acknowledged data was given up in this storage (${reason}), and with it perhaps votes and promises: it can be read, but no node may run on it. Add a new member under a new id with an empty directory, or restore a backup`,
    });
  }
}
