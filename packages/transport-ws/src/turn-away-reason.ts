/** Why connections are turned away before anybody said who they are. */

/** Reasons to turn a connection away before, or without, judging a hello. */
export const turnAwayReasons = [
  /** Its address opened connections faster than `handshakesPerSecondPerAddress`. */
  'RATE_LIMITED_ADDRESS',
  /** All addresses together opened connections faster than `handshakesPerSecond`. */
  'RATE_LIMITED',
  /** It was the oldest of the strangers when there were `strangersMax` and one more came. */
  'CROWDED_OUT',
  /** It took longer than `handshakeTimeoutMs`. */
  'TIMED_OUT',
  /** TLS came to nothing: no TLS, an old version, or no certificate of the cluster's authority. */
  'TLS_FAILED',
  /** It was no HTTP/1.1, or its headers were too long. */
  'MALFORMED_HTTP',
  /** It was HTTP, and no upgrade to WebSocket. */
  'NOT_WEBSOCKET',
  /** It was a web page of an origin that is not listed. */
  'ORIGIN',
  /** It sent more than a handshake takes. */
  'TOO_MANY_BYTES',
  /** It sent a text, or broke the rules of WebSocket, where a hello was expected. */
  'MALFORMED_FRAME',
] as const;

/** Why a connection was turned away before, or without, judging a hello. */
export type TurnAwayReason = (typeof turnAwayReasons)[number];
