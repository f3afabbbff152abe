/** Tables that papers have, made anew: balls in bins, and what hashing costs when an endpoint leaves. */
import {
  Balancer,
  type Endpoint,
  type HashOptions,
  Maglev,
  PowerOfChoices,
  Rendezvous,
  RingHash,
  type Strategy,
} from '@synod/balancer';
import { Random } from '@synod/core';
import { markdown } from './table.js';

/**
 * As many requests as endpoints, none of them ever done: how many has the busiest?
 *
 * @param sizes - Numbers of endpoints.
 * @param trials - Times that each is tried; the median is told.
 */
export function ballsTable(sizes: readonly number[], trials: number): string {
  const rows = sizes.map((size) => {
    const most = [1, 2, 3].map((choices) => {
      const each = Array.from({ length: trials }, (_, trial) => fullest(size, choices, trial));
      return String(each.sort((left, right) => left - right)[trials >> 1]);
    });
    const one = Math.log(size) / Math.log(Math.log(size));
    const further = [2, 3].map((choices) => (Math.log(Math.log(size)) / Math.log(choices)).toFixed(1));
    return [size.toLocaleString('en-US'), ...most, one.toFixed(1), ...further];
  });
  const head = ['endpoints', '1 choice', '2', '3', 'ln n / ln ln n', 'ln ln n / ln 2', 'ln ln n / ln 3'];
  return markdown(head, rows);
}

function fullest(size: number, choices: number, trial: number): number {
  const strategy = new PowerOfChoices({ random: new Random(`${trial}/${choices}`), choices });
  const balancer = new Balancer({ endpoints: named(size), strategy });
  for (let ball = 0; ball < size; ball++) balancer.pick({ nowMs: 0 });
  return balancer.status().reduce((most, { inFlight }) => Math.max(most, inFlight), 0);
}

/** One row of the tables of hashing. */
interface HashCase {
  readonly name: string;
  readonly count: number;
  readonly create: (options: HashOptions) => Strategy;
}

/**
 * What hashing is worth: how even keys are spread, and what moves when one endpoint of n leaves.
 *
 * @param keys - Keys that are asked for.
 */
export function hashTable(keys: number): string {
  const maglev = (tableSize: number) => (options: HashOptions) => new Maglev({ ...options, tableSize });
  const ring = (pointsPerWeight: number) => (options: HashOptions) =>
    new RingHash({ ...options, pointsPerWeight });
  const cases: readonly HashCase[] = [
    ...[5, 10, 100, 655].map((count) => ({ name: 'Maglev, 65,537 rows', count, create: maglev(65_537) })),
    { name: 'Maglev, 10,007 rows', count: 100, create: maglev(10_007) },
    ...[1, 10, 100, 1000].map((points) => ({
      name: `ring hash, ${points.toLocaleString('en-US')} points`,
      count: 10,
      create: ring(points),
    })),
    { name: 'ring hash, 160 points', count: 100, create: ring(160) },
    { name: 'rendezvous', count: 10, create: (options) => new Rendezvous(options) },
  ];
  const rows = cases.map((each) => {
    const { fullest: most, moved, extra } = hashFigures(each, keys);
    return [each.name, String(each.count), most, moved, percent(1 / each.count), extra];
  });
  return markdown(
    [
      'strategy',
      'endpoints',
      'fullest / mean',
      'moved when one leaves %',
      'its share %',
      'moved without need %',
    ],
    rows,
  );
}

function hashFigures({ count, create }: HashCase, keys: number) {
  const seeds = [0, 1, 2, 3, 4];
  const mostOfEach: number[] = [];
  let moved = 0;
  let extra = 0;
  for (const seed of seeds) {
    const strategy = create({ random: new Random(1), seed });
    const balancer = new Balancer({ endpoints: named(count), strategy });
    const before = ownersOf(balancer, keys);
    mostOfEach.push(mostOf(strategy, before, count));
    balancer.update(named(count).slice(1));
    for (const [key, owner] of ownersOf(balancer, keys).entries()) {
      if (owner === before[key]) continue;
      moved += 1;
      if (before[key] !== 'n0') extra += 1;
    }
  }
  const all = keys * seeds.length;
  const middle = mostOfEach.sort((left, right) => left - right)[seeds.length >> 1] ?? 0;
  return { fullest: middle.toFixed(3), moved: percent(moved / all), extra: percent(extra / all) };
}

/** By its table or its ring where it has one; else by the keys that were asked for. */
function mostOf(strategy: Strategy, owners: readonly string[], count: number): number {
  if (strategy instanceof Maglev || strategy instanceof RingHash) {
    return count * Math.max(...strategy.keyShares().values());
  }
  const counts = new Map<string, number>();
  for (const owner of owners) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  return (count * Math.max(...counts.values())) / owners.length;
}

function ownersOf(balancer: Balancer, keys: number): readonly string[] {
  return Array.from({ length: keys }, (_, key) => {
    const pick = balancer.pick({ nowMs: 0, key });
    if (pick.type === 'none') return pick.reason;
    balancer.done(pick, { result: 'success', nowMs: 0 });
    return pick.endpoint.id;
  });
}

function named(count: number): readonly Endpoint[] {
  return Array.from({ length: count }, (_, number) => ({ id: `n${number}` }));
}

function percent(share: number): string {
  return (100 * share).toFixed(2);
}
