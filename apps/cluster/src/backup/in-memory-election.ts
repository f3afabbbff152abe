/**
 * What the nodes of a stopped cluster hold together, found as the cluster itself would find it: the very engines are
 * made from what the disks hold, hear each other in memory, elect a leader, and commit what an elected leader commits.
 * No second implementation of the protocols decides what was acknowledged, and nothing is written.
 */
import type { ConsensusEngine, Effects, EngineMessage, Entry, NodeId, SnapshotMeta } from '@synod/core';

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

/** Lets engines hear each other until one leads and everything is committed, or nobody can. */
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
    this.#settle();
    for (let ticks = 0; ticks < ticksMax; ticks++) {
      const leader = nodes.find((node) => node.leadsUndisputed);
      if (leader !== undefined) return leader.committed(true);
      for (const node of nodes) {
        node.step({ type: 'tick' });
        this.#settle();
      }
    }
    const best = nodes.reduce((left, right) => (right.commitIndex > left.commitIndex ? right : left));
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
  #isForeign = false;
  #started = false;

  constructor(engine: ConsensusEngine<Message>) {
    this.#engine = engine;
  }

  get commitIndex(): number {
    return this.#engine.status().commitIndex;
  }

  /** Whether it leads and has committed all of its log, the first entry of its own term included. */
  get leadsUndisputed(): boolean {
    const { role, commitIndex, lastIndex } = this.#engine.status();
    return role === 'leader' && commitIndex === lastIndex && commitIndex > 0 && !this.#isForeign;
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
      if (last !== undefined) this.#engine.step({ type: 'applied', through: last.index });
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
      this.#isForeign ||= this.#started;
      this.#engine.step({ type: 'applied', through: work.meta.index });
    }
    return sent;
  }
}
