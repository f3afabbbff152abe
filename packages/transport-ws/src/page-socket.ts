/**
 * The WebSocket of a page in the shape that connections want. A page is told neither when the operating system took
 * what it sent nor of pings, cannot cut a connection, and learns nothing of why one could not be opened.
 */
import type { PeerSocket, PeerSocketEvents } from './peer-socket.js';

/** What is used of the platform's WebSocket (WHATWG, WebSockets standard). */
interface PlatformSocket {
  binaryType: string;
  readonly bufferedAmount: number;
  readonly readyState: number;
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onerror: (() => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null;
  send(data: Uint8Array): void;
  close(code?: number, reason?: string): void;
}

declare const WebSocket: new (url: string) => PlatformSocket;

/** Milliseconds between looks at what the socket still holds, while anything waits for that. */
const lookEveryMs = 2;
const closedState = 3;
/** RFC 6455 §7.1.5. */
const brokenCode = 1006;
/** A page may close with codes from 3000 only, so those of RFC 6455 are moved up by this. */
const pageCodeOffset = 3000;

/** A page's connection to a node. */
export class PageSocket implements PeerSocket {
  readonly CONNECTING = 0;
  readonly OPEN = 1;
  /** A page cannot send pings. */
  readonly ping = undefined;
  readonly #listeners: Partial<PeerSocketEvents> = {};
  #socket: PlatformSocket | undefined;
  #onTaken: () => void = () => {};
  #looks = false;
  #gone = false;

  /** @param address - Where to connect. What is wrong with it is told later, as any other failure. */
  constructor(address: string) {
    try {
      this.#socket = new WebSocket(address);
    } catch (error) {
      queueMicrotask(() => this.#fail(error instanceof Error ? error : new Error(String(error))));
      return;
    }
    this.#socket.binaryType = 'arraybuffer';
    this.#socket.onopen = () => this.#listeners.open?.();
    this.#socket.onmessage = ({ data }) => {
      const binary = data instanceof ArrayBuffer;
      this.#listeners.message?.(binary ? new Uint8Array(data) : data, binary);
    };
    this.#socket.onerror = () =>
      this.#listeners.error?.(new Error('the connection failed; a page is not told why'));
    this.#socket.onclose = ({ code, reason }) => this.#tellGone(code, reason);
  }

  get bufferedAmount(): number {
    return this.#socket?.bufferedAmount ?? 0;
  }

  get readyState(): number {
    return this.#socket?.readyState ?? closedState;
  }

  on<Event extends keyof PeerSocketEvents>(event: Event, listener: PeerSocketEvents[Event]): void {
    this.#listeners[event] = listener;
  }

  send(data: Uint8Array, taken: () => void): void {
    this.#socket?.send(data);
    // One call for many messages is as good as one for each: it makes the sender look at what the socket holds.
    this.#onTaken = taken;
    this.#lookLater();
  }

  close(code: number, reason: string): void {
    this.#socket?.close(code < pageCodeOffset ? code + pageCodeOffset : code, reason);
  }

  terminate(): void {
    this.#socket?.close();
    queueMicrotask(() => this.#tellGone(brokenCode, ''));
  }

  /** Lets the sender look at what the socket holds, over and over until that is nothing. */
  #look(): void {
    this.#looks = false;
    this.#onTaken();
    if (!this.#looks && !this.#gone && this.bufferedAmount > 0) this.#lookLater();
  }

  #lookLater(): void {
    if (this.#looks) return;
    this.#looks = true;
    setTimeout(() => this.#look(), lookEveryMs);
  }

  #fail(error: Error): void {
    this.#listeners.error?.(error);
    this.#tellGone(brokenCode, '');
  }

  #tellGone(code: number, reason: string): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#listeners.close?.(code, new TextEncoder().encode(reason));
  }
}
