/** The calling end of calls over one connection: each settles once, by its answer, its deadline, its signal or the end. */
import type { Clock, NodeId } from '@synod/core';
import { CallTable } from './call-table.js';
import { definite, ExchangeError, uncertain } from './exchange-error.js';
import type { ExchangeItem, Failure } from './exchange-items.js';
import type { ExchangeLink } from './exchange-link.js';

/** How long a call may take, and who may give it up. */
export interface CallOptions {
  /** Milliseconds until the call fails with `DEADLINE_EXCEEDED`. 1 to 2^31 - 1. Default: `limits.callTimeoutMs`. */
  readonly timeoutMs?: number;
  /** The same as a time of the transport's clock, such as the deadline of the call that this one is made for. */
  readonly deadline?: number;
  /** Gives the call up: the peer's handler is told by its own signal. */
  readonly signal?: AbortSignal;
}

interface OpenCall {
  readonly method: string;
  resolve(payload: Uint8Array): void;
  reject(error: ExchangeError): void;
  /** Ends the timer and the listening. */
  release(): void;
}

/** Calls that this side made. */
export class OutgoingCalls {
  readonly #link: ExchangeLink;
  readonly #clock: Clock;
  readonly #table: CallTable<OpenCall>;
  /** Told when a call is open no more. */
  onEnded: () => void = () => {};

  /**
   * @param link - The connection.
   * @param clock - Where deadlines come from.
   * @param openMax - Most calls at once.
   */
  constructor(link: ExchangeLink, clock: Clock, openMax: number) {
    this.#link = link;
    this.#clock = clock;
    this.#table = new CallTable(openMax);
  }

  /** Calls that wait for an answer. */
  get size(): number {
    return this.#table.size;
  }

  /**
   * Makes a call.
   *
   * @param method - Name of the handler.
   * @param payload - What it gets. Copied.
   * @param deadlineMs - When it is over, by the clock.
   * @param signal - Gives it up.
   */
  call(
    method: string,
    payload: Uint8Array,
    deadlineMs: number,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array> {
    const peer = this.#link.peer;
    const remainingMs = Math.floor(deadlineMs - this.#clock.now());
    const refusal = refusalBeforehand(remainingMs, signal);
    if (refusal !== undefined) return Promise.reject(new ExchangeError(peer, method, refusal));
    return new Promise((resolve, reject) => {
      let id = 0;
      const giveUp = (failure: Failure, cause?: unknown): void => {
        this.#link.push({ type: 'cancel', id }, 'forced');
        this.#settle(id, failure, { cause });
      };
      const onAbort = (): void =>
        giveUp(uncertain('CANCELLED', `the call of ${method} at ${peer} was given up`), signal?.reason);
      const stopTimer = this.#clock.after(remainingMs, () =>
        giveUp(uncertain('DEADLINE_EXCEEDED', `${peer} did not answer ${method} within ${remainingMs} ms`)),
      );
      const release = (): void => {
        stopTimer();
        signal?.removeEventListener('abort', onAbort);
      };
      const opened = this.#table.open({ method, resolve, reject, release });
      id = opened ?? 0;
      const failure = opened === undefined ? tooMany : this.#send({ id, method, remainingMs, payload });
      if (failure === undefined) {
        signal?.addEventListener('abort', onAbort);
        return;
      }
      this.#table.take(id);
      release();
      reject(new ExchangeError(peer, method, failure));
    });
  }

  /**
   * The peer answered.
   *
   * @param item - How.
   * @returns Whether such a call was ever made.
   */
  receive(item: Extract<ExchangeItem, { type: 'reply' | 'failure' }>): boolean {
    if (item.type === 'failure') this.#settle(item.id, item.failure, { remote: true });
    else {
      const call = this.#table.take(item.id);
      call?.release();
      call?.resolve(new Uint8Array(item.payload));
      this.onEnded();
    }
    return this.#table.knows(item.id);
  }

  /**
   * No answer will come any more.
   *
   * @param failure - Why.
   */
  end(failure: Failure): void {
    for (const call of this.#table.takeAll()) {
      call.release();
      call.reject(new ExchangeError(this.#link.peer, call.method, failure));
    }
  }

  #send(call: Omit<Extract<ExchangeItem, { type: 'call' }>, 'type'>): Failure | undefined {
    switch (this.#link.push({ type: 'call', ...call }, 'bounded')) {
      case 'queued':
        return undefined;
      case 'too-large':
        return definite('TOO_LARGE', `${call.payload.length} bytes do not fit into a call: open a stream`);
      case 'lane-full':
        return definite('LANE_FULL', 'too many bytes wait for the peer: call again once there is room');
    }
  }

  #settle(id: number, failure: Failure, more: { readonly remote?: boolean; readonly cause?: unknown }): void {
    const call = this.#table.take(id);
    if (call === undefined) return;
    call.release();
    call.reject(new ExchangeError(this.#link.peer, call.method, failure, more));
    this.onEnded();
  }
}

const tooMany = definite(
  'TOO_MANY_CALLS',
  'too many calls to this peer are open: call again when some are answered',
);

function refusalBeforehand(remainingMs: number, signal: AbortSignal | undefined): Failure | undefined {
  if (signal?.aborted) return definite('CANCELLED', 'the signal was aborted before the call');
  if (remainingMs < 1) return definite('DEADLINE_EXCEEDED', 'the deadline had passed before the call');
  return undefined;
}

/**
 * The time at which a call or the opening of a stream is over.
 *
 * @param options - What the caller said.
 * @param now - The present time of the clock.
 * @param defaultMs - Milliseconds where nothing is said.
 */
export function deadlineOf(options: CallOptions, now: number, defaultMs: number): number {
  const { timeoutMs, deadline } = options;
  if (timeoutMs === undefined && deadline !== undefined) return Math.min(deadline, now + delayMsMax);
  return Math.min(now + (timeoutMs ?? defaultMs), deadline ?? Number.POSITIVE_INFINITY);
}

/** A platform's timer counts no further. */
const delayMsMax = 2 ** 31 - 1;

/** Names a peer that there is no connection to. */
export function notConnected(peer: NodeId): Failure {
  return definite('NOT_CONNECTED', `no connection to ${peer} is up: call again once it is`);
}
