/**
 * The listening end: a bare HTTP server, over TLS where the transport has a certificate, that knows nothing but the
 * upgrade to WebSocket. A request for anything else is told so; a browser page, which always names its origin, is
 * turned away unless its origin is listed, so that no web site can talk to a node on its visitor's machine.
 */
import { createServer, type IncomingMessage, type Server, type ServerOptions } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { WebSocketServer } from 'ws';
import { HandshakeRate } from './handshake-rate.js';
import { TransportListenError } from './listen-error.js';
import { socketOptions, type TransportSettings } from './options.js';
import type { ListenerOwner, TransportListener } from './peer-socket.js';
import { remoteOf, type StrangerGate } from './stranger-gate.js';
import { namedBySocket, type TlsIdentity } from './transport-tls.js';
import type { TurnAwayReason } from './turn-away-reason.js';

/** The upgrade of a WebSocket takes a few hundred bytes. */
const httpOptions: ServerOptions = { maxHeaderSize: 4096, noDelay: true };

/** Listens on one address. */
export class Listener implements TransportListener {
  readonly #settings: TransportSettings;
  readonly #gate: StrangerGate;
  readonly #owner: ListenerOwner;
  readonly #rate: HandshakeRate;
  readonly #tls: TlsIdentity | undefined;
  readonly #server: Server;
  readonly #upgrader: WebSocketServer;

  /**
   * @param settings - Address and limits.
   * @param gate - Where strangers stand.
   * @param owner - Whom to tell.
   * @param tls - What it shows and checks; plain TCP without it.
   */
  constructor(
    settings: TransportSettings,
    gate: StrangerGate,
    owner: ListenerOwner,
    tls: TlsIdentity | undefined,
  ) {
    this.#settings = settings;
    this.#gate = gate;
    this.#owner = owner;
    this.#tls = tls;
    this.#rate = new HandshakeRate(settings.limits, settings.clock.now());
    this.#upgrader = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      ...socketOptions(settings.limits),
    });
    this.#server = tls === undefined ? createServer(httpOptions) : this.#secureServer(tls);
    this.#server.on('request', (request, response) => {
      this.#turnAway('NOT_WEBSOCKET', request.socket);
      response.writeHead(426, { Connection: 'close', Upgrade: 'websocket', 'Content-Type': 'text/plain' });
      response.end('Only nodes of a Synod cluster talk here, over WebSocket.\n');
    });
    this.#server.on('connection', (socket) => this.#greet(socket));
    this.#server.on('upgrade', (request, _stream, head) => this.#upgrade(request, head));
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
      // A connection that breaks is no refusal.
      if (error.code?.startsWith('HPE_')) this.#turnAway('MALFORMED_HTTP', socket);
      socket.destroy();
    });
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

  /** A peer came up from an address: its next connections do not compete with those of strangers. */
  trust(address: string): void {
    this.#rate.trust(address);
  }

  /** Stops listening and turns strangers away; resolves when every connection it accepted is gone. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#gate.clear();
    });
  }

  #secureServer(tls: TlsIdentity): SecureServer {
    const server = createSecureServer({
      ...httpOptions,
      ...tls.contextOptions,
      requestCert: tls.mutual,
      rejectUnauthorized: tls.mutual,
      handshakeTimeout: this.#settings.limits.handshakeTimeoutMs,
    });
    server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      // A reset is the other end going away, or being turned away already, unless its certificate was refused: that
      // ends here as a reset, too.
      const refused = error.code !== 'ECONNRESET' || Boolean(socket.authorizationError);
      if (refused) this.#turnAway('TLS_FAILED', socket);
      socket.destroy();
    });
    tls.onRenewed = (options) => server.setSecureContext(options);
    return server;
  }

  /** Before anything is spent on it: may it come in at all? */
  #greet(socket: Socket): void {
    const address = socket.remoteAddress;
    if (address === undefined) {
      socket.destroy();
      return;
    }
    const refusal = this.#rate.knock(address, this.#settings.clock.now());
    if (refusal === undefined) {
      this.#gate.enter(socket);
      return;
    }
    this.#turnAway(refusal, socket);
    socket.resetAndDestroy();
  }

  #upgrade(request: IncomingMessage, head: Buffer): void {
    const tcp = request.socket;
    const { origin } = request.headers;
    if (origin !== undefined && !this.#settings.listen.origins.includes(origin)) {
      this.#turnAway('ORIGIN', tcp);
      tcp.on('error', () => tcp.destroy());
      tcp.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    const named = this.#tls?.mutual === true && tcp instanceof TLSSocket ? namedBySocket(tcp) : undefined;
    const remote = remoteOf(tcp);
    this.#upgrader.handleUpgrade(request, tcp, head, (socket) => {
      this.#owner.onSocket(socket, tcp, remote, named);
    });
  }

  #turnAway(reason: TurnAwayReason, socket: Socket): void {
    this.#owner.onTurnedAway(reason, remoteOf(socket));
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
