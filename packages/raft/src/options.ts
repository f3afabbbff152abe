/** What can be set about the engine, with the range and the reason of every limit. */
import { type EngineStart, InvalidArgumentError, parseInteger, parseNodeId } from '@synod/core';

/** Protocol timing and limits. Each has a default that suits a cluster on one site with ticks of 50 ms. */
export interface RaftLimits {
  /**
   * Least election timeout in ticks; each timeout is drawn from this to twice this (Raft §5.2, §9.3). At least three
   * times `heartbeatTicks`. Default 10.
   */
  readonly electionTicks?: number;
  /** Ticks between a leader's heartbeats. Default 2. */
  readonly heartbeatTicks?: number;
  /** Largest command in bytes; larger ones are refused with `TOO_LARGE`. Default 2 MiB. */
  readonly entryBytesMax?: number;
  /** Entries are put into one append until this many bytes; a single larger entry goes alone. Default 1 MiB. */
  readonly appendBytesMax?: number;
  /** Appends on their way to one follower before the leader waits for answers. Default 64. */
  readonly appendsInFlightMax?: number;
  /** Bytes of commands that may wait for commitment; more are refused with `OVERLOADED`. Default 64 MiB. */
  readonly uncommittedBytesMax?: number;
  /** Reads that may wait for a barrier; more are refused with `OVERLOADED`. Default 100 000. */
  readonly pendingReadsMax?: number;
  /** Entries kept in the log behind a snapshot, so that a follower a little behind needs no snapshot. Default 5000. */
  readonly retainedEntries?: number;
}

/** What a Raft engine is made from: who it is, what it remembers, and its limits. */
export interface RaftOptions extends EngineStart, RaftLimits {}

/** Limits with every default filled in. */
export type RaftSettings = Required<RaftLimits>;

const mebibyte = 1024 * 1024;

/**
 * Checks options and fills in defaults.
 *
 * @param options - What the caller gave.
 * @throws InvalidArgumentError naming the first option that is out of range.
 */
export function settle(options: RaftOptions): RaftSettings {
  parseNodeId(options.id, 'id');
  parseInteger(options.group, 'group', 0, 0xffffffff);
  const settings: RaftSettings = {
    electionTicks: parseInteger(options.electionTicks ?? 10, 'electionTicks', 3, 100_000),
    heartbeatTicks: parseInteger(options.heartbeatTicks ?? 2, 'heartbeatTicks', 1, 100_000),
    entryBytesMax: parseInteger(options.entryBytesMax ?? 2 * mebibyte, 'entryBytesMax', 1, 1024 * mebibyte),
    appendBytesMax: parseInteger(options.appendBytesMax ?? mebibyte, 'appendBytesMax', 1, 1024 * mebibyte),
    appendsInFlightMax: parseInteger(options.appendsInFlightMax ?? 64, 'appendsInFlightMax', 1, 100_000),
    uncommittedBytesMax: parseInteger(options.uncommittedBytesMax ?? 64 * mebibyte, 'uncommittedBytesMax', 1),
    pendingReadsMax: parseInteger(options.pendingReadsMax ?? 100_000, 'pendingReadsMax', 1),
    retainedEntries: parseInteger(options.retainedEntries ?? 5000, 'retainedEntries', 0),
  };
  if (settings.electionTicks < 3 * settings.heartbeatTicks) {
    throw new InvalidArgumentError(
      `electionTicks is ${settings.electionTicks}: it must be at least 3 times heartbeatTicks (${settings.heartbeatTicks}), ` +
        'or a lost heartbeat or two starts an election',
    );
  }
  return settings;
}
