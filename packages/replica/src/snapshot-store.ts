/**
 * The stored snapshot of one group, shared by those that write it: the node's own and a peer's. Commits come one after
 * the other, and an older snapshot never takes the place of a newer one.
 */
import type {
  Defer,
  GroupStorage,
  LogIndex,
  SnapshotMeta,
  SnapshotReader,
  SnapshotWriter,
  StateMachine,
} from '@synod/core';
import { invariant } from '@synod/core';

/** Bytes read from the disk at a time when the state machine is restored. */
const restoreChunkBytes = 256 * 1024;

/** Access to the stored snapshot. */
export class SnapshotStore {
  readonly #storage: GroupStorage;
  readonly #defer: Defer;
  #newestIndex: LogIndex;
  #commits: Promise<unknown> = Promise.resolve();

  /** @param newest - The snapshot that the storage recovered, if any. */
  constructor(storage: GroupStorage, newest: SnapshotMeta | undefined, defer: Defer) {
    this.#storage = storage;
    this.#newestIndex = newest?.index ?? 0;
    this.#defer = defer;
  }

  /** Index of the newest snapshot; 0 when there is none. */
  get newestIndex(): LogIndex {
    return this.#newestIndex;
  }

  begin(meta: SnapshotMeta): Promise<SnapshotWriter> {
    return this.#storage.beginSnapshot(meta);
  }

  open(): Promise<SnapshotReader | undefined> {
    return this.#storage.openSnapshot();
  }

  /**
   * Makes a written snapshot the stored one, unless a newer one came before it.
   *
   * @returns Whether it is the stored one now.
   */
  commit(writer: SnapshotWriter, meta: SnapshotMeta): Promise<boolean> {
    const committed = this.#commits.then(async () => {
      if (this.#newestIndex >= meta.index) {
        await writer.abort();
        return false;
      }
      await writer.commit();
      this.#newestIndex = meta.index;
      return true;
    });
    this.#commits = committed.catch(() => undefined);
    return committed;
  }

  /**
   * Replaces a state machine's state by the stored snapshot.
   *
   * @param meta - The least that it must cover.
   * @param isWanted - Whether to go on; asked after every piece.
   * @returns What the stored snapshot describes, and its length.
   */
  async restore(
    machine: StateMachine<unknown>,
    meta: SnapshotMeta,
    isWanted: () => boolean,
  ): Promise<{ readonly meta: SnapshotMeta; readonly bytes: number }> {
    const reader = await this.open();
    invariant(
      reader !== undefined && reader.meta.index >= meta.index,
      `snapshot ${meta.index} is stored here`,
    );
    try {
      const restore = machine.restore();
      for (let offset = 0; offset < reader.bytesTotal && isWanted(); ) {
        const bytes = await reader.read(offset, restoreChunkBytes);
        invariant(bytes.length > 0, `snapshot ${reader.meta.index} has ${reader.bytesTotal} bytes`);
        restore.write(bytes);
        offset += bytes.length;
        await this.breathe();
      }
      if (isWanted()) restore.finish();
      return { meta: reader.meta, bytes: reader.bytesTotal };
    } finally {
      await reader.close();
    }
  }

  /** Gives the event loop its turn. */
  breathe(): Promise<void> {
    return new Promise((resolve) => this.#defer(resolve));
  }
}
