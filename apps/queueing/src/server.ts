/** A server: some workers, and a queue before them in the order of arrival. */
import { ServerLoad } from '@synod/balancer';
import type { EventQueue } from './event-queue.js';

interface Waiting {
  readonly workMs: number;
  readonly arrivedAtMs: number;
  readonly inFlight: number;
  readonly end: () => void;
}

/** Works on requests. */
export class Server {
  /** What it says to probes. */
  readonly load = new ServerLoad();
  /** Work done in a millisecond. A request that has begun goes on at the speed it began with. */
  speed: number;
  readonly #events: EventQueue;
  #idle: number;
  readonly #queue: Waiting[] = [];
  /** Place of the first that waits: shifting a long queue would be slow. */
  #first = 0;

  /**
   * @param events - Where its ends are planned.
   * @param workers - Requests that it works on at once.
   * @param speed - Its speed.
   */
  constructor(events: EventQueue, workers: number, speed: number) {
    this.#events = events;
    this.#idle = workers;
    this.speed = speed;
  }

  /**
   * Takes a request.
   *
   * @param workMs - Work at speed 1.
   * @param end - Called when it is done.
   */
  take(workMs: number, end: () => void): void {
    const waiting = { workMs, arrivedAtMs: this.#events.nowMs, inFlight: this.load.begin(), end };
    if (this.#idle > 0) this.#begin(waiting);
    else this.#queue.push(waiting);
  }

  #begin({ workMs, arrivedAtMs, inFlight, end }: Waiting): void {
    this.#idle -= 1;
    this.#events.plan(workMs / this.speed, () => {
      this.#idle += 1;
      this.load.end(inFlight, this.#events.nowMs - arrivedAtMs);
      end();
      const next = this.#queue[this.#first];
      if (next === undefined) return;
      this.#first += 1;
      if (this.#first > 1000 && this.#first * 2 > this.#queue.length) {
        this.#queue.splice(0, this.#first);
        this.#first = 0;
      }
      this.#begin(next);
    });
  }
}
