/** What a connection needs of a WebSocket and of the platform: `ws` on Node, the platform's own in a browser. */
import type { Socket } from 'node:net';
import type { NodeId } from '@synod/core';
import type { HandshakeAuthentication } from './handshake.js';
import type { StrangerGate } from './stranger-gate.js';
import type { TransportTls } from './transport-tls.js';
import type { TurnAwayReason } from './turn-away-reason.js';

/** What a WebSocket tells. */
export interface PeerSocketEvents {
  /** A message came. */
  message(data: unknown, isBinary: boolean): void;
  /** It failed; `close` follows. */
  error(error: Error): void;
  /** It is gone. */
  close(code: number, reason: Uint8Array): void;
  /** A dialed one is open. */
  open(): void;
  /** A dialed one has its TCP socket, where the platform shows it. */
  upgrade(response: { readonly socket: Socket }): void;
}

/** A WebSocket. Has the shape of those of `ws`, as far as it is used. */
export interface PeerSocket {
  /** Bytes that the operating system has not taken. */
  readonly bufferedAmount: number;
  /** One of {@link OPEN}, {@link CONNECTING} and others. */
  readonly readyState: number;
  /** State of an open socket. */
  readonly OPEN: number;
  /** State of a socket that is not open yet. */
  readonly CONNECTING: number;
  /** Sends a binary message; `taken` is called once the operating system has it, or never will. */
  send(data: Uint8Array, taken: () => void): void;
  /** Sends a ping; `undefined` where the platform cannot. */
  readonly ping: (() => void) | undefined;
  /** Closes it with words. */
  close(code: number, reason: string): void;
  /** Cuts it. */
  terminate(): void;
  /** Sets a listener. */
  on<Event extends keyof PeerSocketEvents>(event: Event, listener: PeerSocketEvents[Event]): unknown;
}

/** What is known of the other end of a connection before it says anything. */
export interface OtherEnd {
  /** Its TCP socket, if there is one already. */
  readonly tcp: Socket | undefined;
  /** Its address, for people. */
  readonly remote: string;
  /** Whom its certificate names, where one is asked for. */
  readonly named: ((id: NodeId) => boolean) | undefined;
}

/** Whom a listener tells. */
export interface ListenerOwner {
  /** A WebSocket was opened by a stranger; `named` tells whom its certificate names, where one is asked for. */
  onSocket(
    socket: PeerSocket,
    tcp: Socket,
    remote: string,
    named: ((id: NodeId) => boolean) | undefined,
  ): void;
  /** A connection was turned away. */
  onTurnedAway(reason: TurnAwayReason, remote: string): void;
  /** The listening socket failed after it had listened. */
  onListenerFailed(reason: string): void;
}

/** The listening end of a transport. */
export interface TransportListener {
  /** Begins to listen; gives the actual host and port. */
  listen(): Promise<{ host: string; port: number }>;
  /** A peer came up from an IP address. */
  trust(address: string): void;
  /** Stops; resolves when every connection it accepted is gone. */
  close(): Promise<void>;
}

/** What a transport stands on. */
export interface Platform {
  /** Calls back at the end of the present turn of the event loop. */
  afterTurn(callback: () => void): void;
  /** Scheme of the addresses that it dials and listens at; `undefined` for either. */
  readonly scheme: 'ws' | 'wss' | undefined;
  /** Opens a WebSocket to a peer; `onWrong` is told when the certificate of the other end names another node. */
  dial(address: string, peer: NodeId, onWrong: (reason: string) => void): PeerSocket;
  /** Makes what one handshake proves and verifies a token with; left out without a token. */
  readonly authenticate?: () => HandshakeAuthentication;
  /** Takes other keys and certificates; left out without TLS. */
  readonly renewTls?: (tls: TransportTls) => void;
  /** Makes a listener; `undefined` where the platform cannot listen. */
  readonly createListener: ((gate: StrangerGate, owner: ListenerOwner) => TransportListener) | undefined;
}
