/** What a Raft node must never forget (figure 2: currentTerm and votedFor), as one record that is saved whole. */
import {
  ByteReader,
  ByteWriter,
  DecodeError,
  isNodeId,
  type LogIndex,
  type NodeId,
  type Term,
} from '@synod/core';

/** The durable record beside the log. */
export interface HardState {
  /** Latest term seen. */
  readonly term: Term;
  /** Candidate that got this node's vote in that term. */
  readonly votedFor: NodeId | undefined;
  /** A commit index known when it was saved: saves work after a restart, safety does not need it. */
  readonly commitIndex: LogIndex;
  /** How many times the engine was started on this storage. */
  readonly life: number;
}

const formatVersion = 1;

/** The record of a node that was never started. */
export const blankHardState: HardState = { term: 0, votedFor: undefined, commitIndex: 0, life: 0 };

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
  writer.varint(state.term);
  writer.string(state.votedFor ?? '');
  writer.varint(state.commitIndex);
  writer.varint(state.life);
  return writer.copy();
}

/**
 * Decodes the `hardState` that the engine asked to save: for tools and checks that look at what a node is bound to.
 *
 * @param bytes - What stands in a write or was recovered.
 * @returns Term, vote, a commit index that was known then, and the life of the engine that saved it.
 * @throws DecodeError when the bytes are no hard state of a known version.
 *
 * @example
 * ```ts
 * const { term, votedFor } = decodeHardState(recovered.hardState);
 * ```
 */
export function decodeHardState(bytes: Uint8Array): HardState {
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  if (version !== formatVersion) {
    throw new DecodeError(
      `raft hard state has format version ${version}: this release reads version ${formatVersion}`,
    );
  }
  const term = reader.varint();
  const votedFor = reader.string();
  if (votedFor !== '' && !isNodeId(votedFor)) throw new DecodeError('raft hard state holds a malformed vote');
  const commitIndex = reader.varint();
  const life = reader.varint();
  reader.end();
  return { term, votedFor: votedFor === '' ? undefined : votedFor, commitIndex, life };
}
