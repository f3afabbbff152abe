/**
 * Linearizable reads on their way: all reads of one turn share one barrier of the engine, then wait until the state
 * machine has applied as far as the barrier says (Raft §8; dissertation §6.4).
 *
 * Every barrier that is through also says how fresh the state here is: it holds all that was committed before the
 * barrier was asked for. Reads of bounded staleness live on that. It is measured on one clock, from the question and
 * not from the answer, so neither slow messages nor a deposed leader's can make old state look fresh; heartbeats, whose
 * age nobody here knows, say nothing.
 */
import {
  type Clock,
  type EngineInput,
  type EngineMessage,
  InvalidArgumentError,
  type LogIndex,
  type ReadContext,
  type ReadMode,
  type ReadReady,
  type Refusal,
  type SynodError,
} from '@synod/core';
import { type CallEnd, CallTable } from './call-table.js';
import { AbortedError, OverloadedError, TimedOutError } from './errors.js';
import type { ReplicaSettings } from './limits.js';
import { refusalError } from './refusal-error.js';
import type { BoundedAnswer, BoundedReadOptions, ReadOptions } from './replica.js';

interface ReadCall {
  /** Runs the query and settles the promise. */
  readonly answer: () => void;
  readonly reject: (error: Error) => void;
}

/** Reads that share a barrier. */
interface Barrier {
  readonly reads: readonly number[];
  /** When the first of them was asked for. */
  readonly askedMs: number;
  /** Through where to apply first; unknown until the barrier is through. */
  index: LogIndex | undefined;
}

/** How far the state machine is. */
interface ReadableState {
  /** Last index that it has applied. */
  readonly index: LogIndex;
  /** Whether it is being replaced, and holds nothing whole. */
  readonly isRestoring: boolean;
}

const modes: readonly ReadMode[] = ['index', 'lease', 'quorum'];

/** The reads of one replica. */
export class Reads {
  readonly #settings: ReplicaSettings;
  readonly #clock: Clock;
  readonly #calls: CallTable<ReadCall>;
  readonly #queued: Record<ReadMode, number[]> = { index: [], lease: [], quorum: [] };
  readonly #barriers = new Map<ReadContext, Barrier>();
  /** When the first read of those queued was asked for. */
  readonly #queuedMs: Record<ReadMode, number> = { index: 0, lease: 0, quorum: 0 };
  #lastContext = 0;
  /** The state machine here reflects everything that was committed by then. */
  #freshMs = Number.NEGATIVE_INFINITY;
  /** While leases are not trusted: the last barrier that began before that. */
  #distrustedSince: ReadContext | undefined;
  /** Reads taken in so far. */
  #count = 0;
  /** Barriers asked for. */
  #barrierCount = 0;
  /** Reads of bounded staleness that needed none. */
  #local = 0;

  constructor(settings: ReplicaSettings, tickMs: number, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
    this.#calls = new CallTable(tickMs, settings.callTimeoutMs, { errorOf: endError });
  }

  /** Reads that wait. */
  get pending(): number {
    return this.#calls.size;
  }

  get metrics() {
    return {
      reads: this.#count,
      readBarriers: this.#barrierCount,
      boundedReadsLocal: this.#local,
      pendingReads: this.pending,
    };
  }

