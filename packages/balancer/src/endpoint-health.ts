/**
 * A judge of health that is complete: ejection of outliers (Envoy, gRPC A50), a trial before an endpoint is trusted
 * again, slow start, a bound on requests in flight, marks from active checks, and a panic when too much seems broken.
 */
import { EndpointRecord } from './endpoint-record.js';
import type { Health, HealthVerdicts } from './health.js';
import {
  type EndpointHealthOptions,
  type HealthEvent,
  type HealthSettings,
  settleHealth,
} from './health-settings.js';
import { exceedsFailureShare, isBelowSuccessRate, successRateBound } from './outlier-arithmetic.js';
import type { Outcome } from './pick.js';
import type { Slot } from './slot.js';
import { slowStartShare, slowStartStepMs } from './slow-start.js';

type Reason = Extract<HealthEvent, { readonly type: 'ejected' }>['reason'];

/** What is known of an endpoint's health. */
export interface EndpointHealthStatus {
  /** Its id. */
  readonly id: string;
  /**
   * - `fit`: gets its full weight.
   * - `starting`: gets a part of it, and more by and by.
   * - `trial`: back from an ejection, with few requests until it has answered one.
   * - `ejected`: gets none, by its own failures.
   * - `unhealthy`: gets none, since it was marked so.
   */
  readonly state: 'fit' | 'starting' | 'trial' | 'ejected' | 'unhealthy';
  /** Share of its weight that it has now. In a panic that of all is the same. */
  readonly share: number;
  /** How often it was ejected lately. */
  readonly ejections: number;
  /** When its ejection may end, in milliseconds; absent while it is not ejected. */
  readonly ejectedUntilMs?: number;
  /** Failures in a row. */
  readonly failuresInARow: number;
  /** Share of its answers that were good in the latest interval with any. */
  readonly successRate?: number;
}

/**
 * Judges endpoints by how their requests end.
 *
 * @example
 * ```ts
 * const health = new EndpointHealth({ slowStart: { windowMs: 10_000 } });
 * const balancer = new Balancer({ endpoints, strategy: new PeakEwma({ random }), health });
 * // balancer.done(pick, { result: 'failure', nowMs }) five times in a row ejects that endpoint
 * ```
 */
export class EndpointHealth implements Health {
  readonly #settings: HealthSettings;
  readonly #onEvent: ((event: HealthEvent) => void) | undefined;
  #records = new Map<Slot, EndpointRecord>();
  #verdicts: HealthVerdicts | undefined;
  #sweptAtMs: number | undefined;
  #steppedAtMs = 0;
  #starting = 0;
  /** Endpoints that are fit, and those that are ejected: counted, because sets may have thousands. */
  #fit = 0;
  #ejected = 0;
  #inPanic = false;
  #nowMs = 0;

  /**
   * @param options - Settings.
   * @throws InvalidArgumentError naming the first that is out of range.
   */
  constructor(options: EndpointHealthOptions = {}) {
    this.#settings = settleHealth(options);
    this.#onEvent = options.onEvent;
  }

  /**
   * Marks an endpoint, as active checks find it or as an operator wants it. Requests in flight to it are not touched.
   *
   * @param id - Its id.
   * @param healthy - `false` to leave it out from now on, `true` to take it in again.
   * @param nowMs - Time in milliseconds. Default: that of the last call that said one.
   * @returns `false` when no endpoint of the set has this id.
   */
  mark(id: string, healthy: boolean, nowMs = this.#nowMs): boolean {
    const slot = this.#verdicts?.slotOf(id);
    const record = slot === undefined ? undefined : this.#records.get(slot);
    if (record === undefined) return false;
    this.#nowMs = Math.max(this.#nowMs, nowMs);
    if (record.isMarkedUnhealthy !== healthy) return true;
    const wasFit = record.isFit;
    record.isMarkedUnhealthy = !healthy;
    this.#countFit(record, wasFit);
    if (healthy) this.#beginSlowly(record);
    this.#tell({ type: 'marked', id, nowMs: this.#nowMs, healthy });
    this.#judge(record);
    return true;
  }

  /** Whether so few endpoints are fit that the judgement is not trusted. */
  get inPanic(): boolean {
    return this.#inPanic;
  }

  /** What is known of each endpoint, in the order of the set. A copy. */
  status(): readonly EndpointHealthStatus[] {
    return (this.#verdicts?.slots ?? []).flatMap((slot) => {
      const record = this.#records.get(slot);
      return record === undefined ? [] : [this.#statusOf(record)];
    });
  }

