/** What the measurement of transports needs of one: a side that listens and one that dials, and bytes both ways. */

/** One end of a connection. */
export interface Wire {
  /**
   * Sends a message.
   *
   * @param message - The bytes; not changed later.
   * @returns Whether there is room for more: if not, await {@link room}.
   */
  send(message: Uint8Array): boolean;
  /** Resolves when there is room. */
  room(): Promise<void>;
}

/** Called with each message that comes, on the connection that it came on. */
export type OnMessage = (message: Uint8Array, wire: Wire) => void;

/** A way to send messages. */
export interface WireKind {
  /** Listens on any port of the loopback and gives its number. */
  listen(onMessage: OnMessage): Promise<number>;
  /** Connects to a port of the loopback. */
  dial(port: number, onMessage: OnMessage): Promise<Wire>;
}

/** Bytes that may wait in a socket before its sender waits, the same for all. */
export const socketBytesMax = 1024 * 1024;
