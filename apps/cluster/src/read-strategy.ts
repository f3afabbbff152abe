/** How reads are spread: the balancer's strategies under the names that flags and the dashboard have for them. */
import {
  LeastRequest,
  Maglev,
  PeakEwma,
  PowerOfChoices,
  RandomChoice,
  Rendezvous,
  RingHash,
  RoundRobin,
  SmoothWeightedRoundRobin,
  type Strategy,
} from '@synod/balancer';
import { InvalidArgumentError, type Random } from '@synod/core';

/** All read strategies. */
export const readStrategies = [
  'round-robin',
  'smooth-weighted-round-robin',
  'least-request',
  'power-of-two-choices',
  'peak-ewma',
  'random',
  'ring-hash',
  'maglev',
  'rendezvous',
] as const;

/** How reads are spread over the nodes. */
export type ReadStrategy = (typeof readStrategies)[number];

/** Keys that many clients read at once must not drown their node (Mirrokni, Thorup and Zadimoghaddam, 2016). */
const loadFactor = 1.25;

/**
 * Makes a strategy.
 *
 * @param name - Which.
 * @param random - Its randomness.
 */
export function createStrategy(name: ReadStrategy, random: Random): Strategy {
  switch (name) {
    case 'round-robin':
      return new RoundRobin({ random });
    case 'smooth-weighted-round-robin':
      return new SmoothWeightedRoundRobin({ random });
    case 'least-request':
      return new LeastRequest({ random });
    case 'power-of-two-choices':
      return new PowerOfChoices({ random });
    case 'peak-ewma':
      return new PeakEwma({ random });
    case 'random':
      return new RandomChoice({ random });
    case 'ring-hash':
      return new RingHash({ random, loadFactor });
    case 'maglev':
      return new Maglev({ random, loadFactor });
    case 'rendezvous':
      return new Rendezvous({ random, loadFactor });
  }
}

/**
 * Reads the name of a strategy.
 *
 * @param text - What the user gave.
 * @param option - Where, for the message.
 * @throws {@link InvalidArgumentError} when there is none of that name.
 */
export function parseStrategy(text: string, option = '--strategy'): ReadStrategy {
  const strategy = readStrategies.find((name) => name === text);
  if (strategy !== undefined) return strategy;
  throw new InvalidArgumentError(`${option} is ${JSON.stringify(text)}: give ${tellStrategies()}`);
}

/** The names of all strategies, for people. */
export function tellStrategies(): string {
  return `${readStrategies.slice(0, -1).join(', ')} or ${readStrategies.at(-1)}`;
}
