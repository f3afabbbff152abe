/** Writes one snapshot aside, chunk by chunk, and gives it its name when it is durable. */
import {
  ByteWriter,
  type FileHandle,
  type FileSystem,
  InvalidArgumentError,
  type SnapshotWriter,
} from '@synod/core';
import { beginFrame, endFrame } from '@synod/integrity';
import { isNoRoom, SnapshotFailedError } from './errors.js';
import { directoryOf } from './replace-file.js';
import {
  chunkMark,
  chunkOverheadBytes,
  chunkSalt,
  encodeSnapshotHeader,
  type SnapshotHeader,
  trailerSalt,
  writeTrailer,
} from './snapshot-format.js';

/** What a writer is made from. */
export interface SnapshotFileWriterInit {
  /** Where the file is. */
  readonly fileSystem: FileSystem;
  /** The empty file. */
  readonly file: FileHandle;
  /** Its path while it is written. */
  readonly aside: string;
  /** Its path when it is whole. */
  readonly path: string;
  /** What it says of itself. */
  readonly header: SnapshotHeader;
  /** Makes room on a full disk; answers whether it could. */
  readonly findRoom: () => Promise<boolean>;
  /** Runs the last steps of snapshots of one group one after the other, so that an older one never follows a newer. */
  readonly inTurn: (lastSteps: () => Promise<void>) => Promise<void>;
  /** Called before the file gets its name; `false` when a newer one has come meanwhile and this one shall go. */
  readonly isWanted: () => boolean;
  /** Called when the snapshot is durable under its name. */
  readonly onStored: (fileBytes: number) => Promise<void>;
  /** Called when the file was let go, in any case. */
  readonly onClosed: () => void;
}

/** Takes a snapshot's bytes and stores them. */
export class SnapshotFileWriter implements SnapshotWriter {
  readonly #init: SnapshotFileWriterInit;
  readonly #headerBytes: Uint8Array;
  readonly #chunk: ByteWriter;
  #position = 0;
  #bytesTotal = 0;
  #chunks = 0;
  #inChunk = 0;
  #state: 'open' | 'busy' | 'closed' = 'open';

  /** @param init - File, header and what to tell. */
  constructor(init: SnapshotFileWriterInit) {
    this.#init = init;
    this.#headerBytes = encodeSnapshotHeader(init.header);
    this.#chunk = new ByteWriter(init.header.chunkBytes + chunkOverheadBytes);
    this.#beginChunk();
  }

  /** See {@link SnapshotWriter.write}. */
  write(chunk: Uint8Array): Promise<void> {
    return this.#exclusively('writing a snapshot', async () => {
      let taken = 0;
      while (taken < chunk.length) {
        const part = chunk.subarray(taken, taken + this.#init.header.chunkBytes - this.#inChunk);
        this.#chunk.raw(part);
        this.#inChunk += part.length;
        taken += part.length;
        if (this.#inChunk === this.#init.header.chunkBytes) await this.#endChunk();
      }
    });
  }

  /** See {@link SnapshotWriter.commit}. */
  async commit(): Promise<void> {
    const { file, inTurn } = this.#init;
    await this.#exclusively('completing a snapshot', async () => {
      if (this.#inChunk > 0) await this.#endChunk();
      this.#chunk.clear();
      beginFrame(this.#chunk);
      writeTrailer(this.#chunk, this.#bytesTotal);
      endFrame(this.#chunk, 0, trailerSalt(this.#headerBytes));
      await this.#put(this.#chunk.view());
      await file.dataSync();
      await inTurn(() => this.#name());
    });
    if (this.#state === 'closed') this.#init.onClosed();
    else await this.abort();
  }

  /** See {@link SnapshotWriter.abort}. */
  async abort(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    const { fileSystem, file, aside, onClosed } = this.#init;
    onClosed();
    await quietly(file.close());
    // What stays behind is removed when the storage is opened again.
    await quietly(fileSystem.remove(aside));
  }

  async #name(): Promise<void> {
    const { fileSystem, file, aside, path, isWanted, onStored } = this.#init;
    if (!isWanted()) return;
    await file.close();
    await fileSystem.rename(aside, path);
    await fileSystem.syncDirectory(directoryOf(path));
    this.#state = 'closed';
    await onStored(this.#position);
  }

  async #exclusively(what: string, work: () => Promise<void>): Promise<void> {
    if (this.#state === 'closed')
      throw new InvalidArgumentError(`${what}: this snapshot was committed or aborted already`);
    if (this.#state === 'busy')
      throw new InvalidArgumentError(`${what}: wait for the call before, it is not done`);
    this.#state = 'busy';
    try {
      await work();
    } catch (error) {
      this.#state = 'open';
      await this.abort();
      throw new SnapshotFailedError(`${what} to ${this.#init.path}`, error);
    }
    if (this.#state === 'busy') this.#state = 'open';
  }

  #beginChunk(): void {
    this.#inChunk = 0;
    this.#chunk.clear();
    beginFrame(this.#chunk);
    this.#chunk.u8(chunkMark);
  }

  async #endChunk(): Promise<void> {
    endFrame(this.#chunk, 0, chunkSalt(this.#headerBytes, this.#chunks));
    await this.#put(this.#chunk.view());
    this.#bytesTotal += this.#inChunk;
    this.#chunks++;
    this.#beginChunk();
  }

  async #write(parts: readonly Uint8Array[]): Promise<void> {
    try {
      await this.#init.file.write(parts, this.#position);
    } catch (error) {
      // The snapshot is what lets the log shrink, so the reserve is for it too.
      if (!isNoRoom(error) || !(await this.#init.findRoom())) throw error;
      await this.#init.file.write(parts, this.#position);
    }
  }

  async #put(bytes: Uint8Array): Promise<void> {
    const parts = this.#position === 0 ? [this.#headerBytes, bytes] : [bytes];
    await this.#write(parts);
    for (const part of parts) this.#position += part.length;
  }
}

async function quietly(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch {
    // The snapshot is given up; a file that cannot be closed or removed changes nothing about that.
  }
}
