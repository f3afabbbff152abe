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
  /** The receiver holds a part from before: {@link SnapshotResume}. */
  snapshotResume: 5,
  /** That part is not of this snapshot, begin anew: the number of the transfer. */
  snapshotRestart: 6,
  /** Checksum of the whole: {@link SnapshotSeal}. Receivers that do not know it put it aside. */
  snapshotSeal: 7,
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

/** Says which part of a snapshot a receiver holds from an earlier transfer. */
export interface SnapshotResume {
  /** Number of the present transfer. */
  readonly transfer: number;
  /** Length of that part. */
  readonly offset: number;
  /** Its CRC-32C. */
  readonly checksum: number;
}

/** Says what the whole must be. */
export interface SnapshotSeal {
  /** Number of the transfer. */
  readonly transfer: number;
  /** CRC-32C of the whole. */
  readonly checksum: number;
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

/** Writes a whole payload that says which part is held. */
export function writeSnapshotResume(
  writer: ByteWriter,
  { transfer, offset, checksum }: SnapshotResume,
): void {
  writer.u8(payloadKinds.snapshotResume);
  writer.varint(transfer);
  writer.varint(offset);
  writer.u32(checksum);
}

/** Reads what follows the kind of it. */
export function readSnapshotResume(reader: ByteReader): SnapshotResume {
  const resume = { transfer: reader.varint(), offset: reader.varint(), checksum: reader.u32() };
  reader.end();
  return resume;
}

/** Writes a whole payload that asks to begin anew. */
export function writeSnapshotRestart(writer: ByteWriter, transfer: number): void {
  writer.u8(payloadKinds.snapshotRestart);
  writer.varint(transfer);
}

/** Reads the number of the transfer that begins anew. */
export function readSnapshotRestart(reader: ByteReader): number {
  const transfer = reader.varint();
  reader.end();
  return transfer;
}

/** Writes a whole payload that says what the whole must be. */
export function writeSnapshotSeal(writer: ByteWriter, { transfer, checksum }: SnapshotSeal): void {
  writer.u8(payloadKinds.snapshotSeal);
  writer.varint(transfer);
  writer.u32(checksum);
}

/** Reads what follows the kind of a seal. */
export function readSnapshotSeal(reader: ByteReader): SnapshotSeal {
  const seal = { transfer: reader.varint(), checksum: reader.u32() };
  reader.end();
  return seal;
}
