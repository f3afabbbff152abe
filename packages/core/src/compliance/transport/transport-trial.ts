/** What the cases have in common: nodes that note what they hear, and patience with a network. */
import type { GroupId, NodeId } from '../../ids.js';
import type { HelloRefusal, Lane, PeerHello, Transport, TransportHandler } from '../../transport.js';
import { demand } from '../contract-watch.js';
import type { TransportClusterUnderTest, TransportUnderTest } from './transport-under-test.js';

/** Pauses after which what has not happened will not. */
const pausesMax = 5000;
/** Pauses in which what must not happen is looked out for. */
const quietPauses = 50;

/** A payload that a node got. */
export interface HeardPayload {
  readonly from: NodeId;
  readonly group: GroupId;
  readonly bytes: Uint8Array;
}

/** A handler that notes what it hears, and demands what the contract says of every call. */
export class HeardNode implements TransportHandler {
  readonly id: NodeId;
  /** All that was heard, in order: `up b`, `down b`, `hello b`, `refused by b: CODE`, `payload of b`. */
  readonly heard: string[] = [];
  readonly hellos: PeerHello[] = [];
  readonly refusals: { readonly peer: NodeId; readonly refusal: HelloRefusal }[] = [];
  readonly payloads: HeardPayload[] = [];
  /** Decides on hellos. */
  decide: (hello: PeerHello) => Promise<HelloRefusal | undefined> = () => Promise.resolve(undefined);
  /** Called with each payload. */
  onArrival: (payload: HeardPayload) => void = () => {};
  /** Whether the node's own code is calling the transport. */
  sending = false;
  /** Whether it was closed: nothing may be heard any more. */
  closed = false;
  /** A demand that was not met within a callback, where nobody would hear of it. */
  complaint: string | undefined;
  readonly #up = new Set<NodeId>();
  readonly #asked = new Set<NodeId>();
  #transport: Transport | undefined;

  constructor(id: NodeId) {
    this.id = id;
  }

  get transport(): Transport {
    demand(this.#transport !== undefined, `${this.id} was started`);
    return this.#transport;
  }

  set transport(transport: Transport) {
    this.#transport = transport;
  }

  send(to: NodeId, group: GroupId, payload: Uint8Array, lane?: Lane): boolean {
    this.sending = true;
    const taken = this.transport.send(to, group, payload, lane);
    this.sending = false;
    return taken;
  }

  async close(): Promise<void> {
    await this.transport.close();
    this.closed = true;
  }

  async admit(hello: PeerHello): Promise<HelloRefusal | undefined> {
    this.#note(`hello ${hello.id}`);
    this.#expect(
      !this.#asked.has(hello.id),
      `${this.id} is asked about ${hello.id} one time after the other`,
    );
    this.#asked.add(hello.id);
    this.hellos.push(hello);
    const refusal = await this.decide(hello);
    this.#asked.delete(hello.id);
    return refusal;
  }

  onPeerUp(peer: NodeId): void {
    this.#note(`up ${peer}`);
    this.#expect(!this.#up.has(peer), `${this.id} is told that ${peer} is up once`);
    this.#expect(
      this.hellos.some(({ id }) => id === peer),
      `${this.id} is asked about ${peer} before it is up`,
    );
    this.#up.add(peer);
  }

  onPeerDown(peer: NodeId, reason: string): void {
    this.#note(`down ${peer}`);
    this.#expect(this.#up.delete(peer), `${this.id} is told that ${peer} is down only when it was up`);
    this.#expect(reason.length > 0, `${this.id} is told why ${peer} is down`);
  }

  onRefused(peer: NodeId, refusal: HelloRefusal): void {
    this.#note(`refused by ${peer}: ${refusal.code}`);
    this.refusals.push({ peer, refusal });
  }

  onPayload(from: NodeId, group: GroupId, payload: Uint8Array): void {
    this.#note(`payload of ${from}`);
    this.#expect(this.#up.has(from), `${this.id} gets payloads of ${from} only while it is up`);
    const heard = { from, group, bytes: new Uint8Array(payload) };
    this.payloads.push(heard);
    this.onArrival(heard);
  }

  #note(what: string): void {
    this.#expect(!this.sending, `${this.id} hears nothing from within send: ${what}`);
    this.#expect(!this.closed, `${this.id} hears nothing after close: ${what}`);
    this.heard.push(what);
  }

  #expect(condition: boolean, message: string): void {
    if (!condition) this.complaint ??= message;
  }
}

