/** Answers to probes: the last few of them, until they are old, used up or thrown away (Prequal, §4). */
import type { PickExplanation } from './pick-explanation.js';
import type { Slot } from './slot.js';

/** An answer in the pool. */
export interface Probe {
  /** Who answered. */
  readonly slot: Slot;
  /** Its requests in flight: those it told of, and those sent there since. */
  inFlight: number;
  /** Its latency in milliseconds. */
  readonly latencyMs: number;
  /** When it came. */
  readonly atMs: number;
  /** How often it was used. */
  uses: number;
  /** How often it may be. */
  readonly usesMost: number;
}

/** Settings of a pool. */
export interface ProbePoolOptions {
  /** Answers kept at most. */
  readonly size: number;
  /** Age at which one is forgotten, in milliseconds. */
  readonly ageMs: number;
  /** Share of recent answers that are cold. */
  readonly coldShare: number;
}

/** Answers by which hot and cold are told apart. */
const recentMost = 128;
/** Beyond any latency in milliseconds: a hot endpoint comes after every cold one. */
const hotScore = 1e9;

/** The answers, the oldest first. */
export class ProbePool {
  readonly #options: ProbePoolOptions;
  readonly #probes: Probe[] = [];
  /** Requests in flight as told by the last answers, in a ring. */
  readonly #recent = new Float64Array(recentMost);
  readonly #sorted = new Float64Array(recentMost);
  #recentCount = 0;
  #threshold: number | undefined;
  #removesOldest = true;

  /** @param options - Settings. */
  constructor(options: ProbePoolOptions) {
    this.#options = options;
  }

  /** Answers kept at most. */
  get size(): number {
    return this.#options.size;
  }

  /** Answers in it. */
  get count(): number {
    return this.#probes.length;
  }

  /**
   * Takes an answer in, and the oldest one out when it is full.
   *
   * @param probe - The answer.
   */
  add(probe: Probe): void {
    if (this.#probes.length >= this.#options.size) this.#probes.shift();
    this.#probes.push(probe);
    this.#recent[this.#recentCount % recentMost] = probe.inFlight;
    this.#recentCount += 1;
    this.#threshold = undefined;
  }

  /**
   * Keeps some answers only.
   *
   * @param keeps - Which.
   */
  retain(keeps: (probe: Probe) => boolean): void {
    this.#probes.splice(0, this.#probes.length, ...this.#probes.filter(keeps));
  }

  /**
   * Forgets what is old.
   *
   * @param nowMs - Time.
   */
  forget(nowMs: number): void {
    let [oldest] = this.#probes;
    while (oldest !== undefined && nowMs - oldest.atMs >= this.#options.ageMs) {
      this.#probes.shift();
      [oldest] = this.#probes;
    }
  }

  /**
   * The best answer by the rule of hot and cold.
   *
   * @param isFit - Whose answers count.
   * @param explanation - Is told the scores.
   */
  best(isFit: (probe: Probe) => boolean, explanation: PickExplanation | undefined): Probe | undefined {
    let best: Probe | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const probe of this.#probes) {
      if (!isFit(probe)) continue;
      const score = this.#score(probe);
      explanation?.consider(probe.slot, score);
      if (score >= least) continue;
      best = probe;
      least = score;
    }
    return best;
  }

  /**
   * Counts a request that goes where an answer said.
   *
   * @param probe - The answer.
   */
  use(probe: Probe): void {
    probe.inFlight += 1;
    probe.uses += 1;
    if (probe.uses >= probe.usesMost) this.#remove(probe);
  }

  /** Throws an answer away: by turns the oldest and the worst. */
  removeNext(): void {
    this.#removesOldest = !this.#removesOldest;
    let worst: Probe | undefined = this.#probes[0];
    if (worst === undefined) return;
    if (!this.#removesOldest) {
      for (const probe of this.#probes) if (this.#score(probe) > this.#score(worst)) worst = probe;
    }
    this.#remove(worst);
  }

  #score({ inFlight, latencyMs }: Probe): number {
    return inFlight > this.#hotFrom() ? hotScore + inFlight : latencyMs;
  }

  #hotFrom(): number {
    if (this.#threshold !== undefined) return this.#threshold;
    const count = Math.min(this.#recentCount, recentMost);
    const sorted = this.#sorted.subarray(0, count);
    sorted.set(this.#recent.subarray(0, count));
    sorted.sort();
    const place = Math.max(0, Math.ceil(this.#options.coldShare * count) - 1);
    this.#threshold = sorted[place] ?? 0;
    return this.#threshold;
  }

  #remove(probe: Probe): void {
    this.#probes.splice(this.#probes.indexOf(probe), 1);
  }
}
