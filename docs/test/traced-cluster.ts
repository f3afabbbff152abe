/** Three engines in one thread, and a table of what they say to each other. */
import {
  type ConsensusEngine,
  decodeUtf8,
  type EngineMessage,
  type EngineStart,
  type MessageCodec,
  type NodeId,
} from '@synod/core';
import { EngineCluster } from '@synod/core/compliance';

/** An engine family, with words for its messages. */
export interface TracedEngine<Message extends EngineMessage> {
  /** Makes an engine. */
  readonly create: (start: EngineStart & { readonly priority?: number }) => ConsensusEngine<Message>;
  readonly codec: MessageCodec<Message>;
  readonly words: (message: Message) => string;
}

interface Line {
  readonly from: NodeId[];
  readonly to: NodeId[];
  readonly words: string;
}

/** A cluster whose messages are written down from some moment on. */
export class TracedCluster<Message extends EngineMessage> {
  readonly cluster: EngineCluster<Message>;
  readonly #words: (message: Message) => string;
  readonly #rows: string[] = [];
  readonly #applied = new Map<NodeId, number>();
  #ticks = 0;
  #trips = 0;

  /** n1 leads, and everybody knows. */
  constructor({ create, codec, words }: TracedEngine<Message>) {
    this.#words = words;
    // n3 misses a leader before n2 does.
    const priority = (id: NodeId) => (id === 'n2' ? 8 : 10);
    this.cluster = new EngineCluster({
      create: (start) => create({ priority: priority(start.id), ...start }),
      codec,
    });
    this.cluster.elect('n1');
    this.cluster.tick(6);
  }

  /** Begins to write down. */
  begin(): void {
    for (const [id, node] of this.cluster.nodes) this.#applied.set(id, node.applied.length);
  }

  /** Writes down what happens around the cluster. */
  note(words: string): void {
    this.#rows.push(`| ${this.#when()} | | | *${words}* |`);
  }

  /** Delivers what is under way, trip by trip, until nothing is. */
  settle(): void {
    const { cluster } = this;
    while (cluster.network.length > 0) {
      this.#trips++;
      const messages = cluster.network;
      cluster.network = [];
      this.#writeDown(messages.filter(({ from, to }) => !cluster.isCut(from, to)));
      for (const message of messages) cluster.deliver(message);
      this.#writeApplied();
    }
  }

  /** Ticks all nodes until something is reached. */
  tickUntil(reached: () => boolean): void {
    for (let ticks = 0; !reached(); ticks++) {
      if (ticks === 100) throw new Error('what a table is to end with was not reached in 100 ticks');
      this.#ticks++;
      this.#trips = 0;
      for (const id of this.cluster.nodes.keys()) this.cluster.step(id, { type: 'tick' });
      this.settle();
    }
  }

  /** Whether nodes have applied a command. */
  hasApplied(command: string, ...ids: NodeId[]): boolean {
    return ids.every((id) =>
      this.cluster
        .node(id)
        .applied.some(({ kind, data }) => kind === 'command' && decodeUtf8(data) === command),
    );
  }

  /** What was written down. */
  table(): string {
    return [
      '| tick | trip | from | to | message |',
      '| --- | --- | --- | --- | --- |',
      ...this.#rows,
      '',
    ].join('\n');
  }

  /** What several say to one, or one to several, stands in one line. */
  #writeDown(messages: readonly Message[]): void {
    const lines: Line[] = [];
    for (const message of messages) {
      const words = this.#words(message);
      const { from, to } = message;
      const alike = lines.find(
        (line) =>
          line.words === words &&
          ((line.from.length === 1 && line.from[0] === from) || (line.to.length === 1 && line.to[0] === to)),
      );
      if (alike === undefined) lines.push({ from: [from], to: [to], words });
      else if (alike.from[0] === from && alike.from.length === 1) alike.to.push(to);
      else alike.from.push(from);
    }
    for (const { from, to, words } of lines)
      this.#rows.push(`| ${this.#when()} | ${from.join(', ')} | ${to.join(', ')} | ${words} |`);
  }

  #writeApplied(): void {
    for (const [id, { applied }] of this.cluster.nodes) {
      const before = this.#applied.get(id) ?? 0;
      this.#applied.set(id, applied.length);
      const commands = applied.slice(before).filter(({ kind }) => kind === 'command');
      if (commands.length === 0) continue;
      this.note(`${id} applies ${commands.map(({ data }) => decodeUtf8(data)).join(', ')}`);
    }
  }

  #when(): string {
    return `${this.#ticks} | ${this.#trips}`;
  }
}
