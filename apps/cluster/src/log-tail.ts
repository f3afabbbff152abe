/**
 * The newest committed entries of a node, for people to read: taken from the engine's effects on their way to the
 * state machine, bounded in number and in bytes, and put into words only when somebody asks.
 */
import type { ConsensusEngine, EngineMessage, Entry, LogIndex, SnapshotWork, Term } from '@synod/core';
import { summaryOf } from './entry-summary.js';
import type { LogEntryDocument } from './rest-documents.js';

interface Remembered {
  readonly index: LogIndex;
  readonly term: Term;
  readonly kind: LogEntryDocument['kind'];
  readonly timeMs: number;
  /** The command, or what it does when it is too long to keep. */
  readonly command: Uint8Array | string;
}

const commandBytesKept = 512;

/** Remembers the newest committed entries. */
export class LogTail {
  readonly #entriesMax: number;
  readonly #entries: Remembered[] = [];

  /** @param entriesMax - Most entries remembered. Default 1000. */
  constructor(entriesMax = 1000) {
    this.#entriesMax = entriesMax;
  }

  /**
   * An engine that behaves as another one, and shows its committed entries to this tail.
   *
   * @param engine - The other one.
   */
  watch<Message extends EngineMessage>(engine: ConsensusEngine<Message>): ConsensusEngine<Message> {
    return {
      kind: engine.kind,
      id: engine.id,
      group: engine.group,
      step: (input) => engine.step(input),
      takeEffects: () => {
        const effects = engine.takeEffects();
        if (effects !== undefined) this.#see(effects.snapshots, effects.committed);
        return effects;
      },
      status: () => engine.status(),
      clone: () => engine.clone(),
      fingerprint: () => engine.fingerprint(),
    };
  }

  /**
   * The newest entries, oldest first.
   *
   * @param count - Most wanted.
   */
  last(count: number): readonly LogEntryDocument[] {
    return this.#entries.slice(-count).map(({ index, term, kind, timeMs, command }) => {
      const summary = typeof command === 'string' ? command : summaryOf(kind, command);
      return { index, term, kind, summary, timeMs };
    });
  }

  #see<Message extends EngineMessage>(
    snapshots: readonly SnapshotWork<Message>[],
    committed: readonly Entry[],
  ): void {
    if (snapshots.length === 0 && committed.length === 0) return;
    const timeMs = Date.now();
    for (const { type, meta } of snapshots) {
      if (type !== 'install') continue;
      const command = `the state through index ${meta.index} came as a snapshot`;
      this.#entries.push({ index: meta.index, term: meta.term, kind: 'snapshot', timeMs, command });
    }
    for (let at = Math.max(0, committed.length - this.#entriesMax); at < committed.length; at++) {
      const entry = committed[at];
      if (entry !== undefined) this.#entries.push(remembered(entry, timeMs));
    }
    if (this.#entries.length >= this.#entriesMax * 2)
      this.#entries.splice(0, this.#entries.length - this.#entriesMax);
  }
}

/** Copies short commands, since an entry's bytes may be a part of a buffer that is much larger. */
function remembered({ index, term, kind, data }: Entry, timeMs: number): Remembered {
  const command = data.length <= commandBytesKept ? data.slice() : summaryOf(kind, data);
  return { index, term, kind, timeMs, command };
}
