/** The replicated log's unit: one entry holds one command (or one step of the protocol's own) at one index. */
import type { LogIndex, Term } from './ids.js';

/**
 * What an entry is for.
 *
 * - `command`: bytes for the state machine.
 * - `noop`: nothing for the state machine. A new Raft leader's first entry (Raft §8), or a Paxos gap filler.
 * - `membership`: an encoded {@link Membership} that governs from here on.
 */
export type EntryKind = 'command' | 'noop' | 'membership';

/** All entry kinds, in the order of their number on the wire and on disk. */
export const entryKinds: readonly EntryKind[] = ['command', 'noop', 'membership'];

/** Number by which a caller knows its own proposal again; chosen by the caller, unique while it is pending. */
export type ProposalId = number;

/** One entry of the replicated log. Never changed once made. */
export interface Entry {
  /** Index (slot) at which it stands; the first is 1. */
  readonly index: LogIndex;
  /** Term or ballot in which it was proposed. */
  readonly term: Term;
  /** What it is for. */
  readonly kind: EntryKind;
  /** The command or encoded membership; empty for a no-op. Not copied: treat as frozen. */
  readonly data: Uint8Array;
  /**
   * Set only in the memory of the node that proposed it in this life of the process: never stored, never sent. A
   * committed entry that carries it answers that pending proposal.
   */
  readonly proposal?: ProposalId;
}
