/** Reading a snapshot as it comes, in pieces of any size, into a state of its own; nothing is trusted. */
import { ByteReader, compareBytes, DecodeError } from '@synod/core';
import { readAnswer, readKeyValue } from './answer-codec.js';
import type { KeyValue } from './key-value.js';
import { firstRevision, KeyValueStore } from './key-value-store.js';
import { type KvLimits, LimitsDifferError, limitNumbers } from './limits.js';
import { SessionTable } from './session-table.js';
import { recordKinds, StateDigestBuilder, snapshotFormat, snapshotName } from './snapshot-format.js';

// No record is larger: the greatest value and key that limits can allow, or an answer, and their numbers.
const recordBytesMax = 1024 * 1024 * 1024 + 2 * 1024 * 1024;

/** What a snapshot held. */
export interface RestoredState {
  readonly store: KeyValueStore;
  readonly sessions: SessionTable;
}

/** Takes a snapshot's bytes. After the first error every further call fails. */
export class SnapshotReader {
  readonly #limits: KvLimits;
  readonly #store: KeyValueStore;
  readonly #sessions: SessionTable;
  readonly #digest = new StateDigestBuilder();
  #pending = new Uint8Array(0);
  #begin = 0;
  #end = 0;
  #sessionsLeft = 0;
  #keysLeft = 0;
  #lastKey: Uint8Array | undefined;
  #otherLimits: readonly number[] | undefined;
  #stage: 'name' | 'header' | 'body' | 'end' | 'failed' = 'name';

  constructor(limits: KvLimits, recordsChanges: boolean) {
    this.#limits = limits;
    this.#store = new KeyValueStore(limits, recordsChanges);
    this.#sessions = new SessionTable(limits.sessionsMax);
  }

