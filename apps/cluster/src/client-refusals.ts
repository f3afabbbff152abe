/** What a port for clients refused, counted by reason. */

/** Reasons that are counted; other errors are answers to well-formed requests of clients that may ask. */
const reasons = [
  // Connections.
  'CONNECTION_CROWDED_OUT',
  'CONNECTIONS_EXHAUSTED',
  'TLS_FAILED',
  // Requests.
  'BODY_TOO_LARGE',
  'HEADERS_TOO_LARGE',
  'HOST_REFUSED',
  'MALFORMED_REQUEST',
  'ORIGIN_REFUSED',
  'OVERLOADED',
  'REQUEST_TIMEOUT',
  'TOO_MANY_STREAMS',
  'UNAUTHORIZED',
] as const;

/** Counts refusals. */
export class ClientRefusals {
  readonly #counts = new Map<string, number>(reasons.map((reason) => [reason, 0]));

  /**
   * Counts one, if it is of a kind that is counted.
   *
   * @param reason - One of the above, or the code of any error.
   */
  count(reason: string): void {
    const before = this.#counts.get(reason);
    if (before !== undefined) this.#counts.set(reason, before + 1);
  }

  /** Counts so far; every reason is there. */
  snapshot(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }
}
