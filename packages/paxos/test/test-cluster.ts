/**
 * A cluster of engines in one thread whose disk and network are moved by hand, for scenarios and storms. Messages go
 * through the real codec. Each node's disk applies writes in order and only when told; a crash keeps exactly what was
 * saved.
 */
import {
  ByteReader,
  ByteWriter,
  type ConsensusEngine,
  createMembership,
  type DurableWrite,
  decodeUtf8,
  type Effects,
  type EngineEvent,
  type Entry,
  encodeUtf8,
  invariant,
  logStart,
  type Membership,
  type NodeId,
  type RecoveredState,
  type Refusal,
  readMembership,
  type SnapshotMeta,
} from '@synod/core';
import {
  createMultiPaxosEngine,
  type MultiPaxosLimits,
  type MultiPaxosMessage,
  multiPaxosMessageCodec,
} from '../src/index.js';

/** What one node's disk holds. */
export class Disk {
  hardState: Uint8Array | undefined;
  discarded = logStart;
  entries = new Map<number, Entry>();
  snapshot: SnapshotMeta | undefined;

  apply(write: DurableWrite): void {
    if (write.discardThrough !== undefined) {
      this.discarded = write.discardThrough;
      for (const index of this.entries.keys()) {
        if (index <= this.discarded.index) this.entries.delete(index);
      }
    }
    if (write.truncateFrom !== undefined) {
      for (const index of this.entries.keys()) {
        if (index >= write.truncateFrom) this.entries.delete(index);
      }
    }
    for (const { index, term, kind, data } of write.entries)
      this.entries.set(index, { index, term, kind, data });
    if (write.hardState !== undefined) this.hardState = write.hardState;
  }

  recover(): RecoveredState {
    return {
      ...(this.hardState === undefined ? {} : { hardState: this.hardState }),
      discarded: this.discarded,
      entries: [...this.entries.values()].sort((left, right) => left.index - right.index),
      ...(this.snapshot === undefined ? {} : { snapshot: this.snapshot }),
    };
  }
}

interface UnsavedWork {
  readonly write: DurableWrite | undefined;
  readonly after: readonly MultiPaxosMessage[];
}

/** One node: its engine, its disk, and what it told its caller. */
export class TestNode {
  engine: ConsensusEngine<MultiPaxosMessage>;
  readonly disk: Disk;
  applied: Entry[] = [];
  /** Index that the state machine stands at: the last applied entry or installed snapshot. */
  machineIndex = 0;
  /** Members that govern there. */
  machineMembership: Membership;
  reads = new Map<number, number>();
  refused: Refusal[] = [];
  events: EngineEvent[] = [];
  unsaved: UnsavedWork[] = [];
  lives = 0;

  readonly id: NodeId;
  readonly #membership: Membership;
  readonly #start: (recovered: RecoveredState, life: number) => ConsensusEngine<MultiPaxosMessage>;

  constructor(
    id: NodeId,
    disk: Disk,
    membership: Membership,
    start: (recovered: RecoveredState, life: number) => ConsensusEngine<MultiPaxosMessage>,
  ) {
    this.id = id;
    this.#membership = membership;
    this.machineMembership = membership;
    this.disk = disk;
    this.#start = start;
    this.engine = start(disk.recover(), 0);
  }

  restart(): void {
    this.applied = [];
    this.machineIndex = 0;
    this.machineMembership = this.#membership;
    this.unsaved = [];
    this.lives++;
    this.engine = this.#start(this.disk.recover(), this.lives);
  }

  get role(): string {
    return this.engine.status().role;
  }

  get term(): number {
    return this.engine.status().term;
  }

  /** Ids of the voters that govern; outgoing ones behind a slash, learners in brackets. */
  get members(): string {
    return describeMembers(this.engine.status().membership);
  }

  /** Index of the entry in which a proposal of this node was applied, if it was. */
  answered(proposal: number): number | undefined {
    return this.applied.find((entry) => entry.proposal === proposal)?.index;
  }

  /** The log as `term:text` from its first entry on; a no-op is `term:-`, and members stand in braces. */
  get log(): string[] {
    const stored = new Map(this.disk.entries);
    return [...stored.values()]
      .sort((left, right) => left.index - right.index)
      .map((entry) => `${entry.term}:${describeEntry(entry)}`);
  }

  get commands(): string[] {
    return this.applied.filter((entry) => entry.kind === 'command').map((entry) => decodeUtf8(entry.data));
  }
}

function describeEntry(entry: Entry): string {
  if (entry.kind === 'noop') return '-';
  if (entry.kind === 'command') return decodeUtf8(entry.data);
  return `{${describeMembers(readMembership(new ByteReader(entry.data)))}}`;
}

function describeMembers({ members, outgoingVoters }: Membership): string {
  const voters = members.filter((member) => member.role === 'voter').map((member) => member.id);
  const learners = members.filter((member) => member.role === 'learner').map((member) => `(${member.id})`);
  const outgoing = outgoingVoters.length === 0 ? '' : ` / ${outgoingVoters.join(' ')}`;
  return `${[...voters, ...learners].join(' ')}${outgoing}`;
}