  /** {@inheritDoc Health.update} */
  update(verdicts: HealthVerdicts, nowMs: number): void {
    const isFirst = this.#verdicts === undefined;
    this.#nowMs = nowMs;
    this.#sweptAtMs ??= nowMs;
    this.#verdicts = verdicts;
    const newcomers = new Set(verdicts.added);
    const records = new Map<Slot, EndpointRecord>();
    for (const slot of verdicts.slots) {
      const known = newcomers.has(slot) ? undefined : this.#records.get(slot);
      const record = known ?? new EndpointRecord(slot, verdicts.idOf(slot));
      records.set(slot, record);
      if (known === undefined && !isFirst) this.#beginSlowly(record);
    }
    this.#records = records;
    this.#count();
    this.#judgeAll();
  }

  /** {@inheritDoc Health.advance} */
  advance(nowMs: number): void {
    this.#nowMs = nowMs;
    const { ejection, slowStart } = this.#settings;
    if (ejection !== undefined && this.#sweptAtMs !== undefined) {
      const intervals = Math.floor((nowMs - this.#sweptAtMs) / ejection.intervalMs);
      if (intervals > 0) {
        this.#sweptAtMs += intervals * ejection.intervalMs;
        this.#sweep(intervals);
      }
    }
    if (
      slowStart !== undefined &&
      this.#starting > 0 &&
      nowMs >= this.#steppedAtMs + slowStartStepMs(slowStart)
    )
      this.#step();
  }

  /** {@inheritDoc Health.picked} */
  picked(slot: Slot): void {
    const record = this.#records.get(slot);
    if (record === undefined) return;
    if (record.isOnTrial) record.trialInFlight++;
    if (record.isOnTrial || this.#settings.inFlightMost !== undefined) this.#write(record);
  }

  /** {@inheritDoc Health.ended} */
  ended(slot: Slot, result: Outcome['result']): void {
    const record = this.#records.get(slot);
    if (record === undefined) return;
    if (record.isOnTrial && record.trialInFlight > 0) record.trialInFlight--;
    if (result === 'success') this.#succeeded(record);
    else if (result === 'failure') this.#failed(record);
    if (record.isOnTrial || this.#settings.inFlightMost !== undefined) this.#write(record);
  }

  #succeeded(record: EndpointRecord): void {
    record.successes++;
    record.failuresInARow = 0;
    if (!record.isOnTrial) return;
    record.isOnTrial = false;
    this.#beginSlowly(record);
    this.#write(record);
  }

  #failed(record: EndpointRecord): void {
    const { ejection } = this.#settings;
    record.failures++;
    record.failuresInARow++;
    // Requests that were under way when it was ejected say nothing new.
    if (ejection === undefined || record.ejectedAtMs !== undefined) return;
    if (record.isOnTrial) return this.#eject(record, 'trialFailed');
    const { consecutiveFailures } = ejection;
    if (consecutiveFailures !== undefined && record.failuresInARow >= consecutiveFailures && this.#mayEject())
      this.#eject(record, 'consecutiveFailures');
  }

  /** Looks at the interval that is over (gRPC A50, "Outlier Detection Behavior"). */
  #sweep(intervals: number): void {
    const { ejection } = this.#settings;
    if (ejection === undefined) return;
    const records = [...this.#records.values()];
    this.#ejectBySuccessRate(records);
    this.#ejectByFailureShare(records);
    for (const record of records) {
      record.closeInterval();
      if (record.ejectedAtMs === undefined) record.ejections = Math.max(0, record.ejections - intervals);
      else if (this.#nowMs > record.ejectedAtMs + this.#ejectionMs(record)) this.#readmit(record);
    }
  }

  #ejectBySuccessRate(records: readonly EndpointRecord[]): void {
    const rule = this.#settings.ejection?.successRate;
    const bound = rule === undefined ? undefined : successRateBound(records, rule);
    if (rule === undefined || bound === undefined) return;
    for (const record of records) {
      if (!this.#mayEject()) return;
      if (record.ejectedAtMs === undefined && isBelowSuccessRate(record, bound, rule))
        this.#eject(record, 'successRate');
    }
  }

  #ejectByFailureShare(records: readonly EndpointRecord[]): void {
    const rule = this.#settings.ejection?.failureShare;
    if (rule === undefined || records.length < rule.endpointsLeast) return;
    for (const record of records) {
      if (!this.#mayEject()) return;
      if (record.ejectedAtMs === undefined && exceedsFailureShare(record, rule))
        this.#eject(record, 'failureShare');
    }
  }

  /** Whether the share of ejected endpoints is below its bound. One may then go above it, so that one always can. */
  #mayEject(): boolean {
    const most = this.#settings.ejection?.ejectedShareMost ?? 0;
    return this.#ejected / this.#records.size < most;
  }

  #eject(record: EndpointRecord, reason: Reason): void {
    const wasFit = record.isFit;
    record.ejectedAtMs = this.#nowMs;
    this.#ejected++;
    this.#countFit(record, wasFit);
    record.ejections++;
    record.isOnTrial = false;
    record.trialInFlight = 0;
    this.#endSlowStart(record);
    const forMs = this.#ejectionMs(record);
    this.#tell({ type: 'ejected', id: record.id, nowMs: this.#nowMs, reason, forMs });
    this.#judge(record);
  }

  #readmit(record: EndpointRecord): void {
    const wasFit = record.isFit;
    record.ejectedAtMs = undefined;
    this.#ejected--;
    this.#countFit(record, wasFit);
    record.failuresInARow = 0;
    record.isOnTrial = this.#settings.trialRequests !== undefined;
    if (!record.isOnTrial) this.#beginSlowly(record);
    this.#tell({ type: 'returned', id: record.id, nowMs: this.#nowMs });
    this.#judge(record);
  }

  #ejectionMs({ ejections }: EndpointRecord): number {
    const { ejectionMs = 0, ejectionMostMs = 0 } = this.#settings.ejection ?? {};
    return Math.min(ejectionMs * ejections, ejectionMostMs);
  }