/** One case under way. */
export class TransportTrial {
  readonly #underTest: TransportUnderTest;
  readonly #cluster: TransportClusterUnderTest;
  readonly #nodes: HeardNode[] = [];

  constructor(underTest: TransportUnderTest) {
    this.#underTest = underTest;
    this.#cluster = underTest.openCluster();
  }

  /** Starts a node. */
  async start(id: NodeId, prepare: (node: HeardNode) => void = () => {}): Promise<HeardNode> {
    const node = new HeardNode(id);
    prepare(node);
    this.#nodes.push(node);
    node.transport = await this.#cluster.startNode(id, node, incarnationOf(id));
    return node;
  }

  /** Two nodes that are connected. */
  async startPair(): Promise<readonly [HeardNode, HeardNode]> {
    const a = await this.start('a');
    const b = await this.start('b');
    await this.untilConnected(a, b);
    return [a, b];
  }

  /** Waits until two nodes are up for each other. */
  untilConnected(left: HeardNode, right: HeardNode): Promise<void> {
    return this.until(
      () => left.transport.connected().includes(right.id) && right.transport.connected().includes(left.id),
      `${left.id} and ${right.id} find each other`,
    );
  }

  /** Waits for something that must happen. */
  async until(condition: () => boolean, what: string): Promise<void> {
    for (let pauses = 0; !condition(); pauses++) {
      demand(pauses < pausesMax, what);
      this.#check();
      await this.#underTest.pause();
    }
    this.#check();
  }

  /** Waits for a moment in which something must not happen. */
  async quiet(): Promise<void> {
    for (let pauses = 0; pauses < quietPauses; pauses++) await this.#underTest.pause();
    this.#check();
  }

  /** Sends until it has arrived: a transport may lose what it is given. */
  async deliver(
    from: HeardNode,
    to: HeardNode,
    group: GroupId,
    payload: Uint8Array,
    lane?: Lane,
  ): Promise<HeardPayload> {
    const before = to.payloads.length;
    const arrived = (): HeardPayload | undefined =>
      to.payloads.slice(before).find((each) => each.group === group);
    for (let tries = 0; arrived() === undefined; tries++) {
      demand(tries < 20, `what ${from.id} sends to ${to.id} arrives in the end`);
      from.send(to.id, group, payload, lane);
      for (let pauses = 0; pauses < pausesMax / 20 && arrived() === undefined; pauses++) {
        this.#check();
        await this.#underTest.pause();
      }
    }
    const heard = arrived();
    demand(heard !== undefined && heard.from === from.id, `a payload is of ${from.id}, who sent it`);
    return heard;
  }

  /** Closes all nodes, and demands that they were told nothing that the contract rules out. */
  async end(): Promise<void> {
    for (const node of this.#nodes) if (!node.closed) await node.close();
    await this.quiet();
  }

  #check(): void {
    for (const { complaint } of this.#nodes) demand(complaint === undefined, complaint ?? '');
  }
}

/** A made-up incarnation, the same for the same id. */
export function incarnationOf(id: NodeId): string {
  let digits = '';
  for (let position = 0; position < id.length; position++) digits += id.charCodeAt(position).toString(16);
  return digits.padEnd(32, '0').slice(0, 32);
}

/** Demands that two byte arrays are equal. */
export function demandBytes(found: Uint8Array, expected: Uint8Array, what: string): void {
  const equal =
    found.length === expected.length && found.every((byte, position) => byte === expected[position]);
  demand(equal, what);
}
