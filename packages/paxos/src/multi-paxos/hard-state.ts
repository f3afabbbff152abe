/**
 * What an acceptor must never forget beside its entries (Paxos Made Simple §2.5): the highest ballot that it promised,
 * and in which ballots it voted. An entry carries the ballot in which its value was first proposed, and most votes are
 * of that ballot. Only a value that a later proposer adopted is voted for again; such votes stand here, by ranges of
 * slots, until their slots are decided.
 */
import { ByteReader, ByteWriter, DecodeError, type LogIndex, type Term } from '@synod/core';
import type { SlotRange } from './slot-ranges.js';

/** Votes of one ballot for values that were first proposed in earlier ones. */
export interface VotesAgain extends SlotRange {
  readonly ballot: Term;
}

/** The durable record beside the entries. */
export interface HardState {
  /** Highest ballot promised, or voted in. */
  readonly promised: Term;
  /** Every slot through this one is decided, and its value is the one that stands here or in the snapshot. */
  readonly decided: LogIndex;
  /** How many times the engine was started on this storage. */
  readonly life: number;
  /** Ascending by slot. */
  readonly votesAgain: readonly VotesAgain[];
}

/** Raft's records begin with another byte: a disk that another engine wrote is refused, not misread. */
const formatVersion = 0x50;

/** The record of a node that was never started. */
export const blankHardState: HardState = { promised: 0, decided: 0, life: 0, votesAgain: [] };

/** Most ranges that a record can announce. */
const rangesMax = 1_000_000;

const writer = new ByteWriter(128);

/**
 * Encodes a hard state, for tools that build or rewrite what a node remembers. The engine makes its own.
 *
 * @param state - What the node shall remember. It is not checked.
 * @returns The bytes of `hardState` in a DurableWrite or a RecoveredState.
 */
export function encodeHardState(state: HardState): Uint8Array {
  writer.clear();
  writer.u8(formatVersion);
  writer.varint(state.promised);
  writer.varint(state.decided);
  writer.varint(state.life);
  writer.varint(state.votesAgain.length);
  for (const { from, through, ballot } of state.votesAgain) {
    writer.varint(from);
    writer.varint(through - from);
    writer.varint(ballot);
  }
  return writer.copy();
}

/**
 * Decodes the `hardState` that the engine asked to save: for tools and checks that look at what a node is bound to.
 *
 * @param bytes - What stands in a write or was recovered.
 * @returns The promise, what is decided, the life, and votes in other ballots than their value's first.
 * @throws DecodeError when the bytes are no hard state of a known version.
 */
export function decodeHardState(bytes: Uint8Array): HardState {
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  if (version !== formatVersion) {
    throw new DecodeError(
      `paxos hard state has format version ${version}: this release reads version ${formatVersion}`,
    );
  }
  const promised = reader.varint();
  const decided = reader.varint();
  const life = reader.varint();
  const votesAgain: VotesAgain[] = [];
  const count = reader.count(rangesMax, 'ranges of votes');
  for (let position = 0; position < count; position++) {
    const from = reader.varint();
    const through = from + reader.varint();
    votesAgain.push({ from, through, ballot: reader.varint() });
  }
  reader.end();
  return { promised, decided, life, votesAgain };
}
