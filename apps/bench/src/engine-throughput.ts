/**
 * Commits a second of the engine alone: three nodes in one thread, memory for a disk, every message encoded and
 * decoded as on the wire. What is measured is the protocol and its codec, nothing else.
 */
import {
  ByteReader,
  ByteWriter,
  type ConsensusEngine,
  createMembership,
  type EngineMessage,
  type EngineStart,
  logStart,
  type MessageCodec,
  type NodeId,
} from '@synod/core';

/** One engine family to measure. */
export interface EngineUnderTest<Message extends EngineMessage> {
  readonly create: (start: EngineStart) => ConsensusEngine<Message>;
  readonly codec: MessageCodec<Message>;
}

/** What one measurement found. */
export interface EngineThroughput {
  readonly inFlight: number;
  readonly commits: number;
  readonly commitsPerSecond: number;
  readonly messagesPerCommit: number;
  readonly entriesPerSave: number;
}

const ids = ['n1', 'n2', 'n3'];

/** Commits commands for a while with a number of them under way at all times. */
export function measureEngine<Message extends EngineMessage>(
  engineUnderTest: EngineUnderTest<Message>,
  inFlight: number,
  durationMs: number,
  commandBytes: number,
): EngineThroughput {
  const cluster = new InMemoryCluster(engineUnderTest);
  cluster.elect('n1');
  const command = new Uint8Array(commandBytes).fill(0x78);
  run(cluster, command, inFlight, durationMs / 4);
  cluster.resetCounts();
  const began = performance.now();
  const commits = run(cluster, command, inFlight, durationMs);
  const seconds = (performance.now() - began) / 1000;
  return {
    inFlight,
    commits,
    commitsPerSecond: commits / seconds,
    messagesPerCommit: cluster.messages / commits,
    entriesPerSave: cluster.savedEntries / Math.max(1, cluster.saves),
  };
}

function run<Message extends EngineMessage>(
  cluster: InMemoryCluster<Message>,
  command: Uint8Array,
  inFlight: number,
  durationMs: number,
): number {
  const until = performance.now() + durationMs;
  const before = cluster.committed;
  let proposed = 0;
  let proposal = 0;
  let sinceSnapshot = 0;
  while (performance.now() < until) {
    const committed = cluster.committed - before;
    const free = inFlight - (proposed - committed);
    if (free > 0) {
      const commands = Array.from({ length: free }, () => ({ proposal: proposal++, data: command }));
      cluster.propose('n1', commands);
      proposed += free;
      sinceSnapshot += free;
    }
    cluster.settle();
    if (sinceSnapshot > 50_000) {
      cluster.compact();
      sinceSnapshot = 0;
    }
  }
  return cluster.committed - before;
}

class InMemoryCluster<Message extends EngineMessage> {
  readonly #engines = new Map<NodeId, ConsensusEngine<Message>>();
  readonly #codec: MessageCodec<Message>;
  readonly #writer = new ByteWriter(1 << 16);
  #queue: Message[] = [];
  /** Commands committed on the proposing node. */
  committed = 0;
  messages = 0;
  saves = 0;
  savedEntries = 0;

  constructor({ create, codec }: EngineUnderTest<Message>) {
    this.#codec = codec;
    const membership = createMembership(ids);
    for (const id of ids) {
      const recovered = { discarded: logStart, entries: [] };
      this.#engines.set(id, create({ id, group: 0, membership, recovered, seed: id }));
    }
  }

  resetCounts(): void {
    this.messages = 0;
    this.saves = 0;
    this.savedEntries = 0;
  }

  elect(id: NodeId): void {
    this.#engine(id).step({ type: 'campaign' });
    this.settle();
  }

  propose(id: NodeId, commands: readonly { readonly proposal: number; readonly data: Uint8Array }[]): void {
    this.#engine(id).step({ type: 'propose', commands });
  }

  /** Carries out effects and delivers messages until nothing is under way. */
  settle(): void {
    do {
      for (const [id, engine] of this.#engines) this.#carryOut(id, engine);
      const messages = this.#queue;
      this.#queue = [];
      this.#deliver(messages);
    } while (this.#queue.length > 0 || this.#busy());
  }

  /** Discards the log behind what is applied, as a snapshot would. */
  compact(): void {
    for (const engine of this.#engines.values()) {
      const { appliedIndex, term, membership } = engine.status();
      engine.step({ type: 'snapshotSaved', meta: { index: appliedIndex, term, membership } });
    }
  }

  #busy(): boolean {
    let busy = false;
    for (const [id, engine] of this.#engines) busy = this.#carryOut(id, engine) || busy;
    return busy;
  }

  #carryOut(id: NodeId, engine: ConsensusEngine<Message>): boolean {
    const effects = engine.takeEffects();
    if (effects === undefined) return false;
    this.#queue.push(...effects.sendNow);
    if (effects.save !== undefined) {
      this.saves++;
      this.savedEntries += effects.save.entries.length;
      engine.step({ type: 'saved', receipt: effects.save.receipt });
    }
    this.#queue.push(...effects.sendAfterSave);
    const last = effects.committed[effects.committed.length - 1];
    if (last !== undefined) {
      if (id === 'n1') for (const entry of effects.committed) if (entry.kind === 'command') this.committed++;
      engine.step({ type: 'applied', through: last.index });
    }
    return true;
  }

  /** All messages of a turn are copied once, as the replica does with each payload: the engine keeps views into it. */
  #deliver(messages: readonly Message[]): void {
    this.messages += messages.length;
    this.#writer.clear();
    for (const message of messages) this.#codec.encode(message, this.#writer);
    const reader = new ByteReader(this.#writer.copy());
    for (const { from, to } of messages) {
      const message = this.#codec.decode(reader, from, to);
      this.#engine(to).step({ type: 'receive', message });
    }
  }

  #engine(id: NodeId): ConsensusEngine<Message> {
    const engine = this.#engines.get(id);
    if (engine === undefined) throw new Error(`${id} is no node of the benchmark`);
    return engine;
  }
}
