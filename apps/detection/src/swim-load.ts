/** Messages that a member sends in a period (SWIM §3.1: constant, however large the group), and how news spread. */
import { SimulatedGroup } from '@synod/failure-detector/simulation';

/** What a member sends. */
export interface Load {
  readonly members: number;
  readonly loss: number;
  /** Messages a member and period. */
  readonly messages: number;
  /** What the protocol says it is. */
  readonly expected: number;
  /** Bytes a member and period. */
  readonly bytes: number;
}

const periodMs = 1000;
const indirectPeers = 3;

/**
 * Counts messages in a group in which nobody fails.
 *
 * @param members - Size of the group.
 * @param loss - Share of messages that get lost.
 * @param periods - For how long.
 * @param seed - Of the run.
 */
export function measureLoad(members: number, loss: number, periods: number, seed: number): Load {
  // Local health would lengthen the period of those who lose much, suspicions spread news: neither is in the formula.
  const swim = { syncEveryMs: 0, periodMs, indirectPeers, localHealthMax: 0, deadRetentionMs: 0 };
  const group = new SimulatedGroup({ seed, members, network: { loss }, swim });
  group.run(10 * periodMs);
  const before = total(group);
  const bytesBefore = group.bytesSent;
  group.run(periods * periodMs);
  const memberPeriods = members * periods;
  return {
    members,
    loss,
    messages: (total(group) - before) / memberPeriods,
    expected: expectedMessages(loss),
    bytes: (group.bytesSent - bytesBefore) / memberPeriods,
  };
}

/**
 * Messages of one probe: ping and answer; if either gets lost, k requests, and for each that arrives a ping, an answer and an
 * answer to that or a nack. At most 2 + 4k.
 */
function expectedMessages(loss: number): number {
  const arrives = 1 - loss;
  const indirect = 1 + arrives + arrives ** 2 + arrives;
  return 1 + arrives + (1 - arrives ** 2) * indirectPeers * indirect;
}

function total(group: SimulatedGroup): number {
  return [...group.sent.values()].reduce((sum, count) => sum + count, 0);
}

/** How news spread. */
export interface Spread {
  readonly members: number;
  /** Periods until half of the group knows; until all do. */
  readonly half: number;
  readonly all: number;
}

/**
 * Lets a member join by one other, and watches who knows it when.
 *
 * @param members - Size of the group.
 * @param trials - How many times, each in a group of its own.
 * @param seed - First seed.
 * @returns Means.
 */
export function measureSpread(members: number, trials: number, seed: number): Spread {
  const times = Array.from({ length: trials }, (_, trial) => spread(members, seed + trial));
  const mean = (list: readonly number[]) => list.reduce((sum, one) => sum + one, 0) / list.length;
  return { members, half: mean(times.map(({ half }) => half)), all: mean(times.map(({ all }) => all)) };
}

function spread(members: number, seed: number): Spread {
  const knownAt: number[] = [];
  const onEvent = (
    _member: string,
    event: { readonly type: string; readonly member?: string },
    atMs: number,
  ): void => {
    if (event.type === 'joined' && event.member === 'newcomer') knownAt.push(atMs);
  };
  const group = new SimulatedGroup({ seed, members, swim: { syncEveryMs: 0, periodMs }, onEvent });
  group.run(3 * periodMs);
  group.start('newcomer', ['m1']);
  const startedAtMs = group.nowMs;
  for (let period = 0; period < 200 && knownAt.length < members; period++) group.run(periodMs);
  const after = (rank: number) => ((knownAt[rank] ?? Number.POSITIVE_INFINITY) - startedAtMs) / periodMs;
  return { members, half: after(Math.ceil(members / 2) - 1), all: after(members - 1) };
}
