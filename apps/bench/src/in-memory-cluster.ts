/**
 * Three nodes in one thread, driven as `@synod/replica` drives them: effects are taken after inputs, messages become
 * bytes and are read from a copy of these, a save is answered with its receipt, and each node's state machine applies
 * what is committed and says so. Only the disk and the sockets are missing.
 */
import {
  ByteReader,
  ByteWriter,
  type ConsensusEngine,
  createMembership,
  type EngineMessage,
  type EngineStart,
  type Entry,
  logStart,
  type MessageCodec,
  type NodeId,
  type ProposedCommand,
} from '@synod/core';
import { CommandCounter } from './command-counter.js';

/** One engine family to measure. */
export interface EngineUnderTest<Message extends EngineMessage> {
  readonly create: (start: EngineStart) => ConsensusEngine<Message>;
  readonly codec: MessageCodec<Message>;
}

interface Node<Message extends EngineMessage> {
  readonly id: NodeId;
  readonly engine: ConsensusEngine<Message>;
  readonly stateMachine: CommandCounter;
  /** Commands that its state machine has applied. */
  applied: number;
  /** Whether inputs were stepped since effects were last taken. */
  isAwake: boolean;
}

const ids = ['n1', 'n2', 'n3'];

/** A group whose first node leads. */
export class InMemoryCluster<Message extends EngineMessage> {
  readonly #nodes: readonly Node<Message>[];
  readonly #leader: Node<Message>;
  readonly #codec: MessageCodec<Message>;
  /** Messages on their way, as bytes, and from and to whom each is. */
  readonly #sent = new ByteWriter(1 << 16);
  readonly #senders: Node<Message>[] = [];
  readonly #receivers: Node<Message>[] = [];
  #underWay = 0;
  /** Messages delivered. */
  messages = 0;
  /** Bytes of them. */
  messageBytes = 0;
  /** Saves answered, on all nodes. */
  saves = 0;
  /** Entries in them. */
  savedEntries = 0;

  constructor({ create, codec }: EngineUnderTest<Message>) {
    this.#codec = codec;
    const membership = createMembership(ids);
    const recovered = { discarded: logStart, entries: [] };
    this.#nodes = ids.map((id) => ({
      id,
      engine: create({ id, group: 0, membership, recovered, seed: id }),
      stateMachine: new CommandCounter(),
      applied: 0,
      isAwake: true,
    }));
    const [leader] = this.#nodes;
    if (leader === undefined) throw new Error('the benchmark has nodes');
    this.#leader = leader;
    leader.engine.step({ type: 'campaign' });
    this.settle();
  }

  /** Commands committed and applied on the leader. */
  get committed(): number {
    return this.#leader.applied;
  }

  /** Commands that the node which has applied fewest has applied. */
  get committedEverywhere(): number {
    return Math.min(...this.#nodes.map(({ applied }) => applied));
  }

  /** Gives the leader commands. */
  propose(commands: readonly ProposedCommand[]): void {
    this.#leader.engine.step({ type: 'propose', commands });
    this.#leader.isAwake = true;
  }

  /** Carries out effects and delivers messages until nothing is under way. */
  settle(): void {
    do {
      for (const node of this.#nodes) if (node.isAwake) this.#turn(node);
    } while (this.#deliver());
  }

  /** Discards the log behind what is applied, as a snapshot would. */
  compact(): void {
    for (const { engine } of this.#nodes) {
      const { appliedIndex, term, membership } = engine.status();
      engine.step({ type: 'snapshotSaved', meta: { index: appliedIndex, term, membership } });
    }
  }

  /** A receipt can let a leader commit, so effects are taken until there are none. */
  #turn(node: Node<Message>): void {
    node.isAwake = false;
    const { engine } = node;
    for (let effects = engine.takeEffects(); effects !== undefined; effects = engine.takeEffects()) {
      const { save, sendNow, sendAfterSave, committed } = effects;
      if (sendNow.length > 0) this.#send(node, sendNow);
      if (save !== undefined) {
        this.saves++;
        this.savedEntries += save.entries.length;
        engine.step({ type: 'saved', receipt: save.receipt });
      }
      if (sendAfterSave.length > 0) this.#send(node, sendAfterSave);
      if (committed.length > 0) apply(node, committed);
    }
  }

  #send(from: Node<Message>, messages: readonly Message[]): void {
    // By position: an engine's empty lists may be frozen, and where lists of two kinds are gone through, each step of the
    // way makes an object.
    for (let position = 0; position < messages.length; position++) {
      const message = messages[position];
      if (message === undefined) break;
      this.#codec.encode(message, this.#sent);
      this.#senders[this.#underWay] = from;
      this.#receivers[this.#underWay] = this.#node(message.to);
      this.#underWay++;
    }
  }

  /** All messages of a turn are copied once, as the replica does with each payload: the engine keeps views into it. */
  #deliver(): boolean {
    const count = this.#underWay;
    if (count === 0) return false;
    const reader = new ByteReader(this.#sent.copy());
    this.messages += count;
    this.messageBytes += this.#sent.length;
    this.#sent.clear();
    this.#underWay = 0;
    for (let position = 0; position < count; position++) {
      const from = this.#senders[position];
      const to = this.#receivers[position];
      if (from === undefined || to === undefined)
        throw new Error('every message has a sender and a receiver');
      to.engine.step({ type: 'receive', message: this.#codec.decode(reader, from.id, to.id) });
      to.isAwake = true;
    }
    reader.end();
    return true;
  }

  #node(id: NodeId): Node<Message> {
    for (const node of this.#nodes) if (node.id === id) return node;
    throw new Error(`${id} is no node of the benchmark`);
  }
}

function apply<Message extends EngineMessage>(node: Node<Message>, committed: readonly Entry[]): void {
  let through = 0;
  for (const { index, kind } of committed) {
    through = index;
    if (kind === 'command') node.applied = node.stateMachine.apply();
  }
  node.engine.step({ type: 'applied', through });
}
