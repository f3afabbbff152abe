/** Who leads, as far as this node knows, and the callers that wait for it to change. */
import type { NodeId, Refusal, SynodError } from '@synod/core';
import { type CallEnd, CallTable } from './call-table.js';
import { AbortedError, TimedOutError } from './errors.js';
import type { ReplicaSettings } from './limits.js';
import { refusalError } from './refusal-error.js';
import type { CallOptions } from './replica.js';

interface LeaderCall {
  readonly what: string;
  /** Whether it waits for another node than this to lead. */
  readonly isTransfer: boolean;
  readonly resolve: (leader: NodeId) => void;
  readonly reject: (error: Error) => void;
}

/** Follows the leader of one group. */
export class LeaderWatch {
  readonly #id: NodeId;
  readonly #calls: CallTable<LeaderCall>;
  readonly #waiting = new Set<number>();
  #leader: NodeId | undefined;

  constructor(id: NodeId, settings: ReplicaSettings, tickMs: number) {
    this.#id = id;
    this.#calls = new CallTable(tickMs, settings.callTimeoutMs, { errorOf: endError });
  }

  get leader(): NodeId | undefined {
    return this.#leader;
  }

  /** Callers that wait. */
  get pending(): number {
    return this.#calls.size;
  }

  wait(options: CallOptions): Promise<NodeId> {
    if (this.#leader !== undefined) return Promise.resolve(this.#leader);
    return this.#wait('the wait for a leader', false, options, () => undefined);
  }

  /** Waits for another node to lead, after asking for that. */
  transfer(options: CallOptions, ask: () => void): Promise<NodeId> {
    return this.#wait('the transfer of leadership', true, options, ask);
  }

  changed(leader: NodeId | undefined): void {
    this.#leader = leader;
    if (leader === undefined) return;
    this.#settle((call) => {
      if (call.isTransfer && leader === this.#id) return false;
      call.resolve(leader);
      return true;
    });
  }

  transferRefused(refusal: Refusal): void {
    this.#settle((call) => {
      if (call.isTransfer) call.reject(refusalError(refusal));
      return call.isTransfer;
    });
  }

  tick(): void {
    this.#calls.tick();
  }

  endAll(error: SynodError): void {
    this.#waiting.clear();
    for (const { reject } of this.#calls.takeAll()) reject(error);
  }

  #wait(what: string, isTransfer: boolean, options: CallOptions, begin: () => void): Promise<NodeId> {
    return new Promise((resolve, reject) => {
      const id = this.#calls.add({ what, isTransfer, resolve, reject }, options);
      if (id === undefined) return;
      this.#waiting.add(id);
      begin();
    });
  }

  #settle(settled: (call: LeaderCall) => boolean): void {
    for (const id of this.#waiting) {
      const call = this.#calls.get(id);
      if (call !== undefined && !settled(call)) continue;
      this.#waiting.delete(id);
      this.#calls.take(id);
    }
  }
}

function endError({ what }: LeaderCall, end: CallEnd): SynodError {
  return end.type === 'timeout'
    ? new TimedOutError(`${what} did not end in its time`)
    : new AbortedError(what, end.reason);
}
