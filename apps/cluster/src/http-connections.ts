/**
 * The connections of an HTTP server. When there are too many, the one goes that has waited longest without a request
 * being worked on, so that clients who open connections and say nothing keep nobody out for long.
 */
import type { Socket } from 'node:net';

interface Held {
  readonly socket: Socket;
  /** Requests being worked on. */
  working: number;
}

/** Keeps connections to a number. */
export class HttpConnections {
  readonly #most: number;
  readonly #onRefused: (reason: 'CONNECTION_CROWDED_OUT' | 'CONNECTIONS_EXHAUSTED') => void;
  /** By address and port of the other end, since under TLS one connection is two sockets; longest idle first. */
  readonly #held = new Map<string, Held>();

  /**
   * @param most - Connections at once.
   * @param onRefused - Told of each that was closed.
   */
  constructor(most: number, onRefused: (reason: 'CONNECTION_CROWDED_OUT' | 'CONNECTIONS_EXHAUSTED') => void) {
    this.#most = most;
    this.#onRefused = onRefused;
  }

  /** Connections now. */
  get size(): number {
    return this.#held.size;
  }

  /**
   * A connection was accepted.
   *
   * @param socket - It.
   */
  enter(socket: Socket): void {
    if (this.#held.size >= this.#most && !this.#crowdOut()) {
      this.#onRefused('CONNECTIONS_EXHAUSTED');
      socket.resetAndDestroy();
      return;
    }
    const remote = remoteOf(socket);
    this.#held.set(remote, { socket, working: 0 });
    socket.on('close', () => {
      if (this.#held.get(remote)?.socket === socket) this.#held.delete(remote);
    });
  }

  /**
   * A request came over a connection.
   *
   * @param socket - The connection.
   * @returns To be called when it is answered.
   */
  work(socket: Socket): () => void {
    const remote = remoteOf(socket);
    const held = this.#held.get(remote);
    if (held === undefined) return () => {};
    held.working += 1;
    return () => {
      held.working -= 1;
      if (this.#held.get(remote) !== held) return;
      this.#held.delete(remote);
      this.#held.set(remote, held);
    };
  }

  #crowdOut(): boolean {
    for (const [remote, { socket, working }] of this.#held) {
      if (working > 0) continue;
      this.#held.delete(remote);
      this.#onRefused('CONNECTION_CROWDED_OUT');
      socket.destroy();
      return true;
    }
    return false;
  }
}

function remoteOf(socket: Socket): string {
  return `${socket.remoteAddress ?? 'unknown'}:${socket.remotePort ?? 0}`;
}
