/** Bounds on calls and streams, for each peer. */
import { parseInteger } from '@synod/core';

/** Bounds on calls and streams. Each holds for one peer. */
export interface ExchangeLimits {
  /** Most open calls to a peer, and from it. 1 to 2^20. Default 1024. */
  readonly callsOpenMax: number;
  /** Greatest sum of the payloads of a peer's open calls, in bytes; at least `frameBytesMax`. Default 16 MiB. */
  readonly callBytesMax: number;
  /** Milliseconds that a call may take where the caller does not say. 1 to 2^31 - 1. Default 10000. */
  readonly callTimeoutMs: number;
  /** Greatest sum of waiting frames of calls and answers, in bytes; at least `frameBytesMax`. Default 8 MiB. */
  readonly callLaneBytesMax: number;
  /** Most open streams to a peer, and from it. 1 to 65536. Default 64. */
  readonly streamsOpenMax: number;
  /**
   * Bytes that a peer may send on a stream before the reader reads: what a reader that is stuck holds in memory, and
   * what is on the wire before a message that is more urgent. One stream moves at most this much a round trip. 4096 to
   * 2^30. Default 64 KiB.
   */
  readonly streamWindowBytes: number;
  /** Greatest length of a chunk of a stream in bytes; a chunk also fits into a frame. 256 to 2^20. Default 16 KiB. */
  readonly streamChunkBytes: number;
}

/** The limits that hold where none are given. */
export const defaultExchangeLimits: ExchangeLimits = {
  callsOpenMax: 1024,
  callBytesMax: 16 * 1024 * 1024,
  callTimeoutMs: 10_000,
  callLaneBytesMax: 8 * 1024 * 1024,
  streamsOpenMax: 64,
  streamWindowBytes: 64 * 1024,
  streamChunkBytes: 16 * 1024,
};

/**
 * Checks bounds on calls and streams.
 *
 * @param limits - The bounds.
 * @param frameBytesMax - Greatest length of a frame.
 * @throws InvalidArgumentError naming the first that is out of its range.
 */
export function checkExchangeLimits(limits: ExchangeLimits, frameBytesMax: number): void {
  parseInteger(limits.callsOpenMax, 'limits.callsOpenMax', 1, 2 ** 20);
  parseInteger(limits.callBytesMax, 'limits.callBytesMax', frameBytesMax, 2 ** 40);
  parseInteger(limits.callTimeoutMs, 'limits.callTimeoutMs', 1, 2 ** 31 - 1);
  parseInteger(limits.callLaneBytesMax, 'limits.callLaneBytesMax', frameBytesMax, 2 ** 30);
  parseInteger(limits.streamsOpenMax, 'limits.streamsOpenMax', 1, 65536);
  parseInteger(limits.streamWindowBytes, 'limits.streamWindowBytes', 4096, 2 ** 30);
  parseInteger(limits.streamChunkBytes, 'limits.streamChunkBytes', 256, 2 ** 20);
}
