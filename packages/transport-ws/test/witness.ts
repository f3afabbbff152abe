/** What the tests share: transports on free ports whose every callback and event is recorded and can be awaited. */
import { type HelloRefusal, type NodeId, type PeerHello, Random, type TransportHandler } from '@synod/core';
import {
  createWebSocketTransport,
  type TransportEvent,
  type WebSocketTransport,
  type WebSocketTransportOptions,
} from '../src/index.js';

export interface ReceivedPayload {
  readonly from: NodeId;
  readonly group: number;
  readonly text: string;
  readonly length: number;
}

export type Occurrence =
  | { readonly type: 'peerUp'; readonly peer: NodeId }
  | { readonly type: 'peerDown'; readonly peer: NodeId; readonly reason: string }
  | { readonly type: 'weWereRefused'; readonly peer: NodeId; readonly refusal: HelloRefusal }
  | { readonly type: 'asked'; readonly hello: PeerHello }
  | { readonly type: 'event'; readonly event: TransportEvent };

/** Records what a transport tells, and wakes whoever waits for something. */
export class Witness implements TransportHandler {
  readonly occurrences: Occurrence[] = [];
  readonly payloads: ReceivedPayload[] = [];
  /** Called with each payload before it is recorded. */
  onArrival: ((payload: Uint8Array) => void) | undefined;
  /** Answers admissions. */
  decision: (hello: PeerHello) => Promise<HelloRefusal | undefined> = () => Promise.resolve(undefined);
  #wake: (() => void)[] = [];

  admit(hello: PeerHello): Promise<HelloRefusal | undefined> {
    this.#note({ type: 'asked', hello });
    return this.decision(hello);
  }

  onPeerUp(peer: NodeId): void {
    this.#note({ type: 'peerUp', peer });
  }

  onPeerDown(peer: NodeId, reason: string): void {
    this.#note({ type: 'peerDown', peer, reason });
  }

  onRefused(peer: NodeId, refusal: HelloRefusal): void {
    this.#note({ type: 'weWereRefused', peer, refusal });
  }

  onPayload(from: NodeId, group: number, payload: Uint8Array): void {
    this.onArrival?.(payload);
    const text = payload.length <= 64 ? Buffer.from(payload).toString() : '';
    this.payloads.push({ from, group, text, length: payload.length });
    this.#wakeAll();
  }

  readonly onEvent = (event: TransportEvent): void => this.#note({ type: 'event', event });

  /** Occurrences of one type. */
  all<Type extends Occurrence['type']>(type: Type): Extract<Occurrence, { type: Type }>[] {
    return this.occurrences.filter((one): one is Extract<Occurrence, { type: Type }> => one.type === type);
  }

  /** Events of one type. */
  events<Type extends TransportEvent['type']>(type: Type): Extract<TransportEvent, { type: Type }>[] {
    return this.all('event')
      .map(({ event }) => event)
      .filter((event): event is Extract<TransportEvent, { type: Type }> => event.type === type);
  }

  /** Resolves once the condition holds; looked at again after each callback. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#wake.push(resolve));
  }

  #note(occurrence: Occurrence): void {
    this.occurrences.push(occurrence);
    this.#wakeAll();
  }

  #wakeAll(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }
}

export interface Station {
  readonly transport: WebSocketTransport;
  readonly witness: Witness;
}

const opened: WebSocketTransport[] = [];

/** A transport on a free port, started, without peers unless given some. */
export async function startStation(
  id: NodeId,
  options: Partial<WebSocketTransportOptions> = {},
): Promise<Station> {
  const witness = new Witness();
  const transport = createWebSocketTransport({
    clusterId: 'test',
    id,
    listen: { port: 0 },
    peers: [],
    random: new Random(`transport ${id}`),
    reconnect: { baseMs: 5, capMs: 50 },
    onEvent: witness.onEvent,
    ...options,
  });
  opened.push(transport);
  await transport.start(witness, incarnationOf(id));
  return { transport, witness };
}

/** Two transports that know each other; `a` dials. Resolves when both are up. */
export async function startPair(
  optionsA: Partial<WebSocketTransportOptions> = {},
  optionsB: Partial<WebSocketTransportOptions> = optionsA,
): Promise<{ readonly a: Station; readonly b: Station }> {
  const b = await startStation('b', { peers: [{ id: 'a', address: 'ws://127.0.0.1:1' }], ...optionsB });
  const a = await startStation('a', { peers: [{ id: 'b', address: urlOf(b) }], ...optionsA });
  await Promise.all([untilUp(a, 'b'), untilUp(b, 'a')]);
  return { a, b };
}

export function untilUp({ transport, witness }: Station, peer: NodeId): Promise<void> {
  return witness.until(() => transport.connected().includes(peer));
}

export function untilDown({ transport, witness }: Station, peer: NodeId): Promise<void> {
  return witness.until(() => !transport.connected().includes(peer));
}

/** Closes every transport that a test opened. */
export async function closeStations(): Promise<void> {
  await Promise.all(opened.splice(0).map((transport) => transport.close()));
}

export function urlOf(station: Station): string {
  return station.transport.address?.url ?? 'ws://127.0.0.1:1';
}

export function portOf(station: Station): number {
  return station.transport.address?.port ?? 1;
}

/** A made-up incarnation, the same for the same id. */
export function incarnationOf(id: string): string {
  return Buffer.from(id).toString('hex').padEnd(32, '0').slice(0, 32);
}

export function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text));
}

/** Resolves in the next turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** What a promise was rejected with. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => 'it was fulfilled',
    (error: unknown) => error,
  );
}
