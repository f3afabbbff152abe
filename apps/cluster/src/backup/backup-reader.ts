/** Checks a backup as it comes, in pieces of any size, and gives out only what is whole. Nothing is trusted. */
import { isSynodError } from '@synod/core';
import { crc32c, type FrameDamage, openFrame } from '@synod/integrity';
import {
  BackupDamagedError,
  type BackupHeader,
  type BackupTrailer,
  backupFrameBytesMax,
  backupSalt,
  chunkMark,
  decodeBackupHeader,
  decodeBackupTrailer,
  trailerMark,
} from './backup-format.js';

/** Hears what a backup holds. */
export interface BackupListener {
  /**
   * Hears the header.
   *
   * @param header - What the backup says of itself.
   */
  header?(header: BackupHeader): void;
  /**
   * Takes the next bytes of the store's snapshot.
   *
   * @param bytes - A view that is valid for the length of the call.
   */
  chunk?(bytes: Uint8Array): void;
  /** Called between two reads of a file, which wait for what it gives. */
  pause?(): Promise<void>;
}

/** What a whole backup said. */
export interface BackupSummary {
  /** What it says of itself. */
  readonly header: BackupHeader;
  /** What its end says of it. */
  readonly trailer: BackupTrailer;
  /** Its length in bytes. */
  readonly fileBytes: number;
}

const damageInWords: Readonly<Record<FrameDamage, string>> = {
  magic: 'no frame begins there',
  header: 'the header of a frame does not match its checksum, or the frame belongs elsewhere',
  version: 'the frame is of an unknown version',
  checksum: 'the frame names a checksum that backups do not use',
  tooLarge: 'the frame is longer than any of a backup',
  payload: 'a frame does not match its checksum',
};

/** Takes a backup's bytes in order. After the first error every further call fails. */
export class BackupReader {
  readonly #listener: BackupListener;
  #pending: Uint8Array = new Uint8Array(0);
  #offset = 0;
  #headerFrame: Uint8Array | undefined;
  #header: BackupHeader | undefined;
  #trailer: BackupTrailer | undefined;
  #chunks = 0;
  #bytes = 0;
  #checksum = 0;
  #failure: Error | undefined;

  /** @param listener - Hears what is whole. */
  constructor(listener: BackupListener = {}) {
    this.#listener = listener;
  }

  /**
   * Takes the next bytes; they are not kept.
   *
   * @param bytes - Any number of them.
   * @throws {@link BackupDamagedError} when they are not what can stand there.
   */
  write(bytes: Uint8Array): void {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      this.#pending = this.#pending.length === 0 ? bytes : joined(this.#pending, bytes);
      while (this.#takeFrame());
      // What is left is the begin of a frame. Copied, since the caller may use its buffer again; `slice` of one of
      // Node's buffers would not copy.
      this.#pending = new Uint8Array(this.#pending);
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      throw error;
    }
  }

  /**
   * Says that all bytes were written.
   *
   * @throws {@link BackupDamagedError} when the backup is cut off.
   */
  finish(): BackupSummary {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#header === undefined || this.#trailer === undefined)
      throw new BackupDamagedError(this.#offset, `it is cut off after ${this.#fileBytes} bytes`);
    return { header: this.#header, trailer: this.#trailer, fileBytes: this.#offset };
  }

  get #fileBytes(): number {
    return this.#offset + this.#pending.length;
  }

  #takeFrame(): boolean {
    if (this.#pending.length === 0) return false;
    if (this.#trailer !== undefined)
      throw new BackupDamagedError(this.#offset, 'bytes follow the end of the backup');
    const opened = this.#openFrame();
    if (opened.type === 'incomplete') return false;
    if (opened.type === 'damaged') throw new BackupDamagedError(this.#offset, damageInWords[opened.reason]);
    try {
      this.#take(opened.payload, opened.end);
    } catch (error) {
      if (!isSynodError(error) || error.code !== 'DECODE_FAILED') throw error;
      throw new BackupDamagedError(this.#offset, error.message);
    }
    this.#pending = this.#pending.subarray(opened.end);
    this.#offset += opened.end;
    return true;
  }

  /** A frame is a chunk or the trailer: each has a salt of its own. */
  #openFrame(): ReturnType<typeof openFrame> {
    const frameBytesMax = backupFrameBytesMax;
    const header = this.#headerFrame;
    if (header === undefined) return openFrame(this.#pending, 0, { frameBytesMax });
    const asChunk = { frameBytesMax, salt: backupSalt(header, this.#chunks, chunkMark) };
    const opened = openFrame(this.#pending, 0, asChunk);
    if (opened.type !== 'damaged' || opened.reason !== 'header') return opened;
    const asTrailer = { frameBytesMax, salt: backupSalt(header, this.#chunks, trailerMark) };
    return openFrame(this.#pending, 0, asTrailer);
  }

  #take(payload: Uint8Array, frameBytes: number): void {
    if (this.#headerFrame === undefined) {
      this.#header = decodeBackupHeader(payload);
      this.#headerFrame = new Uint8Array(this.#pending.subarray(0, frameBytes));
      this.#listener.header?.(this.#header);
    } else if (payload[0] === chunkMark) this.#takeChunk(payload.subarray(1));
    else this.#takeTrailer(payload);
  }

  #takeChunk(chunk: Uint8Array): void {
    this.#chunks++;
    this.#bytes += chunk.length;
    this.#checksum = crc32c(chunk, this.#checksum);
    this.#listener.chunk?.(chunk);
  }

  #takeTrailer(payload: Uint8Array): void {
    const trailer = decodeBackupTrailer(payload);
    const { chunks, bytes, checksum } = trailer;
    if (chunks !== this.#chunks || bytes !== this.#bytes || checksum !== this.#checksum)
      throw new BackupDamagedError(
        this.#offset,
        `${this.#chunks} chunks with ${this.#bytes} bytes and checksum ${this.#checksum} came before it, but the end says ${chunks}, ${bytes} and ${checksum}`,
      );
    this.#trailer = trailer;
  }
}

function joined(before: Uint8Array, after: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(before.length + after.length);
  bytes.set(before);
  bytes.set(after, before.length);
  return bytes;
}
