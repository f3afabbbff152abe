/**
 * The calls that wait, by number, each with its deadline and its caller's signal. Deadlines are counted in ticks and
 * kept as numbers by the tick they fall in: no timer and no closure a call.
 */
import { InvalidArgumentError } from '@synod/core';
import type { CallOptions } from './replica.js';

/** A call that waits. */
export interface PendingCall {
  /** Ends it badly. */
  readonly reject: (error: Error) => void;
}

/** How calls of one kind end. */
export interface CallEnds<Call> {
  /** The error with which a call ends when it runs out of time or is aborted. */
  readonly errorOf: (call: Call, end: CallEnd) => Error;
  /** A call left the table, in whatever way. */
  readonly left?: (call: Call) => void;
}

/** Why a call is ended from outside: its time is up, or its caller gave it up. */
export type CallEnd = { readonly type: 'timeout' } | { readonly type: 'abort'; readonly reason: unknown };

/** One listener serves all calls that share a signal: platforms warn of signals with many. */
interface WatchedSignal {
  readonly calls: Set<number>;
  readonly listener: () => void;
}

/** Pending calls of one kind. */
export class CallTable<Call extends PendingCall> {
  readonly #tickMs: number;
  readonly #timeoutMs: number;
  readonly #ends: CallEnds<Call>;
  readonly #calls = new Map<number, Call>();
  readonly #signalOf = new Map<number, AbortSignal>();
  readonly #watched = new Map<AbortSignal, WatchedSignal>();
  readonly #dueAt = new Map<number, number[]>();
  #tick = 0;
  #lastId = 0;

  /**
   * @param tickMs - Length of a tick.
   * @param timeoutMs - Time of a call that names none.
   * @param ends - How calls end.
   */
  constructor(tickMs: number, timeoutMs: number, ends: CallEnds<Call>) {
    this.#tickMs = tickMs;
    this.#timeoutMs = timeoutMs;
    this.#ends = ends;
  }

  /** Calls that wait. */
  get size(): number {
    return this.#calls.size;
  }

  /**
   * Takes in a call; if its options are wrong or its signal is aborted already, ends it instead.
   *
   * @returns Its number, or `undefined` when it was ended.
   */
  add(call: Call, options: CallOptions): number | undefined {
    const timeoutMs = options.timeoutMs ?? this.#timeoutMs;
    if (!(timeoutMs > 0)) {
      call.reject(new InvalidArgumentError(`timeoutMs is ${timeoutMs}: it must be a number above 0`));
      return undefined;
    }
    const { signal } = options;
    if (signal?.aborted === true) {
      call.reject(this.#ends.errorOf(call, { type: 'abort', reason: signal.reason }));
      return undefined;
    }
    const id = ++this.#lastId;
    this.#calls.set(id, call);
    // One tick more: the present one has partly passed.
    if (timeoutMs !== Number.POSITIVE_INFINITY)
      this.#expireAt(this.#tick + Math.ceil(timeoutMs / this.#tickMs) + 1, id);
    if (signal !== undefined) this.#watch(id, signal);
    return id;
  }

  /** A call that still waits. */
  get(id: number): Call | undefined {
    return this.#calls.get(id);
  }

  /** Takes out a call, in order to end it. */
  take(id: number): Call | undefined {
    const call = this.#calls.get(id);
    if (call === undefined) return undefined;
    this.#calls.delete(id);
    this.#ends.left?.(call);
    if (this.#signalOf.size > 0) this.#unwatch(id);
    return call;
  }

  /** Takes out all calls, in the order they came. */
  takeAll(): Call[] {
    const calls = [...this.#calls.values()];
    for (const [signal, { listener }] of this.#watched) signal.removeEventListener('abort', listener);
    this.#watched.clear();
    this.#signalOf.clear();
    this.#calls.clear();
    this.#dueAt.clear();
    for (const call of calls) this.#ends.left?.(call);
    return calls;
  }

  /** One tick passed: ends the calls whose time is up. */
  tick(): void {
    this.#tick++;
    const due = this.#dueAt.get(this.#tick);
    if (due === undefined) return;
    this.#dueAt.delete(this.#tick);
    for (const id of due) this.#end(id, { type: 'timeout' });
  }

  #end(id: number, end: CallEnd): void {
    const call = this.take(id);
    call?.reject(this.#ends.errorOf(call, end));
  }

  #expireAt(tick: number, id: number): void {
    const due = this.#dueAt.get(tick);
    if (due === undefined) this.#dueAt.set(tick, [id]);
    else due.push(id);
  }

  #watch(id: number, signal: AbortSignal): void {
    this.#signalOf.set(id, signal);
    const watched = this.#watched.get(signal);
    if (watched !== undefined) {
      watched.calls.add(id);
      return;
    }
    const calls = new Set([id]);
    const listener = () => {
      for (const call of calls) this.#end(call, { type: 'abort', reason: signal.reason });
    };
    signal.addEventListener('abort', listener, { once: true });
    this.#watched.set(signal, { calls, listener });
  }

  #unwatch(id: number): void {
    const signal = this.#signalOf.get(id);
    if (signal === undefined) return;
    this.#signalOf.delete(id);
    const watched = this.#watched.get(signal);
    if (watched === undefined) return;
    watched.calls.delete(id);
    if (watched.calls.size > 0) return;
    signal.removeEventListener('abort', watched.listener);
    this.#watched.delete(signal);
  }
}