  /** Takes the next bytes; they are not kept. */
  write(chunk: Uint8Array): void {
    if (this.#stage === 'failed') throw new DecodeError('the snapshot was found damaged before');
    this.#append(chunk);
    try {
      for (let record = this.#next(); record !== undefined; record = this.#next()) this.#take(record);
    } catch (error) {
      this.#stage = 'failed';
      throw error;
    }
  }

  /** The state, once all bytes were taken. */
  finish(): RestoredState {
    if (this.#stage === 'failed') throw new DecodeError('the snapshot was found damaged before');
    if (this.#stage !== 'end') throw new DecodeError('the snapshot is cut off: its last record is missing');
    if (this.#otherLimits !== undefined)
      throw new LimitsDifferError(limitNumbers(this.#limits), this.#otherLimits);
    return { store: this.#store, sessions: this.#sessions };
  }

  #append(chunk: Uint8Array): void {
    const held = this.#end - this.#begin;
    if (this.#end + chunk.length > this.#pending.length) {
      const needed = held + chunk.length;
      // Grows with what came, never by what a length field says.
      const room = needed > this.#pending.length ? new Uint8Array(needed * 2) : this.#pending;
      room.set(this.#pending.subarray(this.#begin, this.#end));
      this.#pending = room;
      this.#begin = 0;
      this.#end = held;
    }
    this.#pending.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  // The next whole record without its length, as a view that is valid until the next write.
  #next(): Uint8Array | undefined {
    const held = this.#end - this.#begin;
    if (this.#stage === 'end') {
      if (held > 0) throw new DecodeError(`${held} bytes follow the end of the snapshot`);
      return undefined;
    }
    if (this.#stage === 'name') return this.#advance(held, 0, snapshotName.length + 1);
    if (held < 4) return undefined;
    const length = new ByteReader(this.#pending.subarray(this.#begin, this.#begin + 4)).u32();
    if (length > recordBytesMax)
      throw new DecodeError(`a record has ${length} bytes: at most ${recordBytesMax} are allowed`);
    return this.#advance(held, 4, length);
  }

  #advance(held: number, skipped: number, length: number): Uint8Array | undefined {
    if (held < skipped + length) return undefined;
    const start = this.#begin + skipped;
    this.#begin = start + length;
    return this.#pending.subarray(start, this.#begin);
  }

  #take(record: Uint8Array): void {
    const reader = new ByteReader(record);
    if (this.#stage === 'name') this.#takeName(reader);
    else if (this.#stage === 'header') this.#takeHeader(reader);
    else if (this.#sessionsLeft > 0) this.#takeSession(reader);
    else if (this.#keysLeft > 0) this.#takeKey(reader);
    else this.#takeEnd(reader);
    reader.end();
  }

  #takeName(reader: ByteReader): void {
    if (compareBytes(reader.raw(snapshotName.length), snapshotName) !== 0) {
      throw new DecodeError('the bytes are no snapshot of a key-value store');
    }
    const format = reader.u8();
    if (format !== snapshotFormat)
      throw new DecodeError(`snapshot format ${format} is unknown: ${snapshotFormat} is known`);
    this.#stage = 'header';
  }

  #takeHeader(reader: ByteReader): void {
    expectKind(reader, recordKinds.header);
    const limits = this.#takeLimits(reader);
    const revision = reader.varint();
    this.#sessionsLeft = reader.varint();
    this.#keysLeft = reader.varint();
    if (revision < firstRevision) throw new DecodeError(`revision ${revision} is below ${firstRevision}`);
    this.#store.restoreRevision(revision);
    this.#digest.header(limits, revision, this.#sessionsLeft, this.#keysLeft);
    this.#stage = 'body';
  }

  #takeLimits(reader: ByteReader): readonly number[] {
    const own = limitNumbers(this.#limits);
    const theirs: number[] = [];
    for (let left = reader.count(own.length, 'limits'); left > 0; left--) theirs.push(reader.varint());
    if (theirs.length !== own.length)
      throw new DecodeError(`${theirs.length} limits stand where ${own.length} are expected`);
    // Reported only if the rest of the snapshot proves to be whole: till then it may be damage.
    if (theirs.some((limit, place) => limit !== own[place])) this.#otherLimits = theirs;
    return theirs;
  }

  #takeSession(reader: ByteReader): void {
    expectKind(reader, recordKinds.session);
    const session = {
      id: reader.varint(),
      sequence: reader.varint(),
      answer: readAnswer(reader, this.#limits),
    };
    if (session.id === 0 || this.#sessions.get(session.id) !== undefined) {
      throw new DecodeError(`session ${session.id} is 0 or comes twice`);
    }
    if ((session.sequence === 0) !== (session.answer === undefined)) {
      throw new DecodeError(
        `session ${session.id} has an answer without a command, or a command without an answer`,
      );
    }
    this.#sessions.set(session);
    this.#digest.session(session);
    this.#sessionsLeft--;
  }

  #takeKey(reader: ByteReader): void {
    expectKind(reader, recordKinds.key);
    const kv = readKeyValue(reader);
    this.#checkKey(kv);
    this.#store.restoreKey(kv);
    this.#digest.key(kv);
    this.#lastKey = kv.key;
    this.#keysLeft--;
  }

  #checkKey(kv: KeyValue): void {
    const inOrder =
      kv.key.length > 0 && (this.#lastKey === undefined || compareBytes(this.#lastKey, kv.key) < 0);
    if (!inOrder) throw new DecodeError('the keys of the snapshot do not ascend');
    const { createRevision, modRevision, version } = kv;
    const possible = createRevision > firstRevision && createRevision <= modRevision && version > 0;
    if (!possible || modRevision > this.#store.revision) {
      throw new DecodeError('a key has revisions that cannot be');
    }
  }

  #takeEnd(reader: ByteReader): void {
    expectKind(reader, recordKinds.end);
    const stored = reader.string();
    const actual = this.#digest.digest();
    if (stored !== actual)
      throw new DecodeError(`the snapshot's digest is ${stored} but its state has ${actual}`);
    this.#stage = 'end';
  }
}

function expectKind(reader: ByteReader, kind: number): void {
  const actual = reader.u8();
  if (actual !== kind) throw new DecodeError(`record kind ${actual} stands where ${kind} is expected`);
}
