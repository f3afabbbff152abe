/** Takes snapshots of the node's own state machine, so that the log can be shortened: one at a time, in slices. */
import {
  ByteWriter,
  type Clock,
  isSynodError,
  type LogIndex,
  type SnapshotMeta,
  type SnapshotWriter,
  type StateMachine,
} from '@synod/core';
import type { RuntimeEvent } from './events.js';
import type { SnapshotStore } from './snapshot-store.js';

/** How long a snapshot that could not be stored is not tried again, in milliseconds. */
const restMs = 10_000;

/** Bytes that are collected before they are written. */
const sliceBytes = 64 * 1024;

/** What a taker asks of the replica around it. */
export interface TakerHooks {
  readonly emit: (event: RuntimeEvent) => void;
  /** A snapshot is durable. */
  readonly saved: (meta: SnapshotMeta) => void;
  /** The storage or the state machine failed. */
  readonly failed: (cause: unknown) => void;
}

/** The snapshots that one replica takes, and is restored from. */
export class SnapshotTaker {
  readonly #machine: StateMachine<unknown>;
  readonly #store: SnapshotStore;
  readonly #hooks: TakerHooks;
  #underWay: Promise<void> | undefined;
  readonly #clock: Clock;
  /** Until when no other is begun, because one could not be stored. */
  #restsUntilMs = 0;
  /** Why the snapshot under way shall end early. */
  #abandoned: string | undefined;
  /** Snapshots made durable. */
  saved = 0;

  constructor(machine: StateMachine<unknown>, store: SnapshotStore, clock: Clock, hooks: TakerHooks) {
    this.#machine = machine;
    this.#store = store;
    this.#clock = clock;
    this.#hooks = hooks;
  }

  /** Whether a snapshot is under way. */
  get isBusy(): boolean {
    return this.#underWay !== undefined;
  }

  /** Whether one through this index could be taken now, and would be newer than the stored one. */
  isFreeFor(index: LogIndex): boolean {
    return !this.isBusy && index > this.#store.newestIndex && this.#clock.now() >= this.#restsUntilMs;
  }

  /**
   * Starts taking one, which describes the state machine as it is at this moment.
   *
   * @param meta - That moment.
   */
  take(meta: SnapshotMeta): void {
    const pieces = this.#machine.snapshot();
    this.#abandoned = undefined;
    this.#hooks.emit({ type: 'snapshotStarted', at: { index: meta.index, term: meta.term } });
    this.#underWay = this.#write(meta, pieces)
      .catch((cause: unknown) => this.#notStored(meta, cause))
      .finally(() => {
        this.#underWay = undefined;
      });
  }

  /** A snapshot that finds no place changes nothing about what is durable: it is taken again later. */
  #notStored({ index, term }: SnapshotMeta, cause: unknown): void {
    if (!isSynodError(cause) || cause.code !== 'SNAPSHOT_FAILED') return this.#hooks.failed(cause);
    this.#restsUntilMs = this.#clock.now() + restMs;
    this.#hooks.emit({ type: 'snapshotAbandoned', at: { index, term }, reason: cause.message });
  }

  /**
   * A peer asks for a snapshot that is not stored yet: takes one, if that is possible now. The peer asks again.
   *
   * @param index - What it must cover.
   * @param applied - Where the state machine stands, and whether it is being replaced.
   */
  takeThrough(
    index: LogIndex,
    applied: { readonly state: SnapshotMeta; readonly isRestoring: boolean },
  ): void {
    if (applied.state.index >= index) this.takeNewest(applied);
  }

  /**
   * Takes one of the newest state, unless one is under way, or nothing is new, or the state is being replaced.
   *
   * @param applied - Where the state machine stands, and whether it is being replaced.
   */
  takeNewest({ state, isRestoring }: { readonly state: SnapshotMeta; readonly isRestoring: boolean }): void {
    if (!isRestoring && this.isFreeFor(state.index)) this.take(state);
  }

  /** Gives up the snapshot under way; resolves when nothing of it goes on. */
  async abandon(reason: string): Promise<void> {
    this.#abandoned ??= reason;
    await this.#underWay;
  }

  /**
   * Replaces the state machine's state by the stored snapshot; one of its own that is under way is given up.
   *
   * @param meta - The least that it must cover.
   * @param isWanted - Whether to go on; asked after every piece.
   * @returns What it covers.
   */
  async restore(meta: SnapshotMeta, isWanted: () => boolean): Promise<SnapshotMeta> {
    await this.abandon('a snapshot from a peer takes the place of the state');
    const restored = await this.#store.restore(this.#machine, meta, isWanted);
    const at = { index: restored.meta.index, term: restored.meta.term };
    this.#hooks.emit({ type: 'snapshotRestored', at, bytes: restored.bytes });
    return restored.meta;
  }

  async #write(meta: SnapshotMeta, pieces: Iterable<Uint8Array>): Promise<void> {
    const at = { index: meta.index, term: meta.term };
    const writer = await this.#store.begin(meta);
    const bytes = await this.#writePieces(writer, pieces);
    if (this.#abandoned !== undefined) {
      await writer.abort();
      this.#hooks.emit({ type: 'snapshotAbandoned', at, reason: this.#abandoned });
      return;
    }
    if (!(await this.#store.commit(writer, meta))) {
      this.#hooks.emit({ type: 'snapshotAbandoned', at, reason: 'a newer snapshot came from a peer' });
      return;
    }
    this.saved++;
    this.#hooks.emit({ type: 'snapshotSaved', at, bytes });
    this.#hooks.saved(meta);
  }

  async #writePieces(writer: SnapshotWriter, pieces: Iterable<Uint8Array>): Promise<number> {
    const slice = new ByteWriter(sliceBytes);
    let bytes = 0;
    const flush = async () => {
      if (slice.length === 0) return;
      bytes += slice.length;
      await writer.write(slice.view());
      slice.clear();
      await this.#store.breathe();
    };
    for (const piece of pieces) {
      if (this.#abandoned !== undefined) break;
      slice.raw(piece);
      if (slice.length >= sliceBytes) await flush();
    }
    await flush();
    return bytes;
  }
}
