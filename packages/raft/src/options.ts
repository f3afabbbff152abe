/** What can be set about the engine, with the range and the reason of every limit. */
import {
  type EngineStart,
  type EngineTiming,
  InvalidArgumentError,
  parseInteger,
  parseNodeId,
} from '@synod/core';

/** How far a leader's lease may be trusted. */
export interface LeaseBound {
  /**
   * Ticks by which clocks may drift apart within an election timeout, 2 to `electionTicks` - 1: while any voter counts
   * `electionTicks` ticks, every leader must count at least `electionTicks - driftTicks`. Ticks are counted whole on
   * both sides, so two go for that alone.
   */
  readonly driftTicks: number;
}

/** Protocol timing and limits. Each has a default that suits a cluster on one site with ticks of 50 ms. */
export interface RaftLimits {
  /**
   * Least election timeout in ticks; each timeout is drawn from this to twice this (Raft §5.2, §9.3). At least three
   * times `heartbeatTicks`. Default 10.
   */
  readonly electionTicks?: number;
  /**
   * From how many lengths an election timeout is drawn, in ticks: it lies from `electionTicks` to `electionTicks` +
   * `electionSpreadTicks` - 1. Less than about ten round trips makes split votes likely (Raft §9.3, figure 16). Default
   * `electionTicks`.
   */
  readonly electionSpreadTicks?: number;
  /**
   * Whether a node asks whether it would be elected before it stands (dissertation §9.6). Without it a node that was
   * cut off raises everybody's term when it comes back. Off only for studies of the plain algorithm. Default `true`.
   */
  readonly preVote?: boolean;
  /** Ticks between a leader's heartbeats. Default 2. */
  readonly heartbeatTicks?: number;
  /** Largest command in bytes; larger ones are refused with `TOO_LARGE`. Default 2 MiB. */
  readonly entryBytesMax?: number;
  /** Entries are put into one append until this many bytes; a single larger entry goes alone. Default 1 MiB. */
  readonly appendBytesMax?: number;
  /** Appends on their way to one follower before the leader waits for answers. Default 64. */
  readonly appendsInFlightMax?: number;
  /** Bytes of entries on their way to one follower before the leader waits for answers. Default 16 MiB. */
  readonly bytesInFlightMax?: number;
  /** Bytes of commands that may wait for commitment; more are refused with `OVERLOADED`. Default 64 MiB. */
  readonly uncommittedBytesMax?: number;
  /** Reads that may wait for a barrier; more are refused with `OVERLOADED`. Default 100 000. */
  readonly pendingReadsMax?: number;
  /** Entries kept in the log behind a snapshot, so that a follower a little behind needs no snapshot. Default 5000. */
  readonly retainedEntries?: number;
  /**
   * Entries by which a learner may be behind and still become a voter (dissertation §4.2.1). Default 1000.
   */
  readonly promotionLagEntriesMax?: number;
  /**
   * Who is preferred as leader: 0 to 10. Each step below 10 adds half of `electionTicks` to the election timeout, so
   * that a node with a lower priority campaigns only when no better one does. Two steps apart is for certain. It never
   * deposes a leader. Default 10.
   */
  readonly priority?: number;
  /**
   * Ticks that one save may take. A leader whose disk stalls longer gives its leadership up, though its heartbeats
   * still flow; nobody campaigns while its disk stalls. Default 4 times `electionTicks`.
   */
  readonly saveTicksMax?: number;
  /**
   * Lets a leader answer reads of mode `lease` alone for nearly an election timeout after a quorum has answered it
   * (dissertation §6.4.1). Trusts clocks: the same value on every node of the group, and only where the bound holds.
   * Off by default; such reads then go by read index.
   */
  readonly lease?: LeaseBound;
}

/** What a Raft engine is made from: who it is, what it remembers, and its limits. */
export interface RaftOptions extends EngineStart, RaftLimits {}

