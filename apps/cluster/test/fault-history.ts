/**
 * What clients did and saw while nodes were killed. Every change of the store has a revision of its own and every read
 * tells the revision it was made at, so the history comes with the order that the store claims for it: what is left
 * to check is that this order is true (fault-check.ts).
 */

/** What became of a write, as far as its client was told. */
export type WriteOutcome =
  /** It took effect. */
  | 'acknowledged'
  /** It did not, and never will. */
  | 'refused'
  /** It may have, or may still. */
  | 'unknown';

/** One put, compare-and-set or deletion that a client tried. */
export interface WriteRecord {
  /** The key, of ASCII letters, digits, `-` and `/`. */
  readonly key: string;
  /** What was written: no other write writes the same. `undefined` for a deletion. */
  readonly value: string | undefined;
  /** Revision that the key had to be at; `undefined` for a write without condition. */
  readonly expectedModRevision?: number;
  /** When its first attempt was sent, in milliseconds of the test's clock. */
  readonly beganMs: number;
  /** When it was answered; infinity when its outcome is unknown. */
  readonly endedMs: number;
  /** What became of it. */
  readonly outcome: WriteOutcome;
  /** Revision that it made; only of an acknowledged one. */
  readonly revision?: number;
}

/** A key as a read found it. */
export interface FoundKey {
  /** Its value. */
  readonly value: string;
  /** Revision of its last change. */
  readonly modRevision: number;
  /** Number of its changes since it came to be. */
  readonly version: number;
}

/** One key that was read, or that a failed compare-and-set told of. */
export interface ReadRecord {
  /** The key. */
  readonly key: string;
  /** Who answered. */
  readonly source: string;
  /** Whether it has to reflect everything that was answered before it began. */
  readonly linearizable: boolean;
  /** When it was sent, in milliseconds of the test's clock. */
  readonly beganMs: number;
  /** When it was answered. */
  readonly endedMs: number;
  /** Revision of the store at which it was read. */
  readonly revision: number;
  /** What was found; `undefined` when there was no such key. */
  readonly found: FoundKey | undefined;
}

/** Everything that the clients recorded. */
export class FaultHistory {
  readonly #writes: WriteRecord[] = [];
  readonly #reads: ReadRecord[] = [];
  readonly #violations: string[] = [];

  /** All writes, in the order in which they ended. */
  get writes(): readonly WriteRecord[] {
    return this.#writes;
  }

  /** All reads, in the order in which they ended. */
  get reads(): readonly ReadRecord[] {
    return this.#reads;
  }

  /** What was seen to be wrong at once. */
  get violations(): readonly string[] {
    return this.#violations;
  }

  /** Takes a write in. */
  wrote(write: WriteRecord): void {
    this.#writes.push(write);
  }

  /** Takes a read in. */
  read(read: ReadRecord): void {
    this.#reads.push(read);
  }

  /** Takes in something that must not be. */
  violated(what: string): void {
    this.#violations.push(what);
  }

  /**
   * Number of writes with an outcome.
   *
   * @param outcome - Which.
   * @param prefix - Only of keys that begin with this.
   */
  count(outcome: WriteOutcome, prefix = ''): number {
    return this.#writes.filter((write) => write.outcome === outcome && write.key.startsWith(prefix)).length;
  }
}
