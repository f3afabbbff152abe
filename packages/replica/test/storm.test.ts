/** A cluster under partitions, mutes and restarts: what was acknowledged is there, once, on every node. */
import {
  ByteReader,
  ByteWriter,
  isSynodError,
  type NodeId,
  Random,
  type StateMachine,
  type StateMachineRestore,
} from '@synod/core';
import { MemoryNetwork, MemoryNodeStorage } from '@synod/core/memory';
import { createRaftEngine, raftMessageCodec } from '@synod/raft';
import { describe, expect, it } from 'vitest';
import { openReplicaHost, type Replica, type ReplicaHost } from '../src/index.js';
import { eventually } from './raft-cluster.js';

/** Keeps every command it was given, in order. */
class Journal implements StateMachine<number> {
  commands: number[] = [];

  apply(_index: number, command: Uint8Array): number {
    this.commands.push(new ByteReader(command).varint());
    return this.commands.length;
  }

  snapshot(): Iterable<Uint8Array> {
    const writer = new ByteWriter();
    for (const command of this.commands) writer.varint(command);
    return [writer.take()];
  }

  restore(): StateMachineRestore {
    const writer = new ByteWriter();
    return {
      write: (chunk) => writer.raw(chunk),
      finish: () => {
        this.commands = [];
        for (const reader = new ByteReader(writer.view()); reader.remaining > 0; )
          this.commands.push(reader.varint());
      },
    };
  }
}

interface Node {
  readonly host: ReplicaHost;
  readonly replica: Replica<number>;
  readonly journal: Journal;
}

class Storm {
  readonly ids: readonly NodeId[] = ['n1', 'n2', 'n3'];
  readonly network = new MemoryNetwork();
  readonly nodes = new Map<NodeId, Node>();
  readonly acknowledged: number[] = [];
  readonly refused: number[] = [];
  readonly violations: string[] = [];
  unknown = 0;
  #lastCommand = 0;
  #isOver = false;
  readonly #random: Random;
  readonly #storages = new Map<NodeId, MemoryNodeStorage>();

  constructor(seed: number) {
    this.#random = new Random(seed);
    this.ids.forEach((id, position) => {
      this.#storages.set(id, new MemoryNodeStorage(`${position}`.repeat(32)));
    });
  }

  async start(id: NodeId): Promise<void> {
    const storage = this.#storages.get(id)?.reopen();
    if (storage === undefined) throw new Error(`no storage of ${id}`);
    this.#storages.set(id, storage);
    const transport = this.network.transport(id);
    const host = await openReplicaHost({ id, membershipIds: this.ids, storage, transport, tickMs: 3 });
    const journal = new Journal();
    const replica = host.openGroup({
      createEngine: (start) => createRaftEngine({ ...start, retainedEntries: 20 }),
      codec: raftMessageCodec,
      stateMachine: journal,
      snapshotEveryEntries: 50,
    });
    this.nodes.set(id, { host, replica, journal });
  }

  /** Runs clients and faults for a while, then heals everything and waits until all nodes agree. */
  async run(durationMs: number): Promise<void> {
    await Promise.all(this.ids.map((id) => this.start(id)));
    const clients = this.ids.map((id) => this.#client(id));
    const endMs = performance.now() + durationMs;
    while (performance.now() < endMs) await this.#fault();
    this.#isOver = true;
    this.network.heal();
    await Promise.all(clients);
    await Promise.all(this.ids.filter((id) => !this.nodes.has(id)).map((id) => this.start(id)));
    await eventually(() => {
      const journals = [...this.nodes.values()].map(({ journal }) => journal.commands.join());
      const applied = [...this.nodes.values()].map(({ replica }) => replica.status());
      const isSettled = applied.every(({ engine, appliedIndex }) => appliedIndex === engine.lastIndex);
      return isSettled && new Set(journals).size === 1;
    });
  }

  async stop(): Promise<void> {
    await Promise.all([...this.nodes.values()].map(({ host }) => host.close()));
  }

  async #client(id: NodeId): Promise<void> {
    while (!this.#isOver) {
      const node = this.nodes.get(id);
      if (node === undefined) {
        await pause(2);
        continue;
      }
      const command = ++this.#lastCommand;
      const writer = new ByteWriter();
      writer.varint(command);
      try {
        await node.replica.propose(writer.take(), { timeoutMs: 60 });
        this.acknowledged.push(command);
        await this.#checkRead(node, command);
      } catch (error) {
        if (!isSynodError(error)) throw error;
        if (error.effect === 'unknown') this.unknown++;
        else this.refused.push(command);
        await pause(2);
      }
    }
  }

  /** What was acknowledged is seen by every linearizable read after it, here on a node picked by chance. */
  async #checkRead({ replica }: Node, command: number): Promise<void> {
    const id = this.ids[this.#random.integer(0, this.ids.length)] ?? '';
    const other = this.nodes.get(id);
    if (other === undefined || !this.#random.chance(0.2)) return;
    const sees = await other.replica
      .read(() => other.journal.commands.includes(command), { timeoutMs: 60 })
      .catch((error: unknown) => {
        if (!isSynodError(error) || error.effect !== 'none') throw error;
        return true;
      });
    if (!sees)
      this.violations.push(`a read on ${id} misses ${command}, which ${replica.id} acknowledged before`);
  }

  async #fault(): Promise<void> {
    const id = this.ids[this.#random.integer(0, this.ids.length)] ?? '';
    const other = this.ids[this.#random.integer(0, this.ids.length)] ?? '';
    const kind = this.#random.integer(0, 4);
    if (kind === 0) this.network.partition([id]);
    else if (kind === 1) this.network.mute(id, other);
    else if (kind === 2) await this.#restart(id);
    else this.network.heal();
    await pause(this.#random.integer(5, 120));
  }

  async #restart(id: NodeId): Promise<void> {
    const node = this.nodes.get(id);
    this.nodes.delete(id);
    await node?.host.close();
    await pause(this.#random.integer(0, 60));
    await this.start(id);
  }
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}

describe('a cluster in a storm of partitions, mutes and restarts', () => {
  it.each([1, 2, 3])(
    'keeps every acknowledged write once and in the same order everywhere (seed %i)',
    async (seed) => {
      const storm = new Storm(seed);
      await storm.run(2000);
      const [first] = [...storm.nodes.values()].map(({ journal }) => journal.commands);
      const applied = new Set(first);
      expect(applied.size).toBe(first?.length);
      expect(storm.acknowledged.filter((command) => !applied.has(command))).toEqual([]);
      expect(storm.refused.filter((command) => applied.has(command))).toEqual([]);
      expect(storm.violations).toEqual([]);
      expect(storm.acknowledged.length).toBeGreaterThan(50);
      await storm.stop();
    },
  );
});