/** Limits with every default filled in. */
export type RaftSettings = Required<Omit<RaftLimits, 'lease' | 'electionSpreadTicks'>> & {
  readonly lease: LeaseBound | undefined;
  readonly electionSpreadTicks: number | undefined;
};

/** The priority of nodes that campaign first. */
export const priorityMax = 10;

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
  const { lease, electionSpreadTicks } = options;
  const timing = settleTiming(options);
  const { electionTicks } = timing;
  return {
    ...timing,
    electionSpreadTicks:
      electionSpreadTicks === undefined
        ? undefined
        : parseInteger(electionSpreadTicks, 'electionSpreadTicks', 1, 100_000),
    preVote: parseSwitch(options.preVote ?? true, 'preVote'),
    entryBytesMax: parseInteger(options.entryBytesMax ?? 2 * mebibyte, 'entryBytesMax', 1, 1024 * mebibyte),
    appendBytesMax: parseInteger(options.appendBytesMax ?? mebibyte, 'appendBytesMax', 1, 1024 * mebibyte),
    appendsInFlightMax: parseInteger(options.appendsInFlightMax ?? 64, 'appendsInFlightMax', 1, 100_000),
    bytesInFlightMax: parseInteger(options.bytesInFlightMax ?? 16 * mebibyte, 'bytesInFlightMax', 1),
    uncommittedBytesMax: parseInteger(options.uncommittedBytesMax ?? 64 * mebibyte, 'uncommittedBytesMax', 1),
    pendingReadsMax: parseInteger(options.pendingReadsMax ?? 100_000, 'pendingReadsMax', 1),
    retainedEntries: parseInteger(options.retainedEntries ?? 5000, 'retainedEntries', 0),
    promotionLagEntriesMax: parseInteger(options.promotionLagEntriesMax ?? 1000, 'promotionLagEntriesMax', 0),
    priority: parseInteger(options.priority ?? priorityMax, 'priority', 0, priorityMax),
    saveTicksMax: parseInteger(options.saveTicksMax ?? 4 * electionTicks, 'saveTicksMax', 1),
    lease:
      lease === undefined
        ? undefined
        : { driftTicks: parseInteger(lease.driftTicks, 'lease.driftTicks', 2, electionTicks - 1) },
  };
}

function parseSwitch(value: unknown, subject: string): boolean {
  if (typeof value === 'boolean') return value;
  throw new InvalidArgumentError(`${subject} is ${String(value)}: it must be true or false`);
}

/**
 * Settings with other timing.
 *
 * @param settings - As they are.
 * @param timing - What shall change.
 * @throws InvalidArgumentError when the timing is out of range, or when it would break leases that other nodes hold.
 */
export function retimed(settings: RaftSettings, timing: EngineTiming): RaftSettings {
  const settled = settleTiming({ ...settings, ...timing });
  if (settings.lease !== undefined && settled.electionTicks !== settings.electionTicks) {
    throw new InvalidArgumentError(
      `electionTicks is ${settings.electionTicks} and cannot become ${settled.electionTicks} while leases are on: ` +
        'they rely on one value for all nodes, so restart all of them with the new one',
    );
  }
  return { ...settings, ...settled };
}

function settleTiming({ electionTicks, heartbeatTicks }: EngineTiming): Required<EngineTiming> {
  const timing = {
    electionTicks: parseInteger(electionTicks ?? 10, 'electionTicks', 3, 100_000),
    heartbeatTicks: parseInteger(heartbeatTicks ?? 2, 'heartbeatTicks', 1, 100_000),
  };
  if (timing.electionTicks < 3 * timing.heartbeatTicks) {
    throw new InvalidArgumentError(
      `electionTicks is ${timing.electionTicks}: it must be at least 3 times heartbeatTicks (${timing.heartbeatTicks}), ` +
        'or a lost heartbeat or two starts an election',
    );
  }
  return timing;
}
