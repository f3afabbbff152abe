/**
 * The snapshot format, version 1: eight bytes of name, one byte of version, then records. A record has its length in
 * front (32 bits, itself not counted) and begins with its kind. First comes the header, then each session, least
 * recently used first, then each key in ascending order, then the end with the digest of the state. The numbers are
 * on disk: append, never change.
 */
import { ByteWriter, encodeUtf8, type Fingerprint } from '@synod/core';
import { writeAnswer, writeKeyValue } from './answer-codec.js';
import type { KeyValue } from './key-value.js';
import { type KvLimits, limitNumbers } from './limits.js';
import type { Session } from './session-table.js';
import { StateDigest } from './state-digest.js';

/** The whole state at one moment. */
export interface State {
  readonly limits: KvLimits;
  readonly revision: number;
  /** Least recently used first. */
  readonly sessions: readonly Session[];
  readonly keyCount: number;
  /** In ascending order of keys. */
  readonly keys: Iterable<KeyValue>;
}

/** First bytes of every snapshot. */
export const snapshotName = encodeUtf8('synod-kv');

/** The byte after the name. */
export const snapshotFormat = 1;

/** First byte of every record. */
export const recordKinds = { header: 1, session: 2, key: 3, end: 4 } as const;

// Largest piece that a snapshot is given out in.
const chunkBytesMax = 64 * 1024;

/** Folds a state's parts into its digest, in the order of a snapshot's records. */
export class StateDigestBuilder {
  readonly #digest = new StateDigest();
  readonly #writer = new ByteWriter();

  header(limits: readonly number[], revision: number, sessionCount: number, keyCount: number): void {
    for (const limit of limits) this.#digest.number(limit);
    this.#digest.number(revision);
    this.#digest.number(sessionCount);
    this.#digest.number(keyCount);
  }

  session(session: Session): void {
    this.#digest.number(session.id);
    this.#digest.number(session.sequence);
    this.#writer.clear();
    writeAnswer(this.#writer, session.answer);
    this.#digest.bytes(this.#writer.view());
  }

  key(kv: KeyValue): void {
    this.#digest.bytes(kv.key);
    this.#digest.bytes(kv.value);
    this.#digest.number(kv.createRevision);
    this.#digest.number(kv.modRevision);
    this.#digest.number(kv.version);
    this.#digest.number(kv.lease);
  }

  digest(): Fingerprint {
    return this.#digest.digest();
  }
}

/** The digest of a state: equal for equal states, on any node. Reads all of it. */
export function digestOf(state: State): Fingerprint {
  const builder = new StateDigestBuilder();
  builder.header(limitNumbers(state.limits), state.revision, state.sessions.length, state.keyCount);
  for (const session of state.sessions) builder.session(session);
  for (const kv of state.keys) builder.key(kv);
  return builder.digest();
}

/** A state as a snapshot, in pieces of 64 KiB and a last smaller one, each of them the reader's own. */
export function* snapshotOf(state: State): Generator<Uint8Array> {
  const writer = new ByteWriter(chunkBytesMax * 2);
  for (const _ of recordsOf(state, writer)) {
    if (writer.length >= chunkBytesMax) yield* wholeChunks(writer);
  }
  if (writer.length > 0) yield writer.copy();
}

// Leaves what does not fill a chunk to the next time.
function* wholeChunks(writer: ByteWriter): Generator<Uint8Array> {
  const written = writer.copy();
  let start = 0;
  for (; start + chunkBytesMax <= written.length; start += chunkBytesMax) {
    yield written.subarray(start, start + chunkBytesMax);
  }
  writer.clear();
  writer.raw(written.subarray(start));
}

// Appends one record after the other and stops after each, so that the writer can be emptied.
function* recordsOf(state: State, writer: ByteWriter): Generator<void> {
  const digest = new StateDigestBuilder();
  writer.raw(snapshotName);
  writer.u8(snapshotFormat);

  let start = begin(writer, recordKinds.header);
  const limits = limitNumbers(state.limits);
  writer.varint(limits.length);
  for (const limit of limits) writer.varint(limit);
  writer.varint(state.revision);
  writer.varint(state.sessions.length);
  writer.varint(state.keyCount);
  digest.header(limits, state.revision, state.sessions.length, state.keyCount);
  finish(writer, start);
  yield;

  for (const session of state.sessions) {
    start = begin(writer, recordKinds.session);
    writer.varint(session.id);
    writer.varint(session.sequence);
    writeAnswer(writer, session.answer);
    digest.session(session);
    finish(writer, start);
    yield;
  }
  for (const kv of state.keys) {
    start = begin(writer, recordKinds.key);
    writeKeyValue(writer, kv);
    digest.key(kv);
    finish(writer, start);
    yield;
  }
  start = begin(writer, recordKinds.end);
  writer.string(digest.digest());
  finish(writer, start);
  yield;
}

function begin(writer: ByteWriter, kind: number): number {
  const start = writer.length;
  writer.u32(0);
  writer.u8(kind);
  return start;
}

function finish(writer: ByteWriter, start: number): void {
  writer.patchU32(start, writer.length - start - 4);
}
