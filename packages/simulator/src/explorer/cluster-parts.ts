/**
 * The differing nodes and messages of an exploration, each kept once under a number, with its hash under every renaming
 * of the nodes.
 */
import {
  ByteReader,
  ByteWriter,
  type EngineMessage,
  type Entry,
  FingerprintBuilder,
  invariant,
  type NodeId,
} from '@synod/core';
import { type JudgedNode, writtenLog } from './cluster-rules.js';
import type { ExploredEngine, ExploredNode } from './explored-node.js';
import { StateHash } from './state-hash.js';

interface Hashed {
  /** Lower halves of the hash, by renaming. */
  readonly lows: readonly number[];
  /** Upper halves. */
  readonly highs: readonly number[];
}

/** A node that was met. */
export interface KnownNode<Message extends EngineMessage> extends JudgedNode<Message>, Hashed {
  /** What no renaming changes: the sum of its hashes under all of them. */
  readonly character: number;
}

/** A message that was sent. */
export interface KnownMessage<Message extends EngineMessage> extends Hashed {
  /** As its receiver gets it: read from bytes. */
  readonly message: Message;
  /** Place of its receiver. */
  readonly to: number;
  /** Number of the link from its sender to its receiver. */
  readonly link: number;
  /** For people. */
  readonly text: string;
}

/** Everything met so far. */
export class ClusterParts<Message extends EngineMessage> {
  /** By renaming: which node plays the part in each place. The first leaves everybody in place. */
  readonly permutations: readonly (readonly number[])[];
  readonly #engine: ExploredEngine<Message>;
  readonly #ids: readonly NodeId[];
  readonly #renamings: readonly ((id: NodeId) => string)[];
  readonly #nodes: KnownNode<Message>[] = [];
  readonly #nodeNumbers = new Map<string, number>();
  readonly #messages: KnownMessage<Message>[] = [];
  readonly #messageNumbers = new Map<string, number>();
  readonly #writer = new ByteWriter();
  readonly #hash = new StateHash();

