/** One peer under watch: its rhythm, its silence, and the verdict that stands. */
import { ArrivalWindow } from './arrival-window.js';
import type { PhiEvent, PhiPeerStatus } from './phi-events.js';
import type { PhiSettings } from './phi-options.js';
import { type IntervalStatistics, suspicionLevel } from './suspicion-level.js';

/** So many gaps in a row are no gaps any more but the peer's new rhythm. */
const gapsOfNewRhythm = 5;

/** What is kept of a peer. */
export class WatchedPeer {
  readonly #name: string;
  readonly #settings: PhiSettings;
  readonly #window: ArrivalWindow;
  /** Of the last heartbeat; of the beginning of the watch as long as there is none. */
  #heardAtMs: number;
  #heartbeats = 0;
  /** How much of the silence since then this process slept through. */
  #excusedMs = 0;
  /** Gaps that came one after the other and were not taken into the window. */
  #gaps: number[] = [];
  /** When it was found silent; `undefined` while it is trusted. */
  #suspectedAtMs: number | undefined;
  /** From when on it has been heard without a gap, while it is suspected. */
  #upSinceMs: number | undefined;
  #suspicions = 0;

  constructor(name: string, settings: PhiSettings, nowMs: number) {
    this.#name = name;
    this.#settings = settings;
    this.#window = new ArrivalWindow(settings.windowSize, settings.firstEstimateMs);
    this.#heardAtMs = nowMs;
  }

  heartbeat(nowMs: number): void {
    const isGap = this.phi(nowMs) >= this.#settings.threshold;
    if (this.#heartbeats > 0) this.#learn(nowMs - this.#heardAtMs, isGap);
    if (this.#suspectedAtMs !== undefined && (isGap || this.#upSinceMs === undefined))
      this.#upSinceMs = nowMs;
    this.#heardAtMs = nowMs;
    this.#excusedMs = 0;
    this.#heartbeats++;
  }

  /** An outage says nothing of the rhythm, nor does an interval that this process slept through in part. */
  #learn(intervalMs: number, isGap: boolean): void {
    if (this.#excusedMs > 0) return;
    if (!isGap) {
      this.#gaps = [];
      this.#window.add(intervalMs);
      return;
    }
    this.#gaps.push(intervalMs);
    if (this.#gaps.length < gapsOfNewRhythm) return;
    // The first of them was the outage that led to it, if there was one.
    this.#window.restart(this.#gaps.slice(1));
    this.#gaps = [];
  }

  excuse(pausedMs: number, nowMs: number): void {
    // What lies before the last heartbeat was no part of the silence.
    const silence = nowMs - this.#heardAtMs;
    this.#excusedMs = Math.min(silence, this.#excusedMs + Math.min(pausedMs, silence));
  }

  phi(nowMs: number): number {
    return this.#levelOf(this.#silence(nowMs), this.#statistics());
  }

  #levelOf(silenceMs: number, statistics: IntervalStatistics): number {
    const { form, acceptablePauseMs } = this.#settings;
    return suspicionLevel(form, silenceMs - acceptablePauseMs, statistics);
  }

  verdict(nowMs: number): PhiEvent | undefined {
    return this.#suspectedAtMs === undefined
      ? this.#suspect(nowMs)
      : this.#restore(nowMs, this.#suspectedAtMs);
  }

  #suspect(nowMs: number): PhiEvent | undefined {
    const silenceMs = this.#silence(nowMs);
    const intervals = this.#statistics();
    const phi = this.#levelOf(silenceMs, intervals);
    const { threshold } = this.#settings;
    if (phi < threshold) return undefined;
    this.#suspectedAtMs = nowMs;
    this.#upSinceMs = undefined;
    this.#suspicions++;
    const reason = `nothing heard for ${inMs(silenceMs)}, where ${inMs(intervals.meanMs)} ± ${inMs(intervals.deviationMs)} are usual: phi ${phi.toFixed(1)} has reached ${threshold}`;
    return { type: 'suspected', peer: this.#name, atMs: nowMs, phi, silenceMs, intervals, reason };
  }

  #restore(nowMs: number, suspectedAtMs: number): PhiEvent | undefined {
    if (this.#upSinceMs === undefined) return undefined;
    if (this.phi(nowMs) >= this.#settings.threshold) {
      this.#upSinceMs = undefined;
      return undefined;
    }
    const upMs = nowMs - this.#upSinceMs;
    if (upMs < this.#settings.minUpTimeMs) return undefined;
    this.#suspectedAtMs = undefined;
    this.#upSinceMs = undefined;
    const suspectedForMs = nowMs - suspectedAtMs;
    const reason = `heard without a gap for ${inMs(upMs)}, after it was suspected for ${inMs(suspectedForMs)}`;
    return { type: 'restored', peer: this.#name, atMs: nowMs, suspectedForMs, reason };
  }

  status(nowMs: number): PhiPeerStatus {
    return {
      peer: this.#name,
      suspected: this.#suspectedAtMs !== undefined,
      phi: this.phi(nowMs),
      silenceMs: this.#silence(nowMs),
      intervals: this.#statistics(),
      heartbeats: this.#heartbeats,
      suspicions: this.#suspicions,
    };
  }

  #silence(nowMs: number): number {
    return nowMs - this.#heardAtMs - this.#excusedMs;
  }

  #statistics(): IntervalStatistics {
    return this.#window.statistics(this.#settings.minDeviationMs);
  }
}

function inMs(time: number): string {
  return `${time.toFixed(0)} ms`;
}
