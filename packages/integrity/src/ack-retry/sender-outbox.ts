/** Collects a sender's effects. What is empty is absent, so that a turn makes only the lists that it fills. */
import type { Segment } from './segments.js';
import type { OfferRefusal, SenderEffects, SenderEvent } from './sender-values.js';

const nothing: readonly never[] = Object.freeze([]);

/** A peer that sends nonsense makes so many events and no more. */
const eventsMax = 64;

/** Everything that waits to be taken. */
export class SenderOutbox {
  #send: Segment[] | undefined;
  #acknowledged: number | undefined;
  #refused: OfferRefusal[] | undefined;
  #events: SenderEvent[] | undefined;

  /** A segment leaves. */
  send(segment: Segment): void {
    if (this.#send === undefined) this.#send = [segment];
    else this.#send.push(segment);
  }

  /** All blocks before a number are delivered. */
  acknowledge(next: number): void {
    this.#acknowledged = next;
  }

  /** An offer was not taken. */
  refuse(refusal: OfferRefusal): void {
    this.#refused = [...(this.#refused ?? nothing), refusal];
  }

  /** Something happened. */
  report(event: SenderEvent): void {
    this.#events ??= [];
    if (this.#events.length < eventsMax || !isRepeatable(event)) this.#events.push(event);
  }

  /** Hands everything over and starts empty. */
  take(): SenderEffects | undefined {
    const [send, acknowledged, refused, events] = [
      this.#send,
      this.#acknowledged,
      this.#refused,
      this.#events,
    ];
    const isEmpty =
      send === undefined && acknowledged === undefined && refused === undefined && events === undefined;
    if (isEmpty) return undefined;
    this.#send = undefined;
    this.#acknowledged = undefined;
    this.#refused = undefined;
    this.#events = undefined;
    return { send: send ?? nothing, acknowledged, refused: refused ?? nothing, events: events ?? nothing };
  }
}

/** Events that a peer can cause at will; the others tell of a change of state and are never left out. */
function isRepeatable({ type }: SenderEvent): boolean {
  return type === 'segmentRefused' || type === 'lossFound' || type === 'needlessRepetition';
}
