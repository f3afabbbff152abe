/** A process that stands still, as in a long garbage collection or a suspended machine: what comes meanwhile waits. */
import type { EventQueue } from './event-queue.js';

/** Whether one process stands still, and what waits for it. */
export class Standstill {
  readonly #queue: EventQueue;
  readonly #waiting: (() => void)[] = [];
  #untilUs = 0;

  constructor(queue: EventQueue) {
    this.#queue = queue;
  }

  get isOn(): boolean {
    return this.#untilUs > this.#queue.nowUs;
  }

  /** The process stands still for a while. */
  begin(forUs: number): void {
    this.#untilUs = this.#queue.nowUs + forUs;
    this.#queue.after(forUs, () => {
      if (!this.isOn) this.end();
    });
  }

  /** The process goes on at once, or is gone: what came meanwhile happens now, in its order. */
  end(): void {
    this.#untilUs = 0;
    for (const run of this.#waiting.splice(0)) this.#queue.after(0, run);
  }

  /** Keeps something until the process goes on, or ends. */
  hold(run: () => void): void {
    this.#waiting.push(run);
  }
}
