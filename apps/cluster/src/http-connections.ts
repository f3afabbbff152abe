/**
 * The connections of an HTTP server. When there are too many, the oldest goes that never made a request, and where all
 * have, the one that has waited longest without a request being worked on. So clients who open connections and say
 * nothing keep nobody out for long, and cost those nothing who came before and keep their connections.
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
  /**
   * By address and port of the other end, since under TLS one connection is two sockets: those that made no request
   * yet, oldest first, and the others, longest idle first.
   */
  readonly #silent = new Map<string, Held>();
  readonly #known = new Map<string, Held>();

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
    return this.#silent.size + this.#known.size;
  }

  /**
   * A connection was accepted.
   *
   * @param socket - It.
   */
  enter(socket: Socket): void {
    if (this.size >= this.#most && !this.#crowdOut()) {
      this.#onRefused('CONNECTIONS_EXHAUSTED');
      socket.resetAndDestroy();
      return;
    }
    const remote = remoteOf(socket);
    this.#silent.set(remote, { socket, working: 0 });
    socket.on('close', () => {
      for (const held of [this.#silent, this.#known])
        if (held.get(remote)?.socket === socket) held.delete(remote);
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
    const held = this.#silent.get(remote) ?? this.#known.get(remote);
    if (held === undefined) return () => {};
    this.#silent.delete(remote);
    this.#known.set(remote, held);
    held.working += 1;
    return () => {
      held.working -= 1;
      if (this.#known.get(remote) !== held) return;
      this.#known.delete(remote);
      this.#known.set(remote, held);
    };
  }

  #crowdOut(): boolean {
    for (const held of [this.#silent, this.#known]) {
      for (const [remote, { socket, working }] of held) {
        if (working > 0) continue;
        held.delete(remote);
        this.#onRefused('CONNECTION_CROWDED_OUT');
        socket.destroy();
        return true;
      }
    }
    return false;
  }
}

function remoteOf(socket: Socket): string {
  return `${socket.remoteAddress ?? 'unknown'}:${socket.remotePort ?? 0}`;
}
