/** What the simulator predicts, as `docs/generated/network-predictions.json` has it. */
import { readFileSync } from 'node:fs';

type Link = readonly [from: string, to: string];

/** A way in which the network of five nodes is cut. */
export interface Situation {
  /** Its name. */
  readonly name: string;
  /** What it is. */
  readonly about: string;
  /** Who leads before. */
  readonly leader: string;
  /** Links that are cut in both directions. */
  readonly cuts: readonly Link[];
  /** Links that are cut in one. */
  readonly oneWay?: readonly Link[];
  /** A node that hears nothing of the leader for 8 ticks before. */
  readonly behind?: string;
  /** What the simulator makes of it. */
  readonly predictions: readonly RecoveryPrediction[];
}

/** Times until a command was decided again, over many runs, in ticks. */
interface RecoveryPrediction {
  readonly engine: string;
  readonly runs: number;
  readonly decided: number;
  readonly ticks?: readonly [least: number, median: number, most: number];
}

/** How long a command takes when messages take so long. */
export interface LatencyPrediction {
  readonly engine: string;
  readonly delayMs: number;
  readonly medianMs: number;
}

/** All of them. */
export interface Predictions {
  readonly situations: readonly Situation[];
  readonly latencies: readonly LatencyPrediction[];
}

/**
 * By how much real processes may be slower than the slowest simulated run, in ticks: requests and disks take time, and
 * the machine does other things too.
 */
const slowerTicks = 8;
/** By how much they may be faster than the fastest: so few runs do not show the least. */
const fasterTicks = 4;
/** What a request over HTTP, a real disk and timers that come late may add to a command: a part of it, and so much. */
const requestShare = 0.25;
const requestMs = 20;

/** Reads them. */
export function readPredictions(): Predictions {
  return JSON.parse(
    readFileSync(new URL('../../../docs/generated/network-predictions.json', import.meta.url), 'utf8'),
  );
}

/** What a recovery should be, for people. */
export function tellRecovery(situation: Situation, engine: string): string {
  const { ticks } = predictionFor(situation, engine);
  return ticks === undefined ? 'never' : `${ticks[0]} to ${ticks[2]} ticks`;
}

/** Whether real processes did as predicted. `ticks` is `undefined` when nothing was decided while the cut lasted. */
export function agrees(situation: Situation, engine: string, ticks: number | undefined): boolean {
  const predicted = predictionFor(situation, engine);
  if (predicted.ticks === undefined || ticks === undefined) return predicted.ticks === ticks;
  const [least, , most] = predicted.ticks;
  return ticks >= least - fasterTicks && ticks <= most + slowerTicks;
}

/** Whether commands took as long as predicted. */
export function agreesInLatency({ medianMs }: LatencyPrediction, measuredMs: number): boolean {
  return measuredMs >= medianMs - 2 && measuredMs <= medianMs * (1 + requestShare) + requestMs;
}

function predictionFor({ name, predictions }: Situation, engine: string): RecoveryPrediction {
  const found = predictions.find((prediction) => prediction.engine === engine);
  if (found === undefined) throw new Error(`nothing is predicted of ${engine} for "${name}"`);
  return found;
}
