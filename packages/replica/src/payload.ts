/**
 * What travels between two replicas of a group: a byte that says which kind, then engine messages one after the other,
 * or a step of carrying a snapshot.
 */
import { type ByteReader, type ByteWriter, DecodeError } from '@synod/core';

/** First byte of every payload. */
export const payloadKinds = {
  /** Engine messages, to the end. */
  messages: 1,
  /** Offers a snapshot: {@link SnapshotBegin}, then the engine message that goes with it. */
  snapshotBegin: 2,
  /** A piece of it: {@link SnapshotChunk}. */
  snapshotChunk: 3,
  /** How far it has come: {@link SnapshotProgress}. */
  snapshotProgress: 4,
} as const;

/** Starts a transfer. */
export interface SnapshotBegin {
  /** Number of the transfer, unique for its sender. */
  readonly transfer: number;
  /** Length of the whole. */
  readonly bytesTotal: number;
}

/** A piece of a snapshot. */
export interface SnapshotChunk {
  /** Number of the transfer. */
  readonly transfer: number;
  /** Where it belongs. */
  readonly offset: number;
  /** The bytes: a view. */
  readonly bytes: Uint8Array;
}

/** What became of a transfer at its receiver. */
export type SnapshotOutcome =
  /** It goes on. */
  | 'receiving'
  /** The whole snapshot is durable there. */
  | 'complete'
  /** The receiver does not want it, or lost track of it. */
  | 'refused';

/** Tells the sender how far a transfer has come. */
export interface SnapshotProgress {
  /** Number of the transfer. */
  readonly transfer: number;
  /** Bytes written there, from the start. */
  readonly offset: number;
  /** What became of it. */
  readonly outcome: SnapshotOutcome;
}

const outcomes: readonly SnapshotOutcome[] = ['receiving', 'complete', 'refused'];

/** Starts a payload of a snapshot's offer; the engine message follows. */
export function writeSnapshotBegin(writer: ByteWriter, { transfer, bytesTotal }: SnapshotBegin): void {
  writer.u8(payloadKinds.snapshotBegin);
  writer.varint(transfer);
  writer.varint(bytesTotal);
}

/** Reads what follows the kind of a snapshot's offer, up to the engine message. */
export function readSnapshotBegin(reader: ByteReader): SnapshotBegin {
  return { transfer: reader.varint(), bytesTotal: reader.varint() };
}

/** Writes a whole payload that carries a piece of a snapshot. */
export function writeSnapshotChunk(writer: ByteWriter, { transfer, offset, bytes }: SnapshotChunk): void {
  writer.u8(payloadKinds.snapshotChunk);
  writer.varint(transfer);
  writer.varint(offset);
  writer.raw(bytes);
}

/** Reads what follows the kind of a piece. */
export function readSnapshotChunk(reader: ByteReader): SnapshotChunk {
  const transfer = reader.varint();
  const offset = reader.varint();
  return { transfer, offset, bytes: reader.raw(reader.remaining) };
}

/** Writes a whole payload that tells a transfer's progress. */
export function writeSnapshotProgress(
  writer: ByteWriter,
  { transfer, offset, outcome }: SnapshotProgress,
): void {
  writer.u8(payloadKinds.snapshotProgress);
  writer.varint(transfer);
  writer.varint(offset);
  writer.u8(outcomes.indexOf(outcome));
}

/** Reads what follows the kind of a progress. */
export function readSnapshotProgress(reader: ByteReader): SnapshotProgress {
  const transfer = reader.varint();
  const offset = reader.varint();
  const number = reader.u8();
  const outcome = outcomes[number];
  if (outcome === undefined)
    throw new DecodeError(`${number} stands where the outcome of a transfer is expected`);
  reader.end();
  return { transfer, offset, outcome };
}
