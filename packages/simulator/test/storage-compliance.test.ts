/** The simulator's model of a storage, held to the contract that it models. */
import { type GroupStorage, InvalidArgumentError, type NodeStorage, Random } from '@synod/core';
import { type StorageDisk, storageCases } from '@synod/core/compliance';
import { MemoryNodeStorage } from '@synod/core/memory';
import { describe, it } from 'vitest';
import { Coverage } from '../src/coverage.js';
import { ModelledStore } from '../src/modelled-store.js';

let disks = 0;

/** The model has one group and no register: each group is a store of its own, and the register is that of the memory. */
class ModelledDisk implements StorageDisk {
  readonly #random = new Random(++disks);
  #register = new MemoryNodeStorage(`${disks}`.padStart(32, '0'));
  readonly #stores = new Map<number, ModelledStore>();
  readonly #saves = new Set<Promise<void>>();
  #life = 0;

  async open(): Promise<NodeStorage> {
    const life = ++this.#life;
    let isClosed = false;
    this.#register = this.#register.reopen();
    const isOver = () => isClosed || life !== this.#life;
    return {
      incarnations: this.#register.incarnations,
      group: (group) => this.#group(group, isOver),
      close: async () => {
        isClosed = true;
        // The model tells a node that shuts down of no save any more, but nodes wait for none then.
        await Promise.all(this.#saves);
      },
    };
  }

  crash(): void {
    this.#life++;
    this.#saves.clear();
    for (const store of this.#stores.values()) store.end();
  }

  #store(group: number): ModelledStore {
    const known = this.#stores.get(group);
    if (known !== undefined) return known;
    const store = new ModelledStore({
      id: 'n1',
      random: this.#random,
      coverage: new Coverage(),
      meanSyncUs: () => 100,
      later: (_delayUs, run, otherwise) => {
        const life = this.#life;
        setImmediate(() => (life === this.#life ? run() : otherwise?.()));
      },
      stop: () => undefined,
      settle: () => undefined,
    });
    this.#stores.set(group, store);
    return store;
  }

  #group(group: number, isOver: () => boolean): GroupStorage {
    const store = this.#store(group);
    const saves = this.#saves;
    return {
      group,
      recover: () => store.disk.recover(),
      async save(write) {
        if (isOver()) throw new InvalidArgumentError('the storage is closed');
        const saved = new Promise<void>((resolve) => store.save(write, resolve));
        saves.add(saved);
        await saved;
        saves.delete(saved);
      },
      async beginSnapshot(meta) {
        const chunks: Uint8Array[] = [];
        let hasEnded = false;
        const demandOpen = () => {
          if (hasEnded) throw new InvalidArgumentError('the snapshot was committed or aborted before');
        };
        return {
          async write(chunk) {
            demandOpen();
            chunks.push(chunk.slice());
          },
          async commit() {
            demandOpen();
            hasEnded = true;
            const bytes = new Uint8Array(Buffer.concat(chunks));
            await new Promise<void>((resolve) => store.storeSnapshot({ meta, bytes }, () => resolve()));
          },
          async abort() {
            hasEnded = true;
          },
        };
      },
      async openSnapshot() {
        const stored = store.disk.snapshot;
        if (stored === undefined) return undefined;
        const { meta, bytes } = stored;
        return {
          meta,
          bytesTotal: bytes.length,
          read: async (offset, length) => bytes.slice(offset, offset + length),
          close: async () => undefined,
        };
      },
    };
  }
}

describe('the contract of storages: the model under simulated nodes', () => {
  const pause = () => new Promise<void>((resolve) => setImmediate(resolve));
  for (const { name, run } of storageCases({ newDisk: () => new ModelledDisk(), pause })) it(name, run);
});
