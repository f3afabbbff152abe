/** What a pick costs: each strategy picks and ends in turn, one request in flight, beside its peers. */
import {
  Balancer,
  EarliestDeadline,
  type Endpoint,
  LeastRequest,
  Maglev,
  type Outcome,
  PeakEwma,
  type Pick,
  type PickContext,
  PowerOfChoices,
  Prequal,
  RandomChoice,
  Rendezvous,
  RingHash,
  RoundRobin,
  SmoothWeightedRoundRobin,
  type Strategy,
  WeightedRandom,
} from '@synod/balancer';
import { Random } from '@synod/core';
import { allocatedBytes } from './allocation.js';
import { balancerPeers } from './balancer-peers.js';
import { median } from './quantile.js';

/** The figures of one picker. */
export interface PickCost {
  /** The strategy, or the peer. */
  readonly name: string;
  /** Endpoints of the set. */
  readonly endpoints: number;
  /** Nanoseconds of processor time for a pick and its end, the median of the rounds. */
  readonly nanoseconds: number;
  /** Its time as a part of undici's in the same round, the median. */
  readonly ofUndici: number;
  /** Bytes allocated on the heap for a pick and its end. */
  readonly heapBytes: number;
}

const strategies: readonly (readonly [name: string, create: (random: Random) => Strategy])[] = [
  ['round robin', (random) => new RoundRobin({ random })],
  ['smooth weighted round robin', (random) => new SmoothWeightedRoundRobin({ random })],
  ['earliest deadline', (random) => new EarliestDeadline({ random })],
  ['random', (random) => new RandomChoice({ random })],
  ['weighted random', (random) => new WeightedRandom({ random })],
  ['least request', (random) => new LeastRequest({ random })],
  ['power of two choices', (random) => new PowerOfChoices({ random })],
  ['peak EWMA', (random) => new PeakEwma({ random })],
  ['Prequal, without probes', (random) => new Prequal({ random })],
  ['ring hash', (random) => new RingHash({ random })],
  ['ring hash, bound 1.25', (random) => new RingHash({ random, loadFactor: 1.25 })],
  ['Maglev', (random) => new Maglev({ random })],
  ['rendezvous', (random) => new Rendezvous({ random })],
];

const rounds = 7;
const warmUpPicks = 3000;

interface Picker {
  readonly name: string;
  readonly picks: (count: number) => void;
}

/**
 * Measures all pickers over sets of some sizes.
 *
 * @param sizes - Numbers of endpoints.
 * @param durationMs - How long all rounds of a picker take together, about.
 */
export async function measurePicks(
  sizes: readonly number[],
  durationMs: number,
): Promise<readonly PickCost[]> {
  const costs: PickCost[] = [];
  for (const size of sizes) {
    const peers = balancerPeers(size);
    const pickers = [
      ...strategies.map(([name, create]) => ourPicker(name, create, size)),
      ...peers.map(peerPicker),
    ];
    costs.push(...measureInTurn(pickers, size, durationMs / rounds));
    for (const peer of peers) await peer.close();
  }
  return costs;
}

function measureInTurn(pickers: readonly Picker[], endpoints: number, roundMs: number): readonly PickCost[] {
  for (const { picks } of pickers) picks(warmUpPicks);
  const times = pickers.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [place, { picks }] of pickers.entries()) times[place]?.push(nanosecondsOf(picks, roundMs));
  }
  const undici = times[pickers.findIndex(({ name }) => name.startsWith('undici'))];
  return pickers.map(({ name, picks }, place) => {
    const own = times[place] ?? [];
    const count = 20_000;
    return {
      name,
      endpoints,
      nanoseconds: median(own),
      ofUndici: median(own.map((time, round) => time / (undici?.[round] ?? Number.NaN))),
      heapBytes: allocatedBytes(() => picks(count)) / count,
    };
  });
}

/** By processor time, all threads: other programs on the machine hardly count. */
function nanosecondsOf(picks: (count: number) => void, durationMs: number): number {
  const start = process.cpuUsage();
  let spentMs = 0;
  let done = 0;
  for (let batch = 100; spentMs < durationMs; batch = Math.min(batch * 2, 10_000)) {
    picks(batch);
    done += batch;
    const { user, system } = process.cpuUsage(start);
    spentMs = (user + system) / 1000;
  }
  return (spentMs * 1e6) / done;
}

function ourPicker(name: string, create: (random: Random) => Strategy, size: number): Picker {
  const strategy = create(new Random(1));
  const endpoints: readonly Endpoint[] = Array.from({ length: size }, (_, number) => ({
    id: `n${number}`,
    weight: 1 + (number % 3),
  }));
  const balancer = new Balancer({ endpoints, strategy });
  const context = { nowMs: 0, key: 0 } satisfies PickContext;
  const outcome = { result: 'success', nowMs: 0, latencyMs: 1 } satisfies Outcome;
  let reused: Pick | undefined;
  return {
    name,
    picks: (count) => {
      for (let request = 0; request < count; request++) {
        context.nowMs += 1;
        context.key += 1;
        outcome.nowMs = context.nowMs;
        const pick: ReturnType<typeof balancer.pick> = balancer.pick(context, reused);
        if (pick.type === 'none') continue;
        balancer.done(pick, outcome);
        reused = pick;
      }
    },
  };
}

function peerPicker({ name, pick }: { readonly name: string; readonly pick: () => unknown }): Picker {
  return {
    name,
    picks: (count) => {
      for (let request = 0; request < count; request++) pick();
    },
  };
}
