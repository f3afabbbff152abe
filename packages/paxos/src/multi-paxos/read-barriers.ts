/**
 * Reads that wait to be known linearizable. A leader gives every batch of reads a round number that its heartbeats
 * carry; an answer to a later round confirms all earlier ones, and an answer to an earlier round never confirms a later
 * read. A follower sends its reads to the leader as one numbered request, marked with its life.
 */
import {
  type FingerprintBuilder,
  type FingerprintView,
  invariant,
  type LogIndex,
  type NodeId,
  type ReadContext,
} from '@synod/core';

/** A follower that asked for its own callers. */
export interface FollowerReader {
  readonly type: 'follower';
  readonly id: NodeId;
  readonly life: number;
  readonly request: number;
}

/** Whoever asked: this node's caller, or a follower. */
export type Reader = { readonly type: 'local'; readonly context: ReadContext } | FollowerReader;

/** Reads that one round of heartbeats confirms. */
export interface ReadBatch {
  readonly round: number;
  /** Decided index when the batch was sent off. */
  readonly index: LogIndex;
  readonly readers: readonly Reader[];
}

interface ForwardedReads {
  readonly request: number;
  readonly contexts: readonly ReadContext[];
  silentTicks: number;
}

/** All reads that wait on one node. */
export class ReadBarriers {
  /** The latest round of heartbeats. */
  round = 0;
  /** Reads that no round confirms yet. */
  waiting: Reader[] = [];
  /** Batches on their way, oldest first. */
  batches: ReadBatch[] = [];
  /** Reads of this node's callers that were not forwarded yet. */
  unforwarded: ReadContext[] = [];
  #forwarded: ForwardedReads[] = [];
  #requests = 0;

  clone(): ReadBarriers {
    const copy = new ReadBarriers();
    copy.round = this.round;
    copy.waiting = [...this.waiting];
    copy.batches = [...this.batches];
    copy.unforwarded = [...this.unforwarded];
    copy.#forwarded = this.#forwarded.map((reads) => ({ ...reads }));
    copy.#requests = this.#requests;
    return copy;
  }

  /** Folds in all that can influence which read is answered when. */
  addTo(digest: FingerprintBuilder, view: FingerprintView): void {
    digest.number(this.round).number(this.#requests);
    addReaders(digest, this.waiting, view);
    digest.number(this.batches.length);
    for (const { round, index, readers } of this.batches)
      addReaders(digest.number(round).number(index), readers, view);
    addNumbers(digest, this.unforwarded);
    digest.number(this.#forwarded.length);
    for (const { request, contexts, silentTicks } of this.#forwarded) {
      digest.number(request);
      if (view.untimed !== true) digest.number(silentTicks);
      addNumbers(digest, contexts);
    }
  }

  /** How many reads wait. */
  get pending(): number {
    let pending = this.waiting.length + this.unforwarded.length;
    for (const batch of this.batches) pending += batch.readers.length;
    for (const forwarded of this.#forwarded) pending += forwarded.contexts.length;
    return pending;
  }

  /** Lets the next round of heartbeats confirm the reads that wait. */
  startRound(index: LogIndex): void {
    invariant(this.waiting.length > 0, 'a read round has reads');
    this.batches.push({ round: this.round + 1, index, readers: this.waiting });
    this.waiting = [];
  }

  /** Takes the batches that a round confirms. */
  confirm(round: number): readonly ReadBatch[] {
    let count = 0;
    while ((this.batches[count]?.round ?? Number.POSITIVE_INFINITY) <= round) count++;
    return this.batches.splice(0, count);
  }

  /** Other members govern: what is under way starts over under them. */
  restart(): void {
    this.waiting = [...this.batches.flatMap(({ readers }) => readers), ...this.waiting];
    this.batches = [];
  }

  /** Takes the reads to be forwarded, under a new request number. */
  forward(): number {
    this.#requests++;
    this.#forwarded.push({ request: this.#requests, contexts: this.unforwarded, silentTicks: 0 });
    this.unforwarded = [];
    return this.#requests;
  }

  /** Takes the reads of a forwarded request, which was answered. */
  answered(request: number): readonly ReadContext[] {
    const position = this.#forwarded.findIndex((reads) => reads.request === request);
    return position < 0 ? [] : (this.#forwarded.splice(position, 1)[0]?.contexts ?? []);
  }

  /** Lets a tick pass and takes the forwarded reads that waited longer than a number of ticks. */
  expireForwarded(ticks: number): readonly ReadContext[] {
    const expired: ReadContext[] = [];
    for (const reads of this.#forwarded) {
      if (++reads.silentTicks > ticks) expired.push(...reads.contexts);
    }
    if (expired.length > 0) this.#forwarded = this.#forwarded.filter((reads) => reads.silentTicks <= ticks);
    return expired;
  }

  /** Takes everything that was or would be forwarded. */
  abandonForwarded(): readonly ReadContext[] {
    const contexts = [...this.#forwarded.flatMap((reads) => reads.contexts), ...this.unforwarded];
    this.#forwarded = [];
    this.unforwarded = [];
    return contexts;
  }

  /** Takes everything that waited for this node as leader. */
  abandonLed(): readonly Reader[] {
    this.restart();
    const readers = this.waiting;
    this.waiting = [];
    return readers;
  }
}

function addReaders(digest: FingerprintBuilder, readers: readonly Reader[], view: FingerprintView): void {
  digest.number(readers.length);
  for (const reader of readers) {
    digest.text(reader.type);
    if (reader.type === 'local') digest.number(reader.context);
    else {
      digest.text(view.rename === undefined ? reader.id : view.rename(reader.id));
      digest.number(reader.life).number(reader.request);
    }
  }
}

function addNumbers(digest: FingerprintBuilder, numbers: readonly number[]): void {
  digest.number(numbers.length);
  for (const number of numbers) digest.number(number);
}
