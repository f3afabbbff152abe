/** What can be set about the engine, with the range and the reason of every limit. */
import {
  type EngineStart,
  type EngineTiming,
  InvalidArgumentError,
  parseInteger,
  parseNodeId,
} from '@synod/core';
import type { QuorumRule } from '../quorum-system.js';

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
export interface MultiPaxosLimits {
  /**
   * Least election timeout in ticks; each timeout is drawn from this to twice this. At least three times
   * `heartbeatTicks`. Default 10.
   */
  readonly electionTicks?: number;
  /**
   * From how many lengths an election timeout is drawn, in ticks: it lies from `electionTicks` to `electionTicks` +
   * `electionSpreadTicks` - 1. Default `electionTicks`.
   */
  readonly electionSpreadTicks?: number;
  /** Ticks between a leader's heartbeats, and between repetitions of a proposer's requests. Default 2. */
  readonly heartbeatTicks?: number;
  /** Largest command in bytes; larger ones are refused with `TOO_LARGE`. Default 2 MiB. */
  readonly entryBytesMax?: number;
  /** Values are put into one message until this many bytes; a single larger one goes alone. Default 1 MiB. */
  readonly acceptBytesMax?: number;
  /** Accept messages on their way to one acceptor before the leader waits for answers. Default 64. */
  readonly acceptsInFlightMax?: number;
  /** Bytes of values on their way to one acceptor before the leader waits for answers. Default 16 MiB. */
  readonly bytesInFlightMax?: number;
  /** Slots that may be proposed and undecided at once; later commands wait. Default 10 000. */
  readonly windowSlotsMax?: number;
  /** Bytes of commands that may wait for their decision; more are refused with `OVERLOADED`. Default 64 MiB. */
  readonly uncommittedBytesMax?: number;
  /** Reads that may wait for a barrier; more are refused with `OVERLOADED`. Default 100 000. */
  readonly pendingReadsMax?: number;
  /** Slots kept behind a snapshot, so that a node a little behind needs no snapshot. Default 5000. */
  readonly retainedEntries?: number;
  /** Slots by which a learner may be behind and still become a voter. Default 1000. */
  readonly promotionLagEntriesMax?: number;
  /**
   * Who is preferred as leader: 0 to 10. Each step below 10 adds half of `electionTicks` to the election timeout. It
   * never deposes a leader. Default 10.
   */
  readonly priority?: number;
  /**
   * Ticks that one save may take. A leader whose disk stalls longer gives its leadership up, though its heartbeats
   * still flow; nobody campaigns while its disk stalls. Default 4 times `electionTicks`.
   */
  readonly saveTicksMax?: number;
  /**
   * Lets a leader answer reads of mode `lease` alone for nearly an election timeout after a phase-2 quorum has answered
   * it. Trusts clocks: the same value on every node of the group, and only where the bound holds. Off by default; such
   * reads then are confirmed by a quorum.
   */
  readonly lease?: LeaseBound;
  /**
   * How quorums are made from the voters: the same on every node of the group, for its whole life. A change of
   * membership that the rule does not fit is refused. Default: majorities in both phases.
   */
  readonly quorums?: QuorumRule;
}

/** What a Multi-Paxos engine is made from: who it is, what it remembers, and its limits. */
export interface MultiPaxosOptions extends EngineStart, MultiPaxosLimits {}

/** Limits with every default filled in. */
export type MultiPaxosSettings = Required<Omit<MultiPaxosLimits, 'lease' | 'electionSpreadTicks'>> & {
  readonly lease: LeaseBound | undefined;
  readonly electionSpreadTicks: number | undefined;
};

/** The priority of nodes that campaign first. */
export const priorityMax = 10;

/**
 * Slots beyond the decided ones in which an acceptor votes: more than any proposer's window, so that only a node which
 * lacks decisions ever meets it.
 */
export const slotsAheadMax = 1_000_000;

const mebibyte = 1024 * 1024;

/**
 * Checks options and fills in defaults.
 *
 * @param options - What the caller gave.
 * @throws InvalidArgumentError naming the first option that is out of range.
 */
export function settle(options: MultiPaxosOptions): MultiPaxosSettings {
  parseNodeId(options.id, 'id');
  parseInteger(options.group, 'group', 0, 0xffffffff);
  const { lease, electionSpreadTicks } = options;
  const timing = settleTiming(options);
  const { electionTicks } = timing;
  const count = (value: number | undefined, otherwise: number, name: string, least: number, most?: number) =>
    parseInteger(value ?? otherwise, name, least, most);
  return {
    ...timing,
    electionSpreadTicks:
      electionSpreadTicks === undefined
        ? undefined
        : parseInteger(electionSpreadTicks, 'electionSpreadTicks', 1, 100_000),
    entryBytesMax: count(options.entryBytesMax, 2 * mebibyte, 'entryBytesMax', 1, 1024 * mebibyte),
    acceptBytesMax: count(options.acceptBytesMax, mebibyte, 'acceptBytesMax', 1, 1024 * mebibyte),
    acceptsInFlightMax: count(options.acceptsInFlightMax, 64, 'acceptsInFlightMax', 1, 100_000),
    bytesInFlightMax: count(options.bytesInFlightMax, 16 * mebibyte, 'bytesInFlightMax', 1),
    windowSlotsMax: count(options.windowSlotsMax, 10_000, 'windowSlotsMax', 1, slotsAheadMax / 2),
    uncommittedBytesMax: count(options.uncommittedBytesMax, 64 * mebibyte, 'uncommittedBytesMax', 1),
    pendingReadsMax: count(options.pendingReadsMax, 100_000, 'pendingReadsMax', 1),
    quorums: options.quorums ?? { type: 'majority' },
    retainedEntries: count(options.retainedEntries, 5000, 'retainedEntries', 0),
    promotionLagEntriesMax: count(options.promotionLagEntriesMax, 1000, 'promotionLagEntriesMax', 0),
    priority: count(options.priority, priorityMax, 'priority', 0, priorityMax),
    saveTicksMax: count(options.saveTicksMax, 4 * electionTicks, 'saveTicksMax', 1),
    lease:
      lease === undefined
        ? undefined
        : { driftTicks: parseInteger(lease.driftTicks, 'lease.driftTicks', 2, electionTicks - 1) },
  };
}

/**
 * Settings with other timing.
 *
 * @param settings - As they are.
 * @param timing - What shall change.
 * @throws InvalidArgumentError when the timing is out of range, or when it would break leases that other nodes hold.
 */
export function retimed(settings: MultiPaxosSettings, timing: EngineTiming): MultiPaxosSettings {
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
