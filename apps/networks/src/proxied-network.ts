/**
 * A network of TCP proxies on the loopback interface, for machines that allow no namespaces and for slow links: each
 * node reaches each other one through a proxy of their own. A cut direction delivers nothing more; its connections stay
 * open, as they do when packets are lost.
 */

import { once } from 'node:events';
import * as net from 'node:net';
import type { Network, Place } from './network.js';

/** Bytes that a proxy holds back for one direction before it stops reading. */
const heldBytesMax = 16 * 1024 * 1024;

interface Direction {
  readonly from: string;
  readonly to: string;
  readonly flows: Set<Flow>;
  isCut: boolean;
}

/** Delivers through proxies. */
export class ProxiedNetwork implements Network {
  readonly kind: string;
  readonly #ids: readonly string[];
  readonly #delayMs: number;
  readonly #directions = new Map<string, Direction>();
  readonly #servers: net.Server[] = [];
  readonly #sockets = new Set<net.Socket>();
  readonly #ports = new Map<string, number>();
  readonly #ownPorts = new Map<string, { readonly peer: number; readonly client: number }>();

  private constructor(ids: readonly string[], delayMs: number) {
    this.kind = delayMs === 0 ? 'proxies' : `proxies with a delay of ${delayMs} ms`;
    this.#ids = ids;
    this.#delayMs = delayMs;
  }

  /**
   * Opens all proxies.
   *
   * @param ids - The nodes.
   * @param delayMs - What every byte takes from one node to another.
   */
  static async open(ids: readonly string[], delayMs = 0): Promise<ProxiedNetwork> {
    const network = new ProxiedNetwork(ids, delayMs);
    const taken = new Set<number>();
    for (const id of ids)
      network.#ownPorts.set(id, { peer: await freePort(taken), client: await freePort(taken) });
    for (const from of ids) {
      for (const to of ids) {
        network.#directions.set(keyOf(from, to), { from, to, flows: new Set(), isCut: false });
      }
    }
    for (const from of ids) {
      for (const to of ids) if (from !== to) await network.#listen(from, to);
    }
    return network;
  }

  place(id: string): Place {
    const own = this.#ownPorts.get(id) ?? { peer: 0, client: 0 };
    const portTo = (to: string) => (to === id ? own.peer : this.#ports.get(keyOf(id, to)));
    return {
      peerListen: `127.0.0.1:${own.peer}`,
      clientListen: `127.0.0.1:${own.client}`,
      peers: this.#ids.map((to) => `${to}=ws://127.0.0.1:${portTo(to)}`).join(','),
      prefix: [],
    };
  }

  async cut(from: string, to: string): Promise<void> {
    const direction = this.#direction(from, to);
    direction.isCut = true;
    for (const flow of direction.flows) flow.hold();
  }

  async heal(): Promise<void> {
    for (const direction of this.#directions.values()) {
      direction.isCut = false;
      for (const flow of direction.flows) flow.release();
    }
  }

  async close(): Promise<void> {
    for (const server of this.#servers) server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #listen(from: string, to: string): Promise<void> {
    const server = net.createServer({ noDelay: true }, (near) => this.#connect(from, to, near));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('a proxy has no port');
    this.#servers.push(server);
    this.#ports.set(keyOf(from, to), address.port);
  }

  #connect(from: string, to: string, near: net.Socket): void {
    const far = net.connect({ host: '127.0.0.1', port: this.#ownPorts.get(to)?.peer ?? 0, noDelay: true });
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
    }
    this.#carry(this.#direction(from, to), near, far);
    this.#carry(this.#direction(to, from), far, near);
  }

  #carry(direction: Direction, source: net.Socket, target: net.Socket): void {
    const flow = new Flow(source, target, this.#delayMs, direction.isCut);
    direction.flows.add(flow);
    target.on('close', () => direction.flows.delete(flow));
  }

  #direction(from: string, to: string): Direction {
    const direction = this.#directions.get(keyOf(from, to));
    if (direction === undefined) throw new Error(`no link from ${from} to ${to}`);
    return direction;
  }
}

/** One direction of one connection: hands bytes on in their order, each when its time has come, unless it is held. */
class Flow {
  readonly #target: net.Socket;
  readonly #source: net.Socket;
  readonly #waiting: { readonly at: number; readonly bytes: Buffer | undefined }[] = [];
  #heldBytes = 0;
  #isHeld: boolean;
  #timer: NodeJS.Timeout | undefined;

  constructor(source: net.Socket, target: net.Socket, delayMs: number, isHeld: boolean) {
    this.#source = source;
    this.#target = target;
    this.#isHeld = isHeld;
    const put = (bytes: Buffer | undefined): void => {
      this.#waiting.push({ at: performance.now() + delayMs, bytes });
      this.#heldBytes += bytes?.length ?? 0;
      if (this.#heldBytes > heldBytesMax) source.pause();
      this.#deliver();
    };
    source.on('data', put);
    source.on('end', () => put(undefined));
    source.on('close', () => put(undefined));
    target.on('close', () => {
      clearTimeout(this.#timer);
      source.destroy();
    });
  }

  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.#deliver();
  }

  #deliver(): void {
    if (this.#isHeld || this.#target.destroyed) return;
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const waitMs = next.at - performance.now();
      if (waitMs > 0.2) {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#deliver(), waitMs);
        return;
      }
      this.#waiting.shift();
      if (next.bytes === undefined) this.#target.end();
      else this.#target.write(next.bytes);
      this.#heldBytes -= next.bytes?.length ?? 0;
    }
    if (this.#source.isPaused()) this.#source.resume();
  }
}

function keyOf(from: string, to: string): string {
  return `${from}>${to}`;
}

/**
 * A port that nobody listens on, below those that the system gives to connections: one of these could be taken by a
 * connection before a node listens on it.
 */
async function freePort(taken: Set<number>): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    if (taken.has(port) || !(await isFree(port))) continue;
    taken.add(port);
    return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = net.createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
    return true;
  } catch {
    return false;
  }
}
