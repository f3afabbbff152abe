/**
 * Bounds what strangers can cost. From the moment its TCP connection is accepted until it has said an acceptable
 * hello, a connection stands in this gate: at most a fixed number at once, each for a limited time. One too many turns
 * the oldest away and not the newest, so that idle strangers cannot keep a peer out for longer than it takes to say
 * hello.
 */
import type { Socket } from 'node:net';
import type { Clock } from '@synod/core';

/** Connections that have not yet said who they are. */
export class StrangerGate {
  readonly #clock: Clock;
  readonly #most: number;
  readonly #patienceMs: number;
  /** In order of arrival. */
  readonly #strangers = new Map<Socket, () => void>();
  /** Strangers that were turned away to make room. */
  turnedAway = 0;

  /**
   * @param clock - Where time comes from.
   * @param most - Strangers at once.
   * @param patienceMs - Milliseconds each may stay.
   */
  constructor(clock: Clock, most: number, patienceMs: number) {
    this.#clock = clock;
    this.#most = most;
    this.#patienceMs = patienceMs;
  }

  /** Strangers now. */
  get size(): number {
    return this.#strangers.size;
  }

  /**
   * A connection was accepted.
   *
   * @param socket - It.
   */
  enter(socket: Socket): void {
    if (this.#strangers.size >= this.#most) this.#turnOldestAway();
    const cancel = this.#clock.after(this.#patienceMs, () => socket.destroy());
    this.#strangers.set(socket, cancel);
    socket.on('close', () => this.leave(socket));
  }

  /**
   * A connection said an acceptable hello, or is gone.
   *
   * @param socket - It.
   */
  leave(socket: Socket): void {
    this.#strangers.get(socket)?.();
    this.#strangers.delete(socket);
  }

  /** Turns all away. */
  clear(): void {
    for (const socket of [...this.#strangers.keys()]) {
      this.leave(socket);
      socket.destroy();
    }
  }

  #turnOldestAway(): void {
    for (const socket of this.#strangers.keys()) {
      this.turnedAway++;
      this.leave(socket);
      socket.destroy();
      return;
    }
  }
}
