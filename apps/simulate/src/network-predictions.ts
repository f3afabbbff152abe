/**
 * What the simulator says of networks that are cut or slow, for a cluster with the timing that the program ships with:
 * real processes are held to it by `npm run networks`.
 */
import type { EngineMessage } from '@synod/core';
import { measureCommitLatency } from './commit-latency.js';
import {
  type PartialConnectivity,
  type PartialRun,
  partialConnectivity,
  runPartially,
} from './partial-connectivity.js';
import type { StormSubject } from './storm-subject.js';

/** What runs of one situation on one engine came to. Times are in ticks of 50 ms. */
export interface PredictedRecovery {
  /** The engine. */
  readonly engine: string;
  /** How many runs there were. */
  readonly runs: number;
  /** In how many of them anything was decided again. */
  readonly decided: number;
  /** Ticks from the cut to the first command that was asked for after it: the least, half of them, the most. */
  readonly ticks: readonly [least: number, median: number, most: number] | undefined;
  /** Leaders that were elected after the cut, at most. */
  readonly elections: number;
}

/** What a slow network makes of a command on one engine. */
export interface PredictedLatency {
  /** The engine. */
  readonly engine: string;
  /** What a message takes, in milliseconds. */
  readonly delayMs: number;
  /** Half of the commands took at most so many milliseconds from the leader's door to its state machine's. */
  readonly medianMs: number;
}

/** Five nodes whose network is cut in some way. */
export const networkSituations: readonly PartialConnectivity[] = [
  {
    name: 'leader isolated',
    about: 'the leader reaches nobody, and nobody reaches it',
    nodes: 5,
    leader: 'n3',
    cuts: from('n3', ['n1', 'n2', 'n4', 'n5']),
  },
  {
    name: 'minority with the leader',
    about: 'the leader n3 and n4 on one side, the three others on the other',
    nodes: 5,
    leader: 'n3',
    cuts: [...from('n3', ['n1', 'n2', 'n5']), ...from('n4', ['n1', 'n2', 'n5'])],
  },
  {
    name: 'deaf leader',
    about: 'the leader reaches everybody, nobody reaches it',
    nodes: 5,
    leader: 'n3',
    cuts: [],
    oneWay: from('n3', ['n1', 'n2', 'n4', 'n5']).map(([leader, other]) => [other, leader] as const),
  },
  {
    name: 'mute leader',
    about: 'everybody reaches the leader, it reaches nobody',
    nodes: 5,
    leader: 'n3',
    cuts: [],
    oneWay: from('n3', ['n1', 'n2', 'n4', 'n5']),
  },
  {
    name: 'one link',
    about: 'the leader n3 and n5 do not reach each other',
    nodes: 5,
    leader: 'n3',
    cuts: [['n3', 'n5']],
  },
  ...partialConnectivity.filter(({ nodes }) => nodes === 5),
];

/** What messages take in slow networks, in milliseconds. */
export const networkDelaysMs: readonly number[] = [10, 40];

/** Sums up the runs of one situation. */
export function predictRecovery(engine: string, runs: readonly PartialRun[]): PredictedRecovery {
  const ticks = runs
    .flatMap(({ recovery }) => (recovery === undefined ? [] : [recovery]))
    .sort((left, right) => left - right);
  const [least] = ticks;
  const median = ticks[Math.floor(ticks.length / 2)];
  const most = ticks.at(-1);
  const known = least !== undefined && median !== undefined && most !== undefined;
  return {
    engine,
    runs: runs.length,
    decided: ticks.length,
    ticks: known ? [rounded(least), rounded(median), rounded(most)] : undefined,
    elections: Math.max(...runs.map(({ elections }) => elections)),
  };
}

/** Runs one situation for each seed. */
export function runSituation<Message extends EngineMessage>(
  situation: PartialConnectivity,
  subject: StormSubject<Message>,
  seeds: readonly number[],
): readonly PartialRun[] {
  return seeds.map((seed) => runPartially(situation, subject, seed));
}

/** How long commands take while messages take so long. */
export function predictLatency<Message extends EngineMessage>(
  engine: string,
  subject: StormSubject<Message>,
  delayMs: number,
): PredictedLatency {
  const { medianMs } = measureCommitLatency(subject, [], 1, delayMs * 1000);
  return { engine, delayMs, medianMs: rounded(medianMs) };
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

function from(one: string, others: readonly string[]): readonly (readonly [string, string])[] {
  return others.map((other) => [one, other] as const);
}
