/** The answering end of calls over one connection: bounded in number and bytes, each with the caller's deadline. */
import { type Clock, DecodeError, type NodeId } from '@synod/core';
import { definite, ExchangeError, failureOf, uncertain } from './exchange-error.js';
import type { ExchangeItem, Failure } from './exchange-items.js';
import type { ExchangeLink } from './exchange-link.js';

/** A call, as its handler sees it. */
export interface IncomingCall {
  /** Who calls. */
  readonly from: NodeId;
  /** Under which name. */
  readonly method: string;
  /** What the caller sent; the handler's own. */
  readonly payload: Uint8Array;
  /** When the caller stops waiting, as a time of this transport's clock: pass it on to the calls that this one needs. */
  readonly deadline: number;
  /** Aborted when the caller gives up, the deadline passes or the connection ends: nobody waits for the answer then. */
  readonly signal: AbortSignal;
}

/**
 * Answers calls of one method. What it throws reaches the caller: a SynodError with its code and effect, anything else
 * as `HANDLER_FAILED` with effect `unknown`.
 */
export type CallHandler = (call: IncomingCall) => Uint8Array | Promise<Uint8Array>;

/** Bounds on what one peer may have open here. */
export interface IncomingCallLimits {
  /** Most calls at once. */
  readonly callsOpenMax: number;
  /** Greatest sum of their payloads. */
  readonly callBytesMax: number;
}

type CallItem = Extract<ExchangeItem, { type: 'call' }>;

/** Calls that the peer made. */
export class IncomingCalls {
  readonly #link: ExchangeLink;
  readonly #clock: Clock;
  readonly #limits: IncomingCallLimits;
  readonly #handlers: ReadonlyMap<string, CallHandler>;
  readonly #open = new Map<number, ServedCall>();
  #openBytes = 0;
  /** Whether new calls are refused, since this side is about to close. */
  draining = false;
  /** Told when a call is open no more. */
  onEnded: () => void = () => {};

  /**
   * @param link - The connection.
   * @param clock - Where deadlines come from.
   * @param limits - Bounds.
   * @param handlers - Handlers by name.
   */
  constructor(
    link: ExchangeLink,
    clock: Clock,
    limits: IncomingCallLimits,
    handlers: ReadonlyMap<string, CallHandler>,
  ) {
    this.#link = link;
    this.#clock = clock;
    this.#limits = limits;
    this.#handlers = handlers;
  }

  /** Calls whose handler has not ended, or whose answer waits. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * The peer calls.
   *
   * @param item - What it said.
   * @throws DecodeError when a call of this id is open.
   */
  receive(item: CallItem): void {
    if (this.#open.has(item.id)) throw new DecodeError(`call ${item.id} came twice`);
    const handler = this.#handlers.get(item.method);
    if (handler === undefined || this.draining || this.#isFull(item.payload.length)) {
      this.#answer({ type: 'failure', id: item.id, failure: this.#refusalOf(handler) });
      return;
    }
    const call = new ServedCall(this.#link.peer, item, this.#clock);
    this.#open.set(item.id, call);
    this.#openBytes += call.payload.length;
    void this.#serve(item.id, call, handler);
  }

  /**
   * The caller gave a call up. It is open until its handler ends.
   *
   * @param id - Its id.
   */
  cancel(id: number): void {
    this.#open.get(id)?.abort(uncertain('CANCELLED', 'the caller gave the call up'));
  }

  /**
   * The connection ended: all calls are given up.
   *
   * @param failure - Why.
   */
  end(failure: Failure): void {
    for (const call of this.#open.values()) call.abort(failure);
  }

  #isFull(payloadBytes: number): boolean {
    const { callsOpenMax, callBytesMax } = this.#limits;
    return this.#open.size >= callsOpenMax || this.#openBytes + payloadBytes > callBytesMax;
  }

  #refusalOf(handler: CallHandler | undefined): Failure {
    if (this.draining) return definite('DRAINING', 'this node is about to close: call another');
    if (handler === undefined) return definite('NO_SUCH_METHOD', 'this node handles no such method');
    return definite('TOO_MANY_CALLS', 'too many calls of this peer are open here: call again later');
  }

  async #serve(id: number, call: ServedCall, handler: CallHandler): Promise<void> {
    let answer: ExchangeItem;
    try {
      answer = { type: 'reply', id, payload: await handler(call) };
    } catch (error) {
      answer = { type: 'failure', id, failure: failureOf(error) };
    }
    call.release();
    if (!call.aborted) await this.#answerInTurn(answer);
    this.#open.delete(id);
    this.#openBytes -= call.payload.length;
    this.onEnded();
  }

  async #answerInTurn(answer: ExchangeItem): Promise<void> {
    for (;;) {
      const result = this.#link.push(answer, 'bounded');
      if (result === 'queued') return;
      if (result === 'too-large') {
        const failure = uncertain('TOO_LARGE', 'the answer does not fit into a frame: use a stream');
        this.#answer({ type: 'failure', id: idOf(answer), failure });
        return;
      }
      if (!(await this.#link.room())) return;
    }
  }

  #answer(item: ExchangeItem): void {
    this.#link.push(item, 'forced');
  }
}

function idOf(item: ExchangeItem): number {
  return 'id' in item ? item.id : 0;
}

/** A call that is being served. */
class ServedCall implements IncomingCall {
  readonly from: NodeId;
  readonly method: string;
  readonly payload: Uint8Array;
  readonly deadline: number;
  /** Why nobody waits for it any more. */
  #failure: Failure | undefined;
  #controller: AbortController | undefined;
  readonly #stopTimer: () => void;

  constructor(from: NodeId, { method, payload, remainingMs }: CallItem, clock: Clock) {
    this.from = from;
    this.method = method;
    this.payload = new Uint8Array(payload);
    const patienceMs = Math.min(remainingMs, 2 ** 31 - 1);
    this.deadline = clock.now() + patienceMs;
    this.#stopTimer = clock.after(patienceMs, () =>
      this.abort(uncertain('DEADLINE_EXCEEDED', 'the deadline of the call has passed')),
    );
  }

  /** Made when it is first asked for: most handlers never do. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#failure !== undefined) this.#controller.abort(this.#reason(this.#failure));
    }
    return this.#controller.signal;
  }

  get aborted(): boolean {
    return this.#failure !== undefined;
  }

  abort(failure: Failure): void {
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    this.release();
    this.#controller?.abort(this.#reason(failure));
  }

  release(): void {
    this.#stopTimer();
  }

  #reason(failure: Failure): ExchangeError {
    return new ExchangeError(this.from, this.method, failure);
  }
}