  constructor(engine: ExploredEngine<Message>, ids: readonly NodeId[]) {
    this.#engine = engine;
    this.#ids = ids;
    const inPlace = ids.map((_, place) => place);
    this.permutations = engine.renameHardState === undefined ? [inPlace] : permutationsOf(inPlace);
    this.#renamings = this.permutations.map((permutation) => {
      const names = new Map(permutation.map((place, part) => [ids[place] ?? '', ids[part] ?? '']));
      return (id) => names.get(id) ?? id;
    });
  }

  get nodeCount(): number {
    return this.#nodes.length;
  }

  get messageCount(): number {
    return this.#messages.length;
  }

  node(number: number): KnownNode<Message> {
    const node = this.#nodes[number];
    invariant(node !== undefined, `node ${number} was met`);
    return node;
  }

  message(number: number): KnownMessage<Message> {
    const message = this.#messages[number];
    invariant(message !== undefined, `message ${number} was sent`);
    return message;
  }

  /** The number of a node; a new one when none like it was met. */
  nodeNumber(node: ExploredNode<Message>): number {
    const digests = this.#renamings.map((rename) => this.#digestOf(node, rename));
    const [key = ''] = digests;
    const known = this.#nodeNumbers.get(key);
    if (known !== undefined) return known;
    const number = this.#nodes.length;
    const lows = digests.map((digest) => Number.parseInt(digest.slice(8), 16) | 0);
    this.#nodes.push({
      ...node,
      log: writtenLog(node),
      character: lows.reduce((sum, low) => (sum + low) | 0, 0),
      lows,
      highs: digests.map((digest) => Number.parseInt(digest.slice(0, 8), 16) | 0),
    });
    this.#nodeNumbers.set(key, number);
    return number;
  }

  /** The number of a message, which goes through the codec as on a real link. */
  messageNumber(message: Message): number {
    const { from, to } = message;
    this.#writer.clear();
    this.#engine.codec.encode(message, this.#writer);
    const bytes = this.#writer.copy();
    const key = `${from} ${to} ${bytes.join()}`;
    const known = this.#messageNumbers.get(key);
    if (known !== undefined) return known;
    const reader = new ByteReader(bytes);
    const received = this.#engine.codec.decode(reader, from, to);
    reader.end();
    const hashes = this.#renamings.map((rename) => {
      const { low, high } = this.#hash
        .clear()
        .text(rename(from))
        .text(rename(to))
        .text(bytes.join())
        .finish();
      return { low, high };
    });
    const place = this.#ids.indexOf(to);
    const number = this.#messages.length;
    this.#messages.push({
      message: received,
      to: place,
      link: this.#ids.indexOf(from) * this.#ids.length + place,
      text: describeMessage(received),
      lows: hashes.map(({ low }) => low),
      highs: hashes.map(({ high }) => high),
    });
    this.#messageNumbers.set(key, number);
    return number;
  }

  #digestOf(node: ExploredNode<Message>, rename: (id: NodeId) => string): string {
    const digest = new FingerprintBuilder();
    digest.text(rename(node.id)).text(node.engine.fingerprint({ untimed: true, rename }));
    this.#addHardState(digest, node.hardState, rename);
    addEntries(digest, node.disk);
    digest.number(node.machineIndex).number(node.saves.length);
    for (const { write, after } of node.saves) {
      digest.boolean(write !== undefined).number(write?.truncateFrom ?? -1);
      addEntries(digest, write?.entries ?? []);
      this.#addHardState(digest, write?.hardState, rename);
      digest.number(after.length);
      for (const message of after) {
        this.#writer.clear();
        this.#engine.codec.encode(message, this.#writer);
        digest.text(rename(message.to)).bytes(this.#writer.copy());
      }
    }
    digest.plain(node.led);
    const votes = [...node.votes].sort(([left], [right]) => left - right);
    digest.number(votes.length);
    for (const [term, candidate] of votes) digest.number(term).text(rename(candidate));
    addEntries(digest, node.applied);
    return digest.digest();
  }

  #addHardState(
    digest: FingerprintBuilder,
    hardState: Uint8Array | undefined,
    rename: (id: NodeId) => string,
  ): void {
    digest.boolean(hardState !== undefined);
    if (hardState === undefined) return;
    digest.bytes(this.#engine.renameHardState?.(hardState, rename) ?? hardState);
  }
}

function addEntries(digest: FingerprintBuilder, entries: readonly Entry[]): void {
  digest.number(entries.length);
  for (const { index, term, kind, data } of entries) digest.number(index).number(term).text(kind).bytes(data);
}

function permutationsOf(places: readonly number[]): readonly (readonly number[])[] {
  if (places.length <= 1) return [places];
  return places.flatMap((first) =>
    permutationsOf(places.filter((place) => place !== first)).map((others) => [first, ...others]),
  );
}

/** `n2 gets appendEntries from n1: term 1, prevLogIndex 0, entries [1 of term 1]`. */
function describeMessage(message: EngineMessage): string {
  const { from, to } = message;
  const told: string[] = [];
  let type = 'a message';
  for (const [name, value] of Object.entries(message)) {
    if (name === 'type') type = String(value);
    else if (name !== 'from' && name !== 'to') told.push(`${name} ${describeField(value)}`);
  }
  return `${to} gets ${type} from ${from}: ${told.join(', ')}`;
}

function describeField(value: unknown): string {
  if (!Array.isArray(value)) return typeof value === 'object' ? JSON.stringify(value) : String(value);
  const items = value.map((item) =>
    typeof item === 'object' && item !== null && 'index' in item && 'term' in item
      ? `${String(item.index)} of term ${String(item.term)}`
      : describeField(item),
  );
  return `[${items.join(', ')}]`;
}
