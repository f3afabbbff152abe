/**
 * A cluster of engines in one thread whose disks and network are moved by hand. Messages go through the real codec.
 * Each node's disk applies writes in order and only when told; a crash keeps exactly what was saved. The rules of the
 * contract are watched all the while.
 */
import { ByteReader, ByteWriter } from '../bytes.js';
import type { SnapshotMeta } from '../durable.js';
import type {
  ConsensusEngine,
  Effects,
  EngineInput,
  EngineMessage,
  EngineStart,
  MessageCodec,
} from '../engine.js';
import { invariant } from '../errors.js';
import type { NodeId } from '../ids.js';
import { createMembership, readMembership } from '../membership.js';
import { encodeUtf8 } from '../utf8.js';
import { ContractWatch } from './contract-watch.js';
import { DiskModel } from './disk-model.js';
import { EngineNode, membersOf } from './engine-node.js';

/** What a cluster is made from. */
export interface EngineClusterOptions<Message extends EngineMessage> {
  /** Makes a node's engine. */
  readonly create: (start: EngineStart) => ConsensusEngine<Message>;
  /** Carries its messages. */
  readonly codec: MessageCodec<Message>;
  /** Voters of the new group. Default `n1 n2 n3`. */
  readonly ids?: readonly NodeId[];
  /** Nodes that run too, but are no members at first. */
  readonly spare?: readonly NodeId[];
  /** Seed of all randomness. Default 1. */
  readonly seed?: number;
  /** Disks to start from, by node. */
  readonly disks?: Readonly<Record<NodeId, DiskModel>>;
}

/** All nodes, and the messages between them. */
export class EngineCluster<Message extends EngineMessage> {
  /** All nodes, by id. */
  readonly nodes = new Map<NodeId, EngineNode<Message>>();
  /** Messages sent and not yet delivered, oldest first. */
  network: Message[] = [];
  /** Whether disks save at once. */
  autoSave = true;
  /** Nodes that are stopped. */
  readonly down = new Set<NodeId>();
  readonly #codec: MessageCodec<Message>;
  readonly #watch = new ContractWatch();
  readonly #cut = new Set<string>();
  readonly #writer = new ByteWriter();

  constructor(options: EngineClusterOptions<Message>) {
    const { create, codec, ids = ['n1', 'n2', 'n3'], spare = [], seed = 1, disks = {} } = options;
    this.#codec = codec;
    const membership = createMembership(ids);
    for (const id of [...ids, ...spare]) {
      const disk = disks[id] ?? new DiskModel();
      const node = new EngineNode<Message>(id, disk, membership, (recovered, life) =>
        create({ id, group: 0, membership, recovered, seed: `${seed}/${id}/${life}` }),
      );
      this.nodes.set(id, node);
    }
    for (const id of this.nodes.keys()) this.settleNode(id);
  }

  /** One node. */
  node(id: NodeId): EngineNode<Message> {
    const node = this.nodes.get(id);
    invariant(node !== undefined, `${id} is a node of the cluster`);
    return node;
  }

  /** Cuts the link from one node to another, in that direction only. */
  cut(from: NodeId, to: NodeId): void {
    this.#cut.add(`${from}>${to}`);
  }

  /** Cuts a node off in both directions from all others. */
  isolate(id: NodeId): void {
    for (const other of this.nodes.keys()) {
      this.cut(id, other);
      this.cut(other, id);
    }
  }

  /** Takes back all cuts. */
  heal(): void {
    this.#cut.clear();
  }

  /** Whether what one node sends another is lost. */
  isCut(from: NodeId, to: NodeId): boolean {
    return this.#cut.has(`${from}>${to}`) || this.down.has(from) || this.down.has(to);
  }

  /** Steps an input into one node and carries out its effects. */
  step(id: NodeId, input: EngineInput<Message>): void {
    if (this.down.has(id)) return;
    this.node(id).engine.step(input);
    this.settleNode(id);
  }

  /** Carries out the effects that a node has. */
  settleNode(id: NodeId): void {
    const node = this.node(id);
    for (
      let effects = node.engine.takeEffects();
      effects !== undefined;
      effects = node.engine.takeEffects()
    ) {
      this.#watch.taken(id, node.disk, effects);
      this.#carryOut(node, effects);
      if (this.autoSave) this.save(id);
    }
    this.#watch.stepped(node.engine.status());
  }

  /** Makes the oldest outstanding save durable, or all of them. */
  save(id: NodeId, all = true): void {
    const node = this.node(id);
    do {
      const work = node.unsaved.shift();
      if (work === undefined) return;
      if (work.write !== undefined) {
        node.disk.apply(work.write);
        node.engine.step({ type: 'saved', receipt: work.write.receipt });
      }
      this.network.push(...work.after);
      if (!this.autoSave) this.settleNode(id);
    } while (all);
  }

