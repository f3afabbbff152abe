/** Three hosts with any number of groups, over memory and a clock in the test's hand. */
import type { GroupId, NodeId, Transport } from '@synod/core';
import { ManualClock, MemoryNetwork, MemoryNodeStorage } from '@synod/core/memory';
import { createRaftEngine, type RaftLimits, raftMessageCodec } from '@synod/raft';
import { type HostEvent, openReplicaHost, type Replica, type ReplicaHost } from '../src/index.js';
import { type Count, Counter } from './counter.js';
import { settled } from './scripted-engine.js';

const tickMs = 10;

/** One node with all its groups. */
export interface ManyNode {
  readonly id: NodeId;
  readonly host: ReplicaHost;
  readonly replicas: readonly Replica<Count>[];
  readonly counters: readonly Counter[];
}

/** What a test may set. */
export interface ManyOptions {
  readonly groups?: number;
  readonly quiesceAfterTicks?: number;
  readonly raft?: RaftLimits;
  /** Of all randomness in the engines. */
  readonly seed?: number;
}

/** A payload on its way, for a test that loses some. */
export interface OnItsWay {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly group: GroupId;
  readonly payload: Uint8Array;
}

/** Three hosts. */
export class ManyGroups {
  readonly ids: readonly NodeId[] = ['n1', 'n2', 'n3'];
  readonly network = new MemoryNetwork();
  readonly clock = new ManualClock();
  readonly events: HostEvent[] = [];
  readonly nodes = new Map<NodeId, ManyNode>();
  /** Payloads for which this says so are lost. */
  loses: (payload: OnItsWay) => boolean = () => false;
  /** Payloads sent. */
  payloads = 0;
  readonly #options: ManyOptions;
  readonly #storages = new Map<NodeId, MemoryNodeStorage>();

  constructor(options: ManyOptions = {}) {
    this.#options = options;
  }

  async startAll(): Promise<void> {
    await Promise.all(this.ids.map((id) => this.start(id)));
    await this.until(() => this.ids.every((id) => this.node(id).replicas.every(({ leader }) => leader)));
  }

  async start(id: NodeId): Promise<ManyNode> {
    const position = this.ids.indexOf(id);
    const before = this.#storages.get(id);
    const storage = before?.reopen() ?? new MemoryNodeStorage(`${position + 1}`.repeat(32));
    this.#storages.set(id, storage);
    const {
      groups = 1,
      quiesceAfterTicks = 5,
      raft = { lease: { driftTicks: 3 } },
      seed = 1,
    } = this.#options;
    const host = await openReplicaHost({
      id,
      membershipIds: this.ids,
      storage,
      transport: this.#lossy(this.network.transport(id)),
      clock: this.clock,
      tickMs,
      quiesceAfterTicks,
      seed: `${seed}/${id}`,
      onEvent: (event) => this.events.push(event),
    });
    const counters = Array.from({ length: groups }, () => new Counter());
    const replicas = counters.map((stateMachine, group) =>
      host.openGroup({
        group,
        createEngine: (start) => createRaftEngine({ ...start, ...raft }),
        codec: raftMessageCodec,
        stateMachine,
      }),
    );
    const node = { id, host, replicas, counters };
    this.nodes.set(id, node);
    return node;
  }

  async stop(id: NodeId): Promise<void> {
    await this.node(id).host.close();
    this.nodes.delete(id);
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.nodes.keys()].map((id) => this.stop(id)));
  }

  node(id: NodeId): ManyNode {
    const node = this.nodes.get(id);
    if (node === undefined) throw new Error(`node ${id} is not running`);
    return node;
  }

  /** The node that leads a group and is followed by a majority. */
  leaderOf(group: GroupId): ManyNode | undefined {
    const nodes = [...this.nodes.values()];
    return nodes.find(({ id, replicas }) => {
      const followers = nodes.filter((other) => other.replicas[group]?.leader === id);
      return replicas[group]?.isLeader === true && followers.length >= 2;
    });
  }

  /** The nodes that do not lead a group. */
  followersOf(group: GroupId): readonly ManyNode[] {
    const leader = this.leaderOf(group);
    return [...this.nodes.values()].filter((node) => node !== leader);
  }

  replica(node: ManyNode | undefined, group = 0): Replica<Count> {
    const replica = node?.replicas[group];
    if (replica === undefined) throw new Error(`group ${group} is not there`);
    return replica;
  }

  /** Whether every running replica of every group sleeps. */
  get allAsleep(): boolean {
    return [...this.nodes.values()].every(({ host, replicas }) => host.status().asleep === replicas.length);
  }

  async tick(count = 1): Promise<void> {
    for (let round = 0; round < count; round++) {
      this.clock.advance(tickMs);
      await settled(6);
    }
  }

  /** Ticks until something holds; how many it took. */
  async until(holds: () => unknown, ticksMax = 200): Promise<number> {
    for (let ticks = 0; ticks < ticksMax; ticks++) {
      if (holds()) return ticks;
      await this.tick();
    }
    throw new Error(`did not come about in ${ticksMax} ticks: ${holds}`);
  }

  /** Why replicas of a group woke, in order. */
  wakesOf(group: GroupId): readonly string[] {
    return this.events.flatMap(({ node, group: of, event }) =>
      of === group && event.type === 'woke' ? [`${node}: ${event.reason}`] : [],
    );
  }

  #lossy(transport: Transport): Transport {
    return {
      local: transport.local,
      start: (handler, incarnation) => transport.start(handler, incarnation),
      connected: () => transport.connected(),
      close: () => transport.close(),
      send: (to, group, payload, lane) => {
        this.payloads++;
        if (this.loses({ from: transport.local, to, group, payload })) return true;
        return transport.send(to, group, payload, lane);
      },
    };
  }
}