  #beginSlowly(record: EndpointRecord): void {
    if (this.#settings.slowStart === undefined) return;
    if (record.startedAtMs === undefined) this.#starting++;
    record.startedAtMs = this.#nowMs;
  }

  #endSlowStart(record: EndpointRecord): void {
    if (record.startedAtMs === undefined) return;
    record.startedAtMs = undefined;
    this.#starting--;
  }

  #step(): void {
    this.#steppedAtMs = this.#nowMs;
    for (const record of this.#records.values()) {
      if (record.startedAtMs === undefined) continue;
      if (this.#startShare(record) === 1) this.#endSlowStart(record);
      this.#write(record);
    }
  }

  #startShare({ startedAtMs }: EndpointRecord): number {
    const { slowStart } = this.#settings;
    if (slowStart === undefined || startedAtMs === undefined) return 1;
    return slowStartShare(this.#nowMs - startedAtMs, slowStart);
  }

  /** One endpoint is judged anew: when that begins or ends a panic, all are. */
  #judge(record: EndpointRecord): void {
    if (this.#isPanic() === this.#inPanic) this.#write(record);
    else this.#judgeAll();
  }

  #judgeAll(): void {
    const begins = this.#isPanic();
    if (begins !== this.#inPanic) {
      this.#inPanic = begins;
      this.#tell({ type: 'panic', nowMs: this.#nowMs, begins, fit: this.#fit, all: this.#records.size });
    }
    for (const record of this.#records.values()) this.#write(record);
  }

  /** At once after the change: whoever hears of it may mark endpoints. */
  #countFit(record: EndpointRecord, wasFit: boolean): void {
    this.#fit += Number(record.isFit) - Number(wasFit);
  }

  /** Who left the set counts no more. */
  #count(): void {
    this.#starting = 0;
    this.#fit = 0;
    this.#ejected = 0;
    for (const record of this.#records.values()) {
      if (record.startedAtMs !== undefined) this.#starting++;
      if (record.isFit) this.#fit++;
      if (record.ejectedAtMs !== undefined) this.#ejected++;
    }
  }

  #isPanic(): boolean {
    return this.#fit < this.#settings.panicShare * this.#records.size;
  }

  #write(record: EndpointRecord): void {
    this.#verdicts?.setShare(record.slot, this.#shareOf(record));
  }

  #shareOf(record: EndpointRecord): number {
    if (this.#isFull(record)) return 0;
    if (this.#inPanic) return this.#settings.usesAllInPanic ? 1 : 0;
    return record.isFit ? this.#startShare(record) : 0;
  }

  #isFull({ slot, isOnTrial, trialInFlight }: EndpointRecord): boolean {
    const { trialRequests, inFlightMost } = this.#settings;
    if (isOnTrial && !this.#inPanic && trialRequests !== undefined && trialInFlight >= trialRequests)
      return true;
    return inFlightMost !== undefined && (this.#verdicts?.inFlight(slot) ?? 0) >= inFlightMost;
  }

  #statusOf(record: EndpointRecord): EndpointHealthStatus {
    const { ejectedAtMs, latestRate } = record;
    return {
      id: record.id,
      state: this.#stateOf(record),
      share: this.#shareOf(record),
      ejections: record.ejections,
      ...(ejectedAtMs === undefined ? {} : { ejectedUntilMs: ejectedAtMs + this.#ejectionMs(record) }),
      failuresInARow: record.failuresInARow,
      ...(latestRate === undefined ? {} : { successRate: latestRate }),
    };
  }

  #stateOf(record: EndpointRecord): EndpointHealthStatus['state'] {
    if (record.isMarkedUnhealthy) return 'unhealthy';
    if (record.ejectedAtMs !== undefined) return 'ejected';
    if (record.isOnTrial) return 'trial';
    return record.startedAtMs === undefined ? 'fit' : 'starting';
  }

  #tell(event: HealthEvent): void {
    this.#onEvent?.(event);
  }
}
