/** How much of a server its clients can hold, in bytes, connections and time. */

/** Bounds on what clients can hold of the server. */
export interface HttpLimits {
  /** Most bytes of one body. */
  readonly bodyBytesMax: number;
  /** Most bytes of all bodies being read or worked on. */
  readonly bodiesBytesMax: number;
  /** Most connections; more are closed at once. */
  readonly connectionsMax: number;
  /** Time for the headers of a request. */
  readonly headersTimeoutMs: number;
  /** Time for a whole request to arrive. */
  readonly requestTimeoutMs: number;
  /** Time that an unused connection stays open. */
  readonly keepAliveMs: number;
  /** Time for which the rest of a refused body is read and thrown away, so that the client sees the refusal. */
  readonly discardMs: number;
}

/** Defaults: 1.5 MiB a body, 64 MiB together, 1024 connections, 10 s, 30 s, 60 s, 5 s. */
export const httpLimits: HttpLimits = {
  bodyBytesMax: 1536 * 1024,
  bodiesBytesMax: 64 * 1024 * 1024,
  connectionsMax: 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveMs: 60_000,
  discardMs: 5_000,
};
