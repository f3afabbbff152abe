/** What a transport can be told, its defaults, and the checks that stand before anything is started. */
import {
  type Clock,
  encodeUtf8,
  InvalidArgumentError,
  type NodeId,
  type PeerAddress,
  parseInteger,
  parseNodeId,
  type Random,
} from '@synod/core';
import type { TransportEvent } from './events.js';
import { checkExchangeLimits, defaultExchangeLimits, type ExchangeLimits } from './exchange-limits.js';
import { clusterIdBytesMax, handshakeFrameBytesMax } from './handshake-frames.js';
import { defaultHandshakeRateLimits, type HandshakeRateLimits } from './handshake-rate.js';
import { platformClock } from './platform-clock.js';
import type { TransportTls } from './transport-tls.js';

/** Bounds on memory and patience. All of them can be set; the defaults suit a cluster in one data centre. */
export interface TransportLimits extends ExchangeLimits, HandshakeRateLimits {
  /**
   * Greatest length of a frame in bytes, and so, less 26 bytes, of one payload. A peer that sends more is cut off: give
   * all nodes the same. 1024 to 2^30. Default 4 MiB.
   */
  readonly frameBytesMax: number;
  /**
   * Greatest sum of waiting frames of the lane `protocol`, in bytes a peer; at least `frameBytesMax`. A full lane takes
   * up to an eighth more from groups of which little waits. Default 16 MiB.
   */
  readonly protocolLaneBytesMax: number;
  /** The same of the lane `snapshot`. Default 4 MiB. */
  readonly snapshotLaneBytesMax: number;
  /**
   * No more frames are handed to a peer's socket while it holds this many bytes that the operating system has not
   * taken; for snapshot frames a quarter of it. 4096 to 2^30. Default 1 MiB.
   */
  readonly socketBytesMax: number;
  /**
   * Connections that may be open without having said an acceptable hello. One more closes the oldest of them, so that
   * idle strangers cannot keep peers out. 1 to 65536. Default 64.
   */
  readonly strangersMax: number;
  /** Milliseconds that a connection has to say hello, and then to be up. 1 to 2^31 - 1. Default 5000. */
  readonly handshakeTimeoutMs: number;
}

/** The limits that hold where none are given. */
export const defaultTransportLimits: TransportLimits = {
  ...defaultExchangeLimits,
  ...defaultHandshakeRateLimits,
  frameBytesMax: 4 * 1024 * 1024,
  protocolLaneBytesMax: 16 * 1024 * 1024,
  snapshotLaneBytesMax: 4 * 1024 * 1024,
  socketBytesMax: 1024 * 1024,
  strangersMax: 64,
  handshakeTimeoutMs: 5000,
};

/** Where to listen. */
export interface ListenOptions {
  /** Host name or address of this machine. Default `127.0.0.1`, which no other machine can reach. */
  readonly host?: string;
  /** TCP port, 0 to 65535; 0 takes any free one. */
  readonly port: number;
  /**
   * Web sites whose pages may connect, each as the browser names its origin, such as `https://example.org`. All other
   * connections of browsers are refused. Default: none.
   */
  readonly origins?: readonly string[];
}

/** How to come back to a peer that cannot be reached. */
export interface ReconnectOptions {
  /** Longest wait after the first failure, in milliseconds; doubles with each one. 1 to 2^31 - 1. Default 50. */
  readonly baseMs?: number;
  /** Longest wait at all, in milliseconds; at least `baseMs`. Default 2000. */
  readonly capMs?: number;
}

