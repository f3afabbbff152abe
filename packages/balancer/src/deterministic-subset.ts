/**
 * Deterministic subsetting (Beyer and others, "Site Reliability Engineering", 2016, chapter 20): each of many clients
 * talks to some of many endpoints only, and still every endpoint has equally many clients.
 */
import { InvalidArgumentError, Random } from '@synod/core';
import type { Endpoint } from './endpoint.js';

/** Which client asks. */
export interface SubsetOptions {
  /** Number of the client, from 0 and without gaps, such as the ordinal of a replica. */
  readonly client: number;
  /** Endpoints that a client talks to, from 1. */
  readonly size: number;
}

/**
 * The endpoints of one client. Give them to `update`.
 *
 * @remarks
 * With n endpoints there are s = ⌊n / size⌋ subsets a round. The clients of a round, s of them, shuffle the endpoints
 * alike and take one subset each, so no endpoint is used twice in a round, and the n mod size that a round leaves out are
 * others in the next. Over r rounds each endpoint has at most r clients, and the same number when size divides n.
 *
 * @param endpoints - All of them, in any order: they are sorted by id.
 * @param options - Which client asks.
 * @returns `size` endpoints, or all of them when there are no more than that.
 * @throws InvalidArgumentError when one of the numbers is out of range.
 */
export function deterministicSubset<E extends Endpoint>(
  endpoints: readonly E[],
  { client, size }: SubsetOptions,
): readonly E[] {
  if (!(Number.isSafeInteger(client) && client >= 0)) {
    throw new InvalidArgumentError(`client is ${client}: it must be a whole number from 0`);
  }
  if (!(Number.isSafeInteger(size) && size >= 1)) {
    throw new InvalidArgumentError(`size is ${size}: it must be a whole number from 1`);
  }
  const shuffled = [...endpoints].sort((left, right) => (left.id < right.id ? -1 : 1));
  if (shuffled.length <= size) return shuffled;
  const subsets = Math.floor(shuffled.length / size);
  shuffle(shuffled, new Random(Math.floor(client / subsets)));
  const start = (client % subsets) * size;
  return shuffled.slice(start, start + size);
}

/** By Fisher and Yates. */
function shuffle<T>(items: T[], random: Random): void {
  for (let last = items.length - 1; last > 0; last--) {
    const other = random.integer(0, last + 1);
    const [moved] = items.splice(other, 1, ...items.slice(last, last + 1));
    if (moved !== undefined) items[last] = moved;
  }
}
