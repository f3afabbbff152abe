/**
 * Events as they happen, for many readers: the newest stay in a bounded history, so that a reader who comes late or
 * comes back sees what it missed, and nothing grows with time.
 */
import type { NodeId } from '@synod/core';
import type { EventDocument } from './rest-documents.js';

/** What a feed is told of one event. */
export interface FeedEvent {
  /** Where it happened. */
  readonly node: NodeId;
  /** When, in milliseconds since 1970. */
  readonly timeMs: number;
  /** What: plain data with a type. */
  readonly event: EventDocument['event'];
}

/** A numbered stream of events with a bounded memory. */
export class EventFeed {
  readonly #eventsMax: number;
  readonly #history: EventDocument[] = [];
  readonly #readers = new Set<(event: EventDocument) => void>();
  #lastId: number;

  /**
   * @param startedAtMs - When the process began, in milliseconds since 1970: numbers count from there in microseconds,
   * so that those of a restarted process are greater than all before and a reader can go on.
   * @param eventsMax - Most events remembered. Default 1000.
   */
  constructor(startedAtMs: number, eventsMax = 1000) {
    this.#eventsMax = eventsMax;
    this.#lastId = startedAtMs * 1000;
  }

  /**
   * Adds an event and tells the readers.
   *
   * @param event - What happened.
   */
  publish(event: FeedEvent): void {
    this.#lastId += 1;
    const numbered: EventDocument = { id: this.#lastId, ...event };
    this.#history.push(numbered);
    // Cut in blocks: dropping one event at a time would move the whole array for each.
    if (this.#history.length >= this.#eventsMax * 2)
      this.#history.splice(0, this.#history.length - this.#eventsMax);
    for (const reader of this.#readers) reader(numbered);
  }

  /**
   * Remembered events after one, oldest first.
   *
   * @param id - Number of the last event that the reader has; 0 for all.
   */
  since(id: number): readonly EventDocument[] {
    const missed = Math.min(this.#lastId - id, this.#eventsMax, this.#history.length);
    return missed > 0 ? this.#history.slice(this.#history.length - missed) : [];
  }

  /**
   * Calls back on every later event.
   *
   * @param reader - Must not throw.
   * @returns Ends it.
   */
  subscribe(reader: (event: EventDocument) => void): () => void {
    this.#readers.add(reader);
    return () => this.#readers.delete(reader);
  }

  /** Number of readers. */
  get readers(): number {
    return this.#readers.size;
  }
}
