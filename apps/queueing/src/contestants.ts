/** The strategies that are tried. */
import {
  EarliestDeadline,
  LeastRequest,
  Maglev,
  PeakEwma,
  PowerOfChoices,
  Prequal,
  RandomChoice,
  RingHash,
  RoundRobin,
  SmoothWeightedRoundRobin,
  type Strategy,
  WeightedLeastRequest,
  WeightedRandom,
} from '@synod/balancer';
import type { Random } from '@synod/core';

/** One strategy with its settings. */
export interface Contestant {
  /** As the tables have it. */
  readonly name: string;
  /** Makes one for one client. */
  readonly create: (random: Random) => Strategy;
  /** Only in this scenario. */
  readonly only?: string;
}

/** In the order of the tables. */
export const contestants: readonly Contestant[] = [
  { name: 'random', create: (random) => new RandomChoice({ random }) },
  { name: 'weighted random', create: (random) => new WeightedRandom({ random }) },
  { name: 'round robin', create: (random) => new RoundRobin({ random }) },
  { name: 'smooth weighted round robin', create: (random) => new SmoothWeightedRoundRobin({ random }) },
  { name: 'earliest deadline', create: (random) => new EarliestDeadline({ random }) },
  { name: 'power of two choices', create: (random) => new PowerOfChoices({ random }) },
  { name: 'power of three choices', create: (random) => new PowerOfChoices({ random, choices: 3 }) },
  { name: 'least request', create: (random) => new LeastRequest({ random }) },
  { name: 'weighted least request', create: () => new WeightedLeastRequest() },
  { name: 'peak EWMA', create: (random) => new PeakEwma({ random }) },
  { name: 'Prequal', create: (random) => new Prequal({ random }) },
  { name: 'ring hash', create: (random) => new RingHash({ random }) },
  { name: 'ring hash, bound 1.25', create: (random) => new RingHash({ random, loadFactor: 1.25 }) },
  { name: 'Maglev, bound 1.25', create: (random) => new Maglev({ random, loadFactor: 1.25 }) },
  {
    name: 'least request, failures not counted',
    create: (random) => new LeastRequest({ random, failureMs: 0 }),
    only: 'black-hole',
  },
  {
    name: 'peak EWMA, failures not counted',
    create: (random) => new PeakEwma({ random, failureMs: 0 }),
    only: 'black-hole',
  },
];
