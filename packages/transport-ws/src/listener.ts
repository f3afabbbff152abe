/**
 * The listening end: a bare HTTP server that knows nothing but the upgrade to WebSocket. A request for anything else
 * is told so; a browser page, which always names its origin, is turned away, so that no web site can talk to a node
 * on its visitor's machine.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { TransportListenError } from './listen-error.js';
import { socketOptions, type TransportSettings } from './options.js';
import type { ListenerOwner, TransportListener } from './peer-socket.js';
import type { StrangerGate } from './stranger-gate.js';

/** Listens on one address. */
export class Listener implements TransportListener {
  readonly #settings: TransportSettings;
  readonly #gate: StrangerGate;
  readonly #owner: ListenerOwner;
  readonly #server: Server;
  readonly #upgrader: WebSocketServer;

  /**
   * @param settings - Address and limits.
   * @param gate - Where strangers stand.
   * @param owner - Whom to tell.
   */
  constructor(settings: TransportSettings, gate: StrangerGate, owner: ListenerOwner) {
    this.#settings = settings;
    this.#gate = gate;
    this.#owner = owner;
    this.#upgrader = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      ...socketOptions(settings.limits),
    });
    this.#server = createServer((_request, response) => {
      response.writeHead(426, { Connection: 'close', Upgrade: 'websocket', 'Content-Type': 'text/plain' });
      response.end('Only nodes of a Synod cluster talk here, over WebSocket.\n');
    });
    this.#server.on('connection', (socket) => this.#gate.enter(socket));
    this.#server.on('upgrade', (request, _stream, head) => this.#upgrade(request, head));
  }

  /**
   * Begins to listen.
   *
   * @returns The actual host and port.
   * @throws {@link TransportListenError} when the address is not to be had.
   */
  listen(): Promise<{ host: string; port: number }> {
    const { host, port } = this.#settings.listen;
    const server = this.#server;
    return new Promise((resolve, reject) => {
      const onError = (error: Error): void => reject(new TransportListenError(host, port, error));
      server.once('error', onError);
      server.listen(port, host, () => {
        server.off('error', onError);
        server.on('error', (error) => this.#owner.onListenerFailed(error.message));
        resolve(actualAddress(server.address(), host, port));
      });
    });
  }

  /** Stops listening and turns strangers away; resolves when every connection it accepted is gone. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#gate.clear();
    });
  }

  #upgrade(request: IncomingMessage, head: Buffer): void {
    const tcp = request.socket;
    const { origin } = request.headers;
    if (origin !== undefined && !this.#settings.listen.origins.includes(origin)) {
      tcp.on('error', () => tcp.destroy());
      tcp.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    this.#upgrader.handleUpgrade(request, tcp, head, (socket) => {
      this.#owner.onSocket(socket, tcp, `${tcp.remoteAddress ?? 'unknown'}:${tcp.remotePort ?? 0}`);
    });
  }
}

function actualAddress(
  address: AddressInfo | string | null,
  host: string,
  port: number,
): { host: string; port: number } {
  if (address === null || typeof address === 'string') return { host, port };
  return { host: address.address, port: address.port };
}
