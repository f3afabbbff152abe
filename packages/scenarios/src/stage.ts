/** The stage of one scenario: all nodes, the messages between them, and what is said about what they do. */
import {
  ByteReader,
  ByteWriter,
  type ConsensusEngine,
  createMembership,
  type EngineMessage,
  type Member,
  type Membership,
  type NodeId,
  type RecoveredState,
} from '@synod/core';
import type { EngineOnStage } from './engine-on-stage.js';
import { Network, type Parcel } from './network.js';
import { SafetyWatch } from './safety-watch.js';
import { ScenarioError } from './script.js';
import { StagedDisk, type StoredSnapshot } from './staged-disk.js';
import { StagedNode, type Surroundings } from './staged-node.js';

const roundsMax = 1_000;
const noDisk: ReadonlyMap<NodeId, StagedDisk> = new Map();

/** Everything that one scenario plays on. */
export class Stage<Message extends EngineMessage> implements Surroundings<Message> {
  readonly watch = new SafetyWatch();
  readonly network = new Network<Message>();
  readonly nodes = new Map<NodeId, StagedNode<Message>>();
  readonly engine: EngineOnStage<Message>;
  #lines: string[] = [];
  #depth = 0;
  #quiet = 0;
  #founding: Membership | undefined;
  #options: ReadonlyMap<string, string> = new Map();
  readonly #writer = new ByteWriter();

  constructor(engine: EngineOnStage<Message>) {
    this.engine = engine;
  }

  /** Takes what was said since the last call. */
  takeLines(): readonly string[] {
    const lines = this.#lines;
    this.#lines = [];
    return lines;
  }

  say(line: string): void {
    if (this.#quiet === 0) this.#lines.push('  '.repeat(this.#depth) + line);
  }

  /** Does something without saying what comes of it. */
  quietly(action: () => void): void {
    this.#quiet++;
    action();
    this.#quiet--;
  }

  node(id: NodeId | undefined): StagedNode<Message> {
    const node = id === undefined ? undefined : this.nodes.get(id);
    if (node === undefined) throw new ScenarioError(`${id ?? 'nothing'} is no node of this scenario`);
    return node;
  }

  /** Founds the group. Its first effects, which only save that it was started, are not said. */
  found(
    voters: readonly NodeId[],
    learners: readonly NodeId[],
    options: ReadonlyMap<string, string>,
    disks = noDisk,
  ): void {
    if (this.#founding !== undefined) throw new ScenarioError('a scenario has one cluster');
    const { members } = createMembership([...voters, ...learners]);
    this.#founding = {
      members: members.map(
        (member): Member => (learners.includes(member.id) ? { ...member, role: 'learner' } : member),
      ),
      outgoingVoters: [],
    };
    this.#options = options;
    for (const { id } of members) this.#add(id, disks.get(id));
  }

  /** Starts a node that is no member of the group yet. */
  join(id: NodeId): void {
    if (this.nodes.has(id)) throw new ScenarioError(`${id} is there already`);
    this.#add(id, undefined);
  }

  #add(id: NodeId, disk = new StagedDisk()): void {
    if (this.#founding === undefined) throw new ScenarioError('a cluster is founded first');
    const node = new StagedNode<Message>(id, disk, this.#founding, this);
    this.nodes.set(id, node);
    this.quietly(() => node.settle());
  }

  start(id: NodeId, recovered: RecoveredState, life: number): ConsensusEngine<Message> {
    if (this.#founding === undefined) throw new ScenarioError('a cluster is founded first');
    // An option "n1.name" is for that node only.
    const options = new Map<string, string>();
    for (const [name, value] of this.#options) if (!name.includes('.')) options.set(name, value);
    for (const [name, value] of this.#options) {
      if (name.startsWith(`${id}.`)) options.set(name.slice(id.length + 1), value);
    }
    const seed = `${options.get('seed') ?? '1'}/${id}/${life}`;
    return this.engine.create({ id, group: 0, membership: this.#founding, recovered, seed }, options);
  }

  describeMessage(message: Message): string {
    return this.engine.describeMessage(message);
  }

  describeHardState(bytes: Uint8Array): string {
    return this.engine.describeHardState(bytes);
  }

  send(message: Message, snapshot: StoredSnapshot | undefined): void {
    const text = this.describeMessage(message);
    const lost = this.network.isCut(message);
    this.say(`${message.from} -> ${message.to}  ${text}${lost ? '  (lost)' : ''}`);
    const parcel = { message, text, snapshot };
    if (lost) this.#lose(parcel);
    else this.network.send(parcel);
  }

  /** A message is lost: nobody hears of it, but whoever carries a snapshot tells its sender. */
  lose(parcel: Parcel<Message>): void {
    this.#lose(parcel);
    this.nodes.get(parcel.message.from)?.settle();
  }

  #lose({ message, snapshot }: Parcel<Message>): void {
    if (snapshot !== undefined) this.nodes.get(message.from)?.reportSnapshot(message.to, false);
  }

  deliver(parcel: Parcel<Message>): void {
    const { message, text, snapshot } = parcel;
    const receiver = this.nodes.get(message.to);
    if (receiver?.up !== true || this.network.isCut(message)) {
      this.say(`${message.to} never gets: ${message.from}  ${text}`);
      this.lose(parcel);
      return;
    }
    this.say(`${message.to} <- ${message.from}  ${text}`);
    this.#depth++;
    const stored = receiver.disk.snapshot?.meta.index ?? 0;
    if (snapshot !== undefined && stored < snapshot.meta.index) receiver.disk.snapshot = snapshot;
    receiver.step({ type: 'receive', message: this.#throughCodec(message) });
    if (snapshot !== undefined) {
      const sender = this.nodes.get(message.from);
      sender?.reportSnapshot(message.to, true);
      sender?.settle();
    }
    this.#depth--;
  }

  #throughCodec(message: Message): Message {
    this.#writer.clear();
    this.engine.codec.encode(message, this.#writer);
    const reader = new ByteReader(this.#writer.copy());
    const decoded = this.engine.codec.decode(reader, message.from, message.to);
    reader.end();
    return decoded;
  }

  /** Delivers everything that is not held up, and what follows from it. */
  calm(): void {
    for (let rounds = 0; ; rounds++) {
      if (rounds > roundsMax) throw new ScenarioError('the network does not come to rest');
      const parcels = this.network.takeFree();
      if (parcels.length === 0) return;
      for (const parcel of parcels) this.deliver(parcel);
    }
  }

  /** Ticks every node. */
  tick(): void {
    for (const node of this.nodes.values()) if (node.up) node.step({ type: 'tick' });
  }
}