  read<Value>(query: () => Value, options: ReadOptions): Promise<Value> {
    const mode = options.mode ?? 'index';
    if (!modes.includes(mode)) {
      return Promise.reject(
        new InvalidArgumentError(`mode of the read is ${mode}: it must be ${modes.join(' or ')}`),
      );
    }
    if (this.#calls.size >= this.#settings.pendingReadsMax) {
      return Promise.reject(new OverloadedError(`${this.#calls.size} reads wait, the most allowed`));
    }
    return new Promise((resolve, reject) => {
      const answer = () => {
        try {
          resolve(query());
        } catch (error) {
          reject(error);
        }
      };
      const read = this.#calls.add({ answer, reject }, options);
      if (read === undefined) return;
      this.#count++;
      if (this.#queued[mode].length === 0) this.#queuedMs[mode] = this.#clock.now();
      this.#queued[mode].push(read);
    });
  }

  /** Answers at once when the state is known to be fresh enough, and else by a barrier. */
  readBounded<Value>(
    query: () => Value,
    options: BoundedReadOptions,
    state: ReadableState,
  ): Promise<BoundedAnswer<Value>> {
    const { maxStalenessMs } = options;
    if (typeof maxStalenessMs !== 'number' || !(maxStalenessMs >= 0)) {
      const reason = `maxStalenessMs is ${maxStalenessMs}: it must be 0 or more milliseconds`;
      return Promise.reject(new InvalidArgumentError(reason));
    }
    const stalenessMs = this.#clock.now() - this.#freshMs;
    if (state.isRestoring || stalenessMs > maxStalenessMs)
      return this.read(() => ({ value: query(), stalenessMs: 0, appliedIndex: state.index }), options);
    this.#local++;
    // As a promise, so that what the query throws rejects.
    return new Promise((resolve) => {
      resolve({ value: query(), stalenessMs, appliedIndex: state.index });
    });
  }

  /** Whether a read is queued that is only as good as the engine's knowledge of time. */
  get trustsTime(): boolean {
    return this.#queued.lease.length > 0;
  }

  /**
   * Reads go by read index from now on, also those of mode `lease`, until such a read is through.
   *
   * A lease is measured in ticks, and this engine was not told of the time that has just passed: by its count a lease
   * from before may still hold, while others have elected a leader long ago. A read index that began after that time
   * and passes shows that a quorum has followed this leader since; a lease which that quorum renewed is counted from
   * then at the earliest, and from then on no tick is missing.
   */
  distrustLease(): void {
    this.#distrustedSince = this.#lastContext;
  }

  /** Whether a read waits for its barrier to be asked for. */
  get isQueued(): boolean {
    return modes.some((mode) => this.#queued[mode].length > 0);
  }

  /** Asks the engine for one barrier for all reads that are queued. */
  handOver<Message extends EngineMessage>(step: (input: EngineInput<Message>) => void): void {
    for (const mode of modes) {
      if (this.#queued[mode].length === 0) continue;
      const reads = this.#queued[mode].filter((read) => this.#calls.get(read) !== undefined);
      this.#queued[mode] = [];
      if (reads.length === 0) continue;
      const context = ++this.#lastContext;
      this.#barriers.set(context, { reads, askedMs: this.#queuedMs[mode], index: undefined });
      this.#barrierCount++;
      step({ type: 'read', context, mode: this.#distrustedSince === undefined ? mode : 'index' });
    }
  }

  /** A barrier is through. */
  ready({ context, index }: ReadReady): void {
    const barrier = this.#barriers.get(context);
    if (barrier !== undefined) barrier.index = index;
    if (this.#distrustedSince !== undefined && context > this.#distrustedSince)
      this.#distrustedSince = undefined;
  }

  /** Answers the reads that the state machine has come far enough for. */
  answer(appliedIndex: LogIndex): void {
    if (this.#barriers.size === 0) return;
    for (const [context, { index, reads, askedMs }] of this.#barriers) {
      if (index === undefined || index > appliedIndex) continue;
      this.#barriers.delete(context);
      if (askedMs > this.#freshMs) this.#freshMs = askedMs;
      for (const read of reads) this.#calls.take(read)?.answer();
    }
  }

  refused(context: ReadContext, refusal: Refusal): void {
    const barrier = this.#barriers.get(context);
    if (barrier === undefined) return;
    this.#barriers.delete(context);
    for (const read of barrier.reads) this.#calls.take(read)?.reject(refusalError(refusal));
  }

  tick(): void {
    this.#calls.tick();
    for (const [context, { reads }] of this.#barriers) {
      if (reads.every((read) => this.#calls.get(read) === undefined)) this.#barriers.delete(context);
    }
  }

  /** Ends every read: the replica was closed, or it failed. */
  endAll(error: SynodError): void {
    for (const mode of modes) this.#queued[mode] = [];
    this.#barriers.clear();
    for (const { reject } of this.#calls.takeAll()) reject(error);
  }
}

function endError(_call: ReadCall, end: CallEnd): SynodError {
  const what = 'the read';
  return end.type === 'timeout'
    ? new TimedOutError(`${what} was not answered in its time`)
    : new AbortedError(what, end.reason);
}