  #carryOut(node: EngineNode<Message>, effects: Effects<Message>): void {
    this.network.push(...effects.sendNow);
    if (effects.save !== undefined || effects.sendAfterSave.length > 0) {
      if (effects.save === undefined && node.unsaved.length === 0)
        this.network.push(...effects.sendAfterSave);
      else node.unsaved.push({ write: effects.save, after: effects.sendAfterSave });
    }
    for (const work of effects.snapshots) {
      if (work.type === 'send') this.network.push(work.message);
      else {
        node.machineIndex = work.meta.index;
        node.machineMembership = work.meta.membership;
      }
    }
    for (const entry of effects.committed) {
      invariant(
        entry.index === node.machineIndex + 1,
        `${node.id} applies ${entry.index} after ${node.machineIndex}`,
      );
      node.machineIndex = entry.index;
      if (entry.kind === 'membership') node.machineMembership = readMembership(new ByteReader(entry.data));
      node.applied.push(entry);
    }
    if (node.machineIndex > 0) node.engine.step({ type: 'applied', through: node.machineIndex });
    for (const read of effects.reads) node.reads.set(read.context, read.index);
    node.refused.push(...effects.refused);
    node.events.push(...effects.events);
  }

  /** Loses one message. Whoever carries a snapshot always says what became of it, as the contract asks. */
  lose(message: Message): void {
    if (this.#codec.offeredSnapshot(message) === undefined) return;
    this.step(message.from, { type: 'snapshotSent', peer: message.to, delivered: false });
  }

  /** Delivers one message, through the codec. */
  deliver(message: Message): void {
    if (this.isCut(message.from, message.to)) return this.lose(message);
    this.#writer.clear();
    this.#codec.encode(message, this.#writer);
    const reader = new ByteReader(this.#writer.copy());
    const decoded = this.#codec.decode(reader, message.from, message.to);
    reader.end();
    const offered = this.#codec.offeredSnapshot(decoded);
    if (offered !== undefined) return this.#deliverSnapshot(decoded, offered);
    this.step(message.to, { type: 'receive', message: decoded });
  }

  /** The snapshot's bytes travel before the message does. */
  #deliverSnapshot(message: Message, offered: SnapshotMeta): void {
    const { disk } = this.node(message.to);
    if (disk.snapshot === undefined || disk.snapshot.index < offered.index) disk.snapshot = offered;
    this.step(message.to, { type: 'receive', message });
    this.node(message.from).engine.step({ type: 'snapshotSent', peer: message.to, delivered: true });
    this.settleNode(message.from);
  }

  /** Delivers everything, and what follows from it, until nothing is under way. */
  settle(): void {
    for (let rounds = 0; this.network.length > 0; rounds++) {
      invariant(rounds < 10_000, 'the network comes to rest');
      const messages = this.network;
      this.network = [];
      for (const message of messages) this.deliver(message);
    }
  }

  /** Ticks every node a number of times, delivering everything after each round of ticks. */
  tick(times = 1): void {
    for (let time = 0; time < times; time++) {
      for (const id of this.nodes.keys()) this.step(id, { type: 'tick' });
      this.settle();
    }
  }

  /** Makes a node leader. */
  elect(id: NodeId): void {
    this.step(id, { type: 'campaign' });
    this.settle();
    invariant(this.node(id).role === 'leader', `${id} was elected`);
  }

  /** Proposes commands, numbered from 1. */
  propose(id: NodeId, ...commands: string[]): void {
    this.step(id, {
      type: 'propose',
      commands: commands.map((command, position) => ({ proposal: position + 1, data: encodeUtf8(command) })),
    });
  }

  /** Asks a node to make these the members; `n1 n2 (n4)` has one learner. */
  change(id: NodeId, members: string, proposal: number, admitLagging = false): void {
    const change = { target: membersOf(members), admitLagging };
    this.step(id, { type: 'changeMembership', change, proposal });
  }

  /** Stores a snapshot of a node's state machine and tells the engine. */
  snapshot(id: NodeId): void {
    const node = this.node(id);
    const status = node.engine.status();
    if (this.down.has(id) || node.machineIndex <= status.snapshot.index) return;
    const term = node.disk.entries.get(node.machineIndex)?.term;
    if (term === undefined) return;
    const meta = { index: node.machineIndex, term, membership: node.machineMembership };
    node.disk.snapshot = meta;
    this.step(id, { type: 'snapshotSaved', meta });
  }

  /** Stops a node; what is on its way from and to it is lost. */
  crash(id: NodeId): void {
    this.down.add(id);
    const messages = this.network;
    this.network = messages.filter((message) => message.from !== id && message.to !== id);
    for (const message of messages) if (message.to === id) this.lose(message);
  }

  /** Starts a stopped node again, from its disk. */
  restart(id: NodeId): void {
    this.down.delete(id);
    this.#watch.restarted(id);
    this.node(id).restart();
    this.settleNode(id);
  }

  /** Ids of the nodes that lead by their own word. */
  leaders(): NodeId[] {
    return [...this.nodes.values()]
      .filter((node) => !this.down.has(node.id) && node.role === 'leader')
      .map((node) => node.id);
  }
}