/** What {@link createWebSocketTransport} is given. */
export interface WebSocketTransportOptions {
  /** Name of the cluster, 1 to 128 bytes of UTF-8: nodes of another cluster are refused. */
  readonly clusterId: string;
  /** This node. */
  readonly id: NodeId;
  /** Where to listen. */
  readonly listen: ListenOptions;
  /**
   * The other nodes, each with an address of the form `ws://host:port`, or `wss://host:port` with `tls`. This is the
   * list of those who may connect: nodes that are not listed are refused. This node itself may be listed and is passed
   * over.
   */
  readonly peers: readonly PeerAddress[];
  /**
   * Nodes that dial this one and cannot be dialed, such as pages in browsers. Their ids must come before this node's
   * in the order of strings, as always for those who dial. Default: none.
   */
  readonly clients?: readonly NodeId[];
  /**
   * The cluster's token, which both ends of a connection prove to hold before either admits the other; it is never sent.
   * 16 to 1024 bytes of UTF-8, and should be 32 random bytes in base64: without TLS, who overhears a handshake can try
   * guesses at leisure. Of a list the first is proved with and all are accepted: to change a token, give all nodes
   * `[old, new]`, then all `[new, old]`, then all `[new]`. Default: none, and nodes that have one are refused.
   */
  readonly token?: string | readonly string[];
  /** Keys and certificates, for TLS between nodes. Default: none, and connections are in clear text. */
  readonly tls?: TransportTls;
  /** Where the jitter of reconnection comes from. */
  readonly random: Random;
  /** Where time comes from. Default: the platform's. */
  readonly clock?: Clock;
  /** Bounds other than the defaults. */
  readonly limits?: Partial<TransportLimits>;
  /**
   * Milliseconds between beats on an idle connection; a peer that was silent for three of them is declared dead. Give
   * all nodes the same. 1 to 2^31 - 1. Default 1000.
   */
  readonly heartbeatMs?: number;
  /** How to come back to a peer that cannot be reached. */
  readonly reconnect?: ReconnectOptions;
  /**
   * Whether what this node sends where it dials is masked under a random key, as RFC 6455 §5.3 asks of clients. That
   * keeps bytes that a stranger chose from looking like HTTP to a proxy between the nodes; it costs about a third of
   * the processor time of large messages, at both ends. `false` sends under the key 0, which every server reads: for
   * networks without such proxies. Default `true`.
   */
  readonly maskFrames?: boolean;
  /** Told what happens and why: for logs and metrics. Must neither throw nor call the transport. */
  readonly onEvent?: (event: TransportEvent) => void;
}

/** Options after the checks, with nothing left open. */
export interface TransportSettings {
  /** This node's cluster. */
  readonly clusterId: string;
  /** This node. */
  readonly id: NodeId;
  /** Where to listen. */
  readonly listen: Required<ListenOptions>;
  /** Nodes that dial and cannot be dialed. */
  readonly clients: ReadonlySet<NodeId>;
  /** The source of jitter. */
  readonly random: Random;
  /** The source of time. */
  readonly clock: Clock;
  /** All bounds. */
  readonly limits: TransportLimits;
  /** Milliseconds between beats. */
  readonly heartbeatMs: number;
  /** Waiting times. */
  readonly reconnect: Required<ReconnectOptions>;
  /** Whether frames of a dialer are masked under random keys. */
  readonly maskFrames: boolean;
  /** Whom to tell. */
  readonly onEvent: (event: TransportEvent) => void;
}

const rateLimitNames: readonly (keyof HandshakeRateLimits)[] = [
  'handshakesPerSecond',
  'handshakeBurst',
  'handshakesPerSecondPerAddress',
  'handshakeBurstPerAddress',
];
const delayMsMax = 2 ** 31 - 1;
const bytesMax = 2 ** 30;

/**
 * Checks options and fills in defaults.
 *
 * @param options - What the caller gave.
 * @throws InvalidArgumentError naming the first option that is out of its range.
 */
export function parseOptions(options: WebSocketTransportOptions): TransportSettings {
  const baseMs = parseInteger(options.reconnect?.baseMs ?? 50, 'reconnect.baseMs', 1, delayMsMax);
  return {
    clusterId: parseClusterId(options.clusterId),
    id: parseNodeId(options.id, 'id'),
    listen: {
      host: options.listen.host ?? '127.0.0.1',
      port: parseInteger(options.listen.port, 'listen.port', 0, 65535),
      origins: options.listen.origins ?? [],
    },
    clients: parseClients(options.clients ?? [], options.id),
    random: options.random,
    clock: options.clock ?? platformClock,
    limits: parseLimits({ ...defaultTransportLimits, ...options.limits }),
    heartbeatMs: parseInteger(options.heartbeatMs ?? 1000, 'heartbeatMs', 1, delayMsMax),
    reconnect: {
      baseMs,
      capMs: parseInteger(
        options.reconnect?.capMs ?? Math.max(2000, baseMs),
        'reconnect.capMs',
        baseMs,
        delayMsMax,
      ),
    },
    maskFrames: options.maskFrames ?? true,
    onEvent: options.onEvent ?? (() => {}),
  };
}

