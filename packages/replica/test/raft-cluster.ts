/** A Raft cluster in one process, over memory: what a user composes, in a form that tests can break. */
import type { NodeId } from '@synod/core';
import { MemoryNetwork, MemoryNodeStorage } from '@synod/core/memory';
import { createRaftEngine, type RaftLimits, raftMessageCodec } from '@synod/raft';
import {
  type GroupOptions,
  type HostEvent,
  openReplicaHost,
  type Replica,
  type ReplicaHost,
} from '../src/index.js';
import { type Count, Counter } from './counter.js';

/** One running node. */
export interface TestNode {
  readonly id: NodeId;
  readonly host: ReplicaHost;
  readonly replica: Replica<Count>;
  readonly counter: Counter;
}

type GroupSettings = Pick<
  GroupOptions<never, never>,
  'snapshotEveryEntries' | 'snapshotEveryBytes' | 'limits'
>;

/** Settings of a test cluster. */
export interface TestClusterOptions extends GroupSettings {
  readonly raft?: RaftLimits;
  readonly padding?: number;
  readonly snapshotBytesPerSecond?: number;
}

/** Nodes of one cluster, by id. */
export class TestCluster {
  readonly ids: readonly NodeId[];
  readonly network = new MemoryNetwork();
  readonly events: HostEvent[] = [];
  readonly #options: TestClusterOptions;
  readonly #storages = new Map<NodeId, MemoryNodeStorage>();
  readonly #nodes = new Map<NodeId, TestNode>();
  #incarnations = 0;

  constructor(size: number, options: TestClusterOptions = {}) {
    this.ids = Array.from({ length: size }, (_, position) => `n${position + 1}`);
    this.#options = options;
  }

  /** Starts a node, or starts it again after {@link stop}; an earlier storage is opened anew. */
  async start(id: NodeId): Promise<TestNode> {
    const storage = this.#storages.get(id)?.reopen() ?? this.#blankStorage();
    this.#storages.set(id, storage);
    const { snapshotBytesPerSecond } = this.#options;
    const host = await openReplicaHost({
      id,
      membershipIds: this.ids,
      storage,
      transport: this.network.transport(id),
      tickMs: 5,
      ...(snapshotBytesPerSecond === undefined ? {} : { snapshotBytesPerSecond }),
      onEvent: (event) => this.events.push(event),
    });
    const counter = new Counter(this.#options.padding);
    const { raft, snapshotEveryEntries = 10_000, snapshotEveryBytes = 1 << 30, limits = {} } = this.#options;
    const replica = host.openGroup({
      createEngine: (start) => createRaftEngine({ ...start, ...raft }),
      codec: raftMessageCodec,
      stateMachine: counter,
      snapshotEveryEntries,
      snapshotEveryBytes,
      limits,
    });
    const node = { id, host, replica, counter };
    this.#nodes.set(id, node);
    return node;
  }

  async startAll(): Promise<readonly TestNode[]> {
    return Promise.all(this.ids.map((id) => this.start(id)));
  }

  async stop(id: NodeId): Promise<void> {
    await this.node(id).host.close();
    this.#nodes.delete(id);
  }

  /** Loses a node's disk. */
  wipe(id: NodeId): void {
    this.#storages.delete(id);
  }

  node(id: NodeId): TestNode {
    const node = this.#nodes.get(id);
    if (node === undefined) throw new Error(`node ${id} is not running`);
    return node;
  }

  /** The node that leads and is followed by a majority, once there is one. */
  leader(): Promise<TestNode> {
    return this.leaderAmong(this.ids);
  }

  /** The same, among some of the nodes. */
  leaderAmong(ids: readonly NodeId[]): Promise<TestNode> {
    return eventually(() => {
      const nodes = [...this.#nodes.values()].filter(({ id }) => ids.includes(id));
      return nodes.find(({ id, replica }) => {
        const followers = nodes.filter((other) => other.replica.leader === id);
        return replica.isLeader && followers.length > this.ids.length / 2;
      });
    });
  }

  /** Names of the events that one node told. */
  eventsOf(id: NodeId): readonly string[] {
    return this.events.filter(({ node }) => node === id).map(({ event }) => event.type);
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#nodes.keys()].map((id) => this.stop(id)));
  }

  #blankStorage(): MemoryNodeStorage {
    this.#incarnations++;
    return new MemoryNodeStorage(this.#incarnations.toString(16).padStart(32, '0'));
  }
}

/** Asks again every few milliseconds until there is an answer. */
export async function eventually<Value>(ask: () => Value | undefined | false): Promise<Value> {
  const endMs = performance.now() + 10_000;
  for (;;) {
    const answer = ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > endMs) throw new Error(`did not come about in 10 s: ${ask}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
