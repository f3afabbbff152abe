/**
 * What the nodes of a stopped cluster hold together, found as the cluster itself would find it: the very engines are
 * made from what the disks hold, hear each other in memory, elect a leader, and let it answer a linearizable read. No
 * second implementation of the protocols decides what was acknowledged, and nothing is written.
 */
import type {
  ConsensusEngine,
  Effects,
  EngineMessage,
  Entry,
  LogIndex,
  NodeId,
  SnapshotMeta,
} from '@synod/core';

/** Rounds of ticks after which a majority that elects nobody is given up. */
const ticksMax = 2_000;

/** What one node knows to be committed. */
export interface CommittedLog {
  /** The node. */
  readonly id: NodeId;
  /** The snapshot that it begins with; absent when it begins with the log. */
  readonly snapshot: SnapshotMeta | undefined;
  /** The committed entries behind it. */
  readonly entries: readonly Entry[];
  /** Whether a majority confirmed it: then every write that was ever acknowledged is in it. */
  readonly confirmed: boolean;
}

/** Lets engines hear each other until a read of one would be linearizable, or nobody can give one. */
export class InMemoryElection<Message extends EngineMessage> {
  readonly #nodes: ReadonlyMap<NodeId, Participant<Message>>;
  readonly #messages: Message[] = [];

  /** @param engines - One for each node whose disk is at hand, just made. */
  constructor(engines: readonly ConsensusEngine<Message>[]) {
    this.#nodes = new Map(engines.map((engine) => [engine.id, new Participant(engine)]));
  }

  /**
   * Runs it.
   *
   * @returns The committed log of the leader, or of the node that knows most when none was elected.
   */
  run(): CommittedLog {
    const nodes = [...this.#nodes.values()];
    for (let ticks = 0; ticks < ticksMax; ticks++) {
      // Any node that has applied what a read had to reflect will do: one whose state is at hand here.
      const barrier = nodes.find((node) => node.barrier !== undefined)?.barrier ?? Number.POSITIVE_INFINITY;
      const witness = nodes.find((node) => !node.isForeign && node.appliedIndex >= barrier);
      if (witness !== undefined) return witness.committed(true);
      for (const node of nodes) {
        node.step({ type: 'tick' });
        node.askToRead();
        this.#settle();
      }
    }
    return this.known();
  }

  /**
   * What these nodes know to be committed, by themselves: for disks that may not vote.
   *
   * @returns The committed log of the node that knows most.
   */
  known(): CommittedLog {
    for (const node of this.#nodes.values()) node.carryOut();
    const own = [...this.#nodes.values()].filter((node) => !node.isForeign);
    const best = own.reduce((left, right) => (right.appliedIndex > left.appliedIndex ? right : left));
    return best.committed(false);
  }

  #settle(): void {
    for (;;) {
      for (const node of this.#nodes.values()) this.#messages.push(...node.carryOut());
      const messages = this.#messages.splice(0);
      if (messages.length === 0) return;
      for (const message of messages) this.#nodes.get(message.to)?.step({ type: 'receive', message });
    }
  }
}

/** One engine, whose disk answers at once and whose state machine only remembers. */
class Participant<Message extends EngineMessage> {
  readonly #engine: ConsensusEngine<Message>;
  #snapshot: SnapshotMeta | undefined;
  #entries: Entry[] = [];
  /** A snapshot came from another node: what it covers is not at hand here. */
  isForeign = false;
  #started = false;
  #applied = 0;
  #isAsking = false;
  /** What a read that was asked for here must reflect: everything that was acknowledged before. */
  barrier: LogIndex | undefined;

  constructor(engine: ConsensusEngine<Message>) {
    this.#engine = engine;
  }

  get appliedIndex(): LogIndex {
    return this.#applied;
  }

  /** Asks for a linearizable read as soon as it leads. */
  askToRead(): void {
    if (this.#isAsking || this.#engine.status().role !== 'leader') return;
    this.#isAsking = true;
    this.#engine.step({ type: 'read', context: 1, mode: 'index' });
  }

  step(input: Parameters<ConsensusEngine<Message>['step']>[0]): void {
    this.#engine.step(input);
  }

  committed(confirmed: boolean): CommittedLog {
    return { id: this.#engine.id, snapshot: this.#snapshot, entries: this.#entries, confirmed };
  }

  /** Carries out everything that the engine asks for; gives what it sends. */
  carryOut(): readonly Message[] {
    const sent: Message[] = [];
    for (
      let effects = this.#engine.takeEffects();
      effects !== undefined;
      effects = this.#engine.takeEffects()
    ) {
      sent.push(...effects.sendNow);
      if (effects.save !== undefined) this.#engine.step({ type: 'saved', receipt: effects.save.receipt });
      sent.push(...effects.sendAfterSave, ...this.#carrySnapshots(effects));
      this.#entries.push(...effects.committed);
      const last = effects.committed.at(-1);
      if (last !== undefined) this.#apply(last.index);
      for (const { index } of effects.reads) this.barrier = index;
      if (effects.refused.length > 0) this.#isAsking = false;
      this.#started = true;
    }
    return sent;
  }

  #carrySnapshots(effects: Effects<Message>): readonly Message[] {
    const sent: Message[] = [];
    for (const work of effects.snapshots) {
      if (work.type === 'send') {
        sent.push(work.message);
        this.#engine.step({ type: 'snapshotSent', peer: work.to, delivered: true });
        continue;
      }
      this.#snapshot = work.meta;
      this.#entries = [];
      this.isForeign ||= this.#started;
      this.#apply(work.meta.index);
    }
    return sent;
  }

  #apply(through: LogIndex): void {
    this.#applied = through;
    this.#engine.step({ type: 'applied', through });
  }
}
