/**
 * Client sessions (Ongaro, Raft dissertation §6.3): per session the number of its last command and the answer to it,
 * so that a retry is answered and not applied again. The table is bounded: the session that was unused for longest,
 * counted in the order of the log, goes first, which is the same one on every node.
 */
import type { RefusedResult, TransactionResult } from './result.js';

/** What a session can remember. */
export type Answer = TransactionResult | RefusedResult;

/** One session. Never changed once made: the next command makes another one. */
export interface Session {
  /** Log index of the command that opened it. */
  readonly id: number;
  /** Number of its last command; 0 before the first. */
  readonly sequence: number;
  /** Answer to that command; `undefined` before the first. */
  readonly answer: Answer | undefined;
}

/** A session's place in the order of use: a ring that begins and ends at the table's anchor. */
class Place {
  session: Session;
  older: Place = this;
  newer: Place = this;

  constructor(session: Session) {
    this.session = session;
  }

  unlink(): void {
    this.older.newer = this.newer;
    this.newer.older = this.older;
  }

  linkBefore(anchor: Place): void {
    this.older = anchor.older;
    this.newer = anchor;
    anchor.older.newer = this;
    anchor.older = this;
  }
}

/** All open sessions, in the order of their last use. */
export class SessionTable {
  readonly #places = new Map<number, Place>();
  readonly #anchor = new Place({ id: 0, sequence: 0, answer: undefined });
  readonly #most: number;

  /** @param most - Sessions to keep. */
  constructor(most: number) {
    this.#most = most;
  }

  /** How many are open. */
  get size(): number {
    return this.#places.size;
  }

  /** Opens a session and evicts the least recently used one if there are too many. */
  open(id: number): void {
    this.set({ id, sequence: 0, answer: undefined });
    if (this.size > this.#most) this.close(this.#anchor.newer.session.id);
  }

  /** Finds a session, without using it. */
  get(id: number): Session | undefined {
    return this.#places.get(id)?.session;
  }

  /** Puts a session's newest form in place and makes it the most recently used. */
  set(session: Session): void {
    let place = this.#places.get(session.id);
    if (place === undefined) {
      place = new Place(session);
      this.#places.set(session.id, place);
    } else {
      place.session = session;
      place.unlink();
    }
    place.linkBefore(this.#anchor);
  }

  /** Ends a session; tells whether it was open. */
  close(id: number): boolean {
    const place = this.#places.get(id);
    place?.unlink();
    return this.#places.delete(id);
  }

  /** All sessions of this moment, least recently used first. */
  list(): readonly Session[] {
    const sessions: Session[] = [];
    for (let place = this.#anchor.newer; place !== this.#anchor; place = place.newer) {
      sessions.push(place.session);
    }
    return sessions;
  }
}
