/**
 * The two measures by which failure detectors are compared (Hayashibara et al. 2004, §5; Chen, Toueg and Aguilera 2002): how often
 * a live peer is suspected, and how long a crash stays unnoticed.
 */
import { Random } from '@synod/core';
import { PhiAccrualDetector, type PhiOptions, suspicionLevel } from '@synod/failure-detector';
import { drawTrace, type Heartbeat, heartbeatEveryMs, type Weather } from './heartbeat-trace.js';

/** A way to detect failures. */
export interface Candidate {
  readonly name: string;
  /** Of phi-accrual; absent for a fixed timeout. */
  readonly phi?: PhiOptions & { readonly form: NonNullable<PhiOptions['form']>; readonly threshold: number };
  /** Of a fixed timeout, since the last heartbeat. */
  readonly timeoutMs?: number;
}

/** How it fared. */
export interface Accuracy {
  /** Wrong suspicions an hour. */
  readonly mistakesPerHour: number;
  /** Share of the time in which the live peer was suspected. */
  readonly suspectedShare: number;
  /** From a crash until it is suspected: mean and longest. */
  readonly detectionMs: number;
  readonly longestDetectionMs: number;
}

const judgeEveryMs = 100;
/** Detectors are judged once they know the peer. */
const warmUpMs = 120_000;
const hourMs = 3_600_000;

/**
 * Shows a candidate a trace.
 *
 * @param candidate - Which.
 * @param weather - What the trace is like.
 * @param hours - How long it is.
 * @param seed - Of the trace.
 */
export function measureAccuracy(
  candidate: Candidate,
  weather: Weather,
  hours: number,
  seed: number,
): Accuracy {
  const durationMs = warmUpMs + hours * hourMs;
  const trace = drawTrace(weather, durationMs, seed);
  const judge =
    candidate.phi === undefined ? new FixedTimeout(candidate.timeoutMs ?? 0) : new Phi(candidate.phi);
  const arrivals = trace
    .filter(({ cameAtMs }) => cameAtMs < durationMs)
    .sort((a, b) => a.cameAtMs - b.cameAtMs);
  const random = new Random(`${seed}/crashes`);
  const detections: number[] = [];
  let next = 0;
  let mistakes = 0;
  let suspectedMs = 0;
  for (let now = 0; now < durationMs; now += judgeEveryMs) {
    for (
      let arrival = arrivals[next];
      arrival !== undefined && arrival.cameAtMs <= now;
      arrival = arrivals[++next]
    ) {
      judge.heartbeat(arrival.cameAtMs);
      if (arrival.cameAtMs > warmUpMs) detections.push(detectionAfter(arrival, judge, random));
    }
    const begins = judge.suspects(now);
    if (now < warmUpMs) continue;
    if (begins) mistakes++;
    if (judge.isSuspected) suspectedMs += judgeEveryMs;
  }
  return {
    mistakesPerHour: mistakes / hours,
    suspectedShare: suspectedMs / (hours * hourMs),
    detectionMs: detections.reduce((sum, one) => sum + one, 0) / detections.length,
    longestDetectionMs: detections.reduce((most, one) => Math.max(most, one), 0),
  };
}

/** Had the peer crashed at some moment after this heartbeat and before it sent another. */
function detectionAfter(last: Heartbeat, judge: Judge, random: Random): number {
  const crashedAtMs = last.sentAtMs + random.float() * heartbeatEveryMs;
  return Math.max(0, last.cameAtMs + judge.patienceMs() - crashedAtMs);
}

interface Judge {
  readonly isSuspected: boolean;
  heartbeat(atMs: number): void;
  /** Whether a suspicion begins. */
  suspects(nowMs: number): boolean;
  /** Silence after which it suspects, as things stand. */
  patienceMs(): number;
}

class FixedTimeout implements Judge {
  readonly #timeoutMs: number;
  #heardAtMs = 0;
  isSuspected = false;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  heartbeat(atMs: number): void {
    this.#heardAtMs = atMs;
  }

  suspects(nowMs: number): boolean {
    const was = this.isSuspected;
    this.isSuspected = nowMs - this.#heardAtMs >= this.#timeoutMs;
    return this.isSuspected && !was;
  }

  patienceMs(): number {
    return this.#timeoutMs;
  }
}

class Phi implements Judge {
  readonly #options: NonNullable<Candidate['phi']>;
  readonly #detector: PhiAccrualDetector;
  #latestMs = 0;
  isSuspected = false;

  constructor(options: NonNullable<Candidate['phi']>) {
    this.#options = options;
    this.#detector = new PhiAccrualDetector({
      firstEstimateMs: heartbeatEveryMs,
      minUpTimeMs: 0,
      ...options,
    });
  }

  heartbeat(atMs: number): void {
    this.#latestMs = atMs;
    this.#detector.heartbeat('peer', atMs);
  }

  suspects(nowMs: number): boolean {
    let begins = false;
    for (const { type } of this.#detector.verdicts(nowMs)) {
      this.isSuspected = type === 'suspected';
      begins = this.isSuspected;
    }
    return begins;
  }

  patienceMs(): number {
    const intervals = this.#detector.status(this.#latestMs)[0]?.intervals ?? { meanMs: 1, deviationMs: 1 };
    const { form, threshold, acceptablePauseMs = 3 * heartbeatEveryMs } = this.#options;
    let low = 0;
    let high = 1e7;
    while (high - low > 1) {
      const middle = (low + high) / 2;
      if (suspicionLevel(form, middle - acceptablePauseMs, intervals) < threshold) low = middle;
      else high = middle;
    }
    return high;
  }
}