/**
 * Checks a list of peers.
 *
 * @param peers - What the caller gave.
 * @param self - This node, which is passed over.
 * @param scheme - What every address must begin with; `undefined` for `ws` or `wss`.
 * @returns Address by node.
 * @throws InvalidArgumentError when a node is listed twice or an address is not of the form `ws://host:port`, or
 * `wss://host:port` with TLS.
 */
export function parsePeers(
  peers: readonly PeerAddress[],
  self: NodeId,
  scheme: 'ws' | 'wss' | undefined,
): Map<NodeId, string> {
  const addresses = new Map<NodeId, string>();
  for (const peer of peers) {
    const id = parseNodeId(peer.id, 'peer id');
    if (addresses.has(id)) throw new InvalidArgumentError(`peer ${id} is listed twice: list each node once`);
    addresses.set(id, parseAddress(id, peer.address, scheme));
  }
  addresses.delete(self);
  return addresses;
}

function parseClients(clients: readonly NodeId[], self: NodeId): ReadonlySet<NodeId> {
  for (const client of clients) {
    parseNodeId(client, 'client id');
    if (client >= self)
      throw new InvalidArgumentError(
        `client ${client} does not come before ${self}: of two nodes the one with the smaller id dials`,
      );
  }
  return new Set(clients);
}

function parseClusterId(clusterId: string): string {
  const bytes = typeof clusterId === 'string' ? encodeUtf8(clusterId).length : 0;
  if (bytes >= 1 && bytes <= clusterIdBytesMax) return clusterId;
  throw new InvalidArgumentError(
    `clusterId is ${JSON.stringify(clusterId)}: it must be a text of 1 to ${clusterIdBytesMax} bytes`,
  );
}

function parseLimits(limits: TransportLimits): TransportLimits {
  const { frameBytesMax, protocolLaneBytesMax, snapshotLaneBytesMax } = limits;
  parseInteger(frameBytesMax, 'limits.frameBytesMax', handshakeFrameBytesMax, bytesMax);
  parseInteger(protocolLaneBytesMax, 'limits.protocolLaneBytesMax', frameBytesMax, bytesMax);
  parseInteger(snapshotLaneBytesMax, 'limits.snapshotLaneBytesMax', frameBytesMax, bytesMax);
  parseInteger(limits.socketBytesMax, 'limits.socketBytesMax', 4096, bytesMax);
  parseInteger(limits.strangersMax, 'limits.strangersMax', 1, 65536);
  parseInteger(limits.handshakeTimeoutMs, 'limits.handshakeTimeoutMs', 1, delayMsMax);
  for (const name of rateLimitNames) parseInteger(limits[name], `limits.${name}`, 1, 1_000_000);
  checkExchangeLimits(limits, frameBytesMax);
  return limits;
}

function parseAddress(id: NodeId, address: string, scheme: 'ws' | 'wss' | undefined): string {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const schemes = scheme === undefined ? ['ws', 'wss'] : [scheme];
  const plain = url !== undefined && schemes.includes(url.protocol.slice(0, -1)) && url.hostname !== '';
  if (plain && url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '')
    return address;
  throw new InvalidArgumentError(
    `address of peer ${id} is ${JSON.stringify(address)}: it must have the form ${schemes.join(':// or ')}://host:port${scheme === 'wss' ? ', since this node has a certificate' : ''}`,
  );
}

/**
 * How every WebSocket here is set up, at both ends: no compression (it costs more than the wire, and memory that a
 * peer decides on), no answers to pings (a peer could queue them without end), messages up to one frame, which nodes
 * send in one piece: a message in many would cost more memory than its length.
 *
 * @param limits - The bounds.
 */
export function socketOptions(limits: TransportLimits): {
  perMessageDeflate: false;
  autoPong: false;
  maxPayload: number;
  maxFragments: number;
} {
  return {
    perMessageDeflate: false,
    autoPong: false,
    maxPayload: limits.frameBytesMax,
    maxFragments: 16,
  };
}