/** Members from a list such as `n1 n2 (n4)`: learners stand in brackets, and the number in a name is the ordinal. */
function membersOf(list: string): Membership {
  const members = list.split(' ').map((item) => {
    const learner = item.startsWith('(');
    const id = learner ? item.slice(1, -1) : item;
    return { id, ordinal: Number(id.replace(/\D/g, '')), role: learner ? 'learner' : 'voter' } as const;
  });
  return { members: members.sort((left, right) => left.ordinal - right.ordinal), outgoingVoters: [] };
}

/** Options of a test cluster. */
export interface TestClusterOptions extends MultiPaxosLimits {
  readonly ids?: readonly NodeId[];
  /** Nodes that run too, but are no members at first. */
  readonly spare?: readonly NodeId[];
  /** Limits of single nodes. */
  readonly limitsOf?: Readonly<Record<NodeId, MultiPaxosLimits>>;
  readonly seed?: number;
  /** Disks to start from, by node. */
  readonly disks?: Readonly<Record<NodeId, Disk>>;
}

/** All nodes, and the messages between them. */
export class TestCluster {
  readonly nodes = new Map<NodeId, TestNode>();
  /** Messages sent and not yet delivered, oldest first. */
  network: MultiPaxosMessage[] = [];
  /** Whether disks save at once. */
  autoSave = true;
  readonly down = new Set<NodeId>();
  readonly #cut = new Set<string>();
  readonly #writer = new ByteWriter();

  constructor(options: TestClusterOptions = {}) {
    const {
      ids = ['n1', 'n2', 'n3'],
      spare = [],
      limitsOf = {},
      seed = 1,
      disks = {},
      ...limitsOfAll
    } = options;
    const membership = createMembership(ids);
    for (const id of [...ids, ...spare]) {
      const limits = { ...limitsOfAll, ...limitsOf[id] };
      const node = new TestNode(id, disks[id] ?? new Disk(), membership, (recovered, life) =>
        createMultiPaxosEngine({
          ...limits,
          id,
          group: 0,
          membership,
          recovered,
          seed: `${seed}/${id}/${life}`,
        }),
      );
      this.nodes.set(id, node);
    }
    for (const id of this.nodes.keys()) this.settleNode(id);
  }

  node(id: NodeId): TestNode {
    const node = this.nodes.get(id);
    invariant(node !== undefined, `${id} is a node of the test cluster`);
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

  heal(): void {
    this.#cut.clear();
  }

  isCut(from: NodeId, to: NodeId): boolean {
    return this.#cut.has(`${from}>${to}`) || this.down.has(from) || this.down.has(to);
  }

  /** Steps an input into one node and carries out its effects. */
  step(id: NodeId, input: Parameters<ConsensusEngine<MultiPaxosMessage>['step']>[0]): void {
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
      this.#carryOut(node, effects);
      if (this.autoSave) this.save(id);
    }
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

  #carryOut(node: TestNode, effects: Effects<MultiPaxosMessage>): void {
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
  lose(message: MultiPaxosMessage): void {
    if (message.type !== 'installSnapshot') return;
    this.step(message.from, { type: 'snapshotSent', peer: message.to, delivered: false });
  }

  /** Delivers one message, through the codec. */
  deliver(message: MultiPaxosMessage): void {
    if (this.isCut(message.from, message.to)) return this.lose(message);
    this.#writer.clear();
    multiPaxosMessageCodec.encode(message, this.#writer);
    const reader = new ByteReader(this.#writer.copy());
    const decoded = multiPaxosMessageCodec.decode(reader, message.from, message.to);
    reader.end();
    const receiver = this.node(message.to);
    const sender = this.node(message.from);
    if (decoded.type === 'installSnapshot') {
      // The snapshot's bytes travel before the message does.
      const stored = receiver.disk.snapshot;
      if (stored === undefined || stored.index < decoded.meta.index) receiver.disk.snapshot = decoded.meta;
      this.step(message.to, { type: 'receive', message: decoded });
      sender.engine.step({ type: 'snapshotSent', peer: message.to, delivered: true });
      this.settleNode(message.from);
      return;
    }
    this.step(message.to, { type: 'receive', message: decoded });
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

  propose(id: NodeId, ...commands: string[]): void {
    this.step(id, {
      type: 'propose',
      commands: commands.map((command, position) => ({ proposal: position + 1, data: encodeUtf8(command) })),
    });
  }

  /** Asks a node to make these the members; `n1 n2 (n4)` has one learner. */
  change(id: NodeId, members: string, proposal: number, admitLagging = false): void {
    this.step(id, {
      type: 'changeMembership',
      change: { target: membersOf(members), admitLagging },
      proposal,
    });
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

  crash(id: NodeId): void {
    this.down.add(id);
    const messages = this.network;
    this.network = messages.filter((message) => message.from !== id && message.to !== id);
    for (const message of messages) if (message.to === id) this.lose(message);
  }

  restart(id: NodeId): void {
    this.down.delete(id);
    this.node(id).restart();
    this.settleNode(id);
  }

  leaders(): NodeId[] {
    return [...this.nodes.values()]
      .filter((node) => !this.down.has(node.id) && node.role === 'leader')
      .map((node) => node.id);
  }
}
