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
  readonly #onTurnedAway: (reason: 'CROWDED_OUT' | 'TIMED_OUT', remote: string) => void;
  /** By address and port of the other end, in order of arrival. */
  readonly #strangers = new Map<string, { readonly socket: Socket; readonly cancel: () => void }>();

  /**
   * @param clock - Where time comes from.
   * @param most - Strangers at once.
   * @param patienceMs - Milliseconds each may stay.
   * @param onTurnedAway - Told whom it closed, and why.
   */
  constructor(
    clock: Clock,
    most: number,
    patienceMs: number,
    onTurnedAway: (reason: 'CROWDED_OUT' | 'TIMED_OUT', remote: string) => void,
  ) {
    this.#clock = clock;
    this.#most = most;
    this.#patienceMs = patienceMs;
    this.#onTurnedAway = onTurnedAway;
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
    const remote = remoteOf(socket);
    if (this.#strangers.size >= this.#most) this.#crowdOut();
    const cancel = this.#clock.after(this.#patienceMs, () => this.#turnAway(remote, 'TIMED_OUT'));
    this.#strangers.set(remote, { socket, cancel });
    socket.on('close', () => {
      if (this.#strangers.get(remote)?.socket === socket) this.leave(remote);
    });
  }

  /**
   * A connection said an acceptable hello, or is gone.
   *
   * @param remote - Its address and port, from {@link remoteOf}: under TLS one connection is two sockets.
   */
  leave(remote: string): void {
    this.#strangers.get(remote)?.cancel();
    this.#strangers.delete(remote);
  }

  /** Turns all away. */
  clear(): void {
    for (const [remote, { socket }] of [...this.#strangers]) {
      this.leave(remote);
      socket.destroy();
    }
  }

  #crowdOut(): void {
    for (const remote of this.#strangers.keys()) {
      this.#turnAway(remote, 'CROWDED_OUT');
      return;
    }
  }

  #turnAway(remote: string, reason: 'CROWDED_OUT' | 'TIMED_OUT'): void {
    const socket = this.#strangers.get(remote)?.socket;
    this.leave(remote);
    socket?.destroy();
    this.#onTurnedAway(reason, remote);
  }
}

/**
 * Address and port of the other end of an accepted connection, as `address:port`.
 *
 * @param socket - It.
 */
export function remoteOf(socket: Socket): string {
  return `${socket.remoteAddress ?? 'unknown'}:${socket.remotePort ?? 0}`;
}
