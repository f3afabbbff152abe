/**
 * A storage as its contract describes it, without its bytes: each write is there whole or not at all, and one sync
 * serves all saves that wait when it begins. Fast, and the same for every engine.
 */
import type { DurableWrite } from '@synod/core';
import { exponential } from './drawing.js';
import type { NodeStore, SnapshotFate, StoreOwner, SyncFate } from './node-store.js';
import { SimulatedDisk, type StoredSnapshot } from './simulated-disk.js';

interface Save {
  readonly write: DurableWrite | undefined;
  readonly saved: () => void;
}

/** Keeps a node's durable state as values. */
export class ModelledStore implements NodeStore {
  readonly disk = new SimulatedDisk();
  readonly isRotten = false;
  readonly isFull = false;
  nextSync: SyncFate = 'succeeds';
  readonly #owner: StoreOwner;
  #saves: Save[] = [];
  #isSyncing = false;

  constructor(owner: StoreOwner) {
    this.#owner = owner;
  }

  get saving(): number {
    return this.#saves.length;
  }

  open(opened: (outcome: 'recovered') => void): void {
    opened('recovered');
  }

  save(write: DurableWrite | undefined, saved: () => void): void {
    this.#saves.push({ write, saved });
    this.#sync();
  }

  storeSnapshot(snapshot: StoredSnapshot, done: (fate: SnapshotFate) => void): void {
    const store = () => {
      const isNewer = (this.disk.snapshot?.meta.index ?? 0) < snapshot.meta.index;
      this.disk.store(snapshot);
      done(isNewer ? 'stored' : 'superseded');
    };
    this.#owner.later(this.#syncUs() * 2, store, () => done('failed'));
  }

  readSnapshot(use: (snapshot: StoredSnapshot | undefined) => void): void {
    use(this.disk.snapshot);
  }

  close(closed: () => void): void {
    for (const { write } of this.#saves.splice(0)) if (write !== undefined) this.disk.apply(write);
    closed();
  }

  end(): void {
    const { random, coverage } = this.#owner;
    const writes = this.#saves.flatMap(({ write }) => (write === undefined ? [] : [write]));
    const kept = writes.length === 0 ? 0 : random.integer(0, writes.length + 1);
    for (const write of writes.slice(0, kept)) this.disk.apply(write);
    if (kept > 0) coverage.reach('crash kept writes that were not acknowledged');
    if (kept < writes.length) coverage.reach('crash lost writes');
    this.#saves = [];
    this.#isSyncing = false;
  }

  /** There are no bits. */
  rot(): boolean {
    return false;
  }

  #syncUs(): number {
    const { random, meanSyncUs } = this.#owner;
    return 20 + exponential(random, meanSyncUs());
  }

  #sync(): void {
    if (this.#isSyncing || this.#saves.length === 0) return;
    this.#isSyncing = true;
    const count = this.#saves.length;
    const fate = this.nextSync;
    this.nextSync = 'succeeds';
    this.#owner.later(fate === 'is cut by a crash' ? this.#syncUs() / 2 : this.#syncUs(), () => {
      if (fate !== 'succeeds') return this.#fail(fate);
      this.#isSyncing = false;
      // One after the other, as storages confirm: the first may promise what the second truncates, and until the second
      // is confirmed, what waits for it waits.
      for (let position = 0; position < count; position++) {
        const save = this.#saves.shift();
        if (save === undefined) break;
        if (save.write !== undefined) this.disk.apply(save.write);
        save.saved();
      }
      this.#owner.settle();
      this.#sync();
    });
  }

  /** A failed sync is final: what is on the disk is unknown, so the process must end (Rebello and others, 2020). */
  #fail(fate: 'fails' | 'finds no room' | 'is cut by a crash'): void {
    const { coverage, stop } = this.#owner;
    if (fate === 'fails') coverage.reach('sync failed');
    if (fate === 'finds no room') coverage.reach('disk full');
    stop(fate === 'is cut by a crash' ? 'crashed' : 'failed');
  }
}
