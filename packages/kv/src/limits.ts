/** Bounds on what one command may ask for and on what sessions may hold. */
import { parseInteger, SynodError } from '@synod/core';

/**
 * Bounds of a store.
 *
 * @remarks A limit decides what becomes of a command, and commands that are in the log already are applied again after
 * a restart. All nodes of a group must therefore have the same limits for the whole life of the group. A snapshot
 * holds the limits that it was made under, and a store with others refuses it.
 */
export interface KvLimits {
  /** Longest key, in bytes: 1 to 1 MiB. Default 4096. */
  readonly keyBytesMax: number;
  /** Longest value, in bytes: 0 to 1 GiB. Default 1 MiB. */
  readonly valueBytesMax: number;
  /** Longest encoded command, in bytes: 64 to 1 GiB. Default 1.5 MiB, as etcd. */
  readonly requestBytesMax: number;
  /**
   * Most compares, success operations and failure operations, each, of one transaction: 1 to 4096. Default 128, as
   * etcd. A nested transaction may have what the longest list of the outer one left over. All lists of a command
   * together may have four times as many.
   */
  readonly operationsMax: number;
  /**
   * Most keys that the intervals of one transaction may hold, all together: those of its compares, its ranges (a plain
   * range with a `limit` counts as no more than that) and its deletions with `prevKv`. 1 to 2^32. Default 100 000.
   * Bounds what a small command can cost every node. Queries are not bounded.
   */
  readonly scannedKeysMax: number;
  /** Most open sessions: 1 to 1 000 000. One more evicts the least recently used. Default 10 000. */
  readonly sessionsMax: number;
  /** Largest answer that a session remembers in full, in bytes of its keys and values: 0 to 1 MiB. Default 4096. */
  readonly sessionResultBytesMax: number;
}

// In the order in which a snapshot holds them. Append only.
const limitNames = [
  'keyBytesMax',
  'valueBytesMax',
  'requestBytesMax',
  'operationsMax',
  'scannedKeysMax',
  'sessionsMax',
  'sessionResultBytesMax',
] as const;

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
const gibibyte = 1024 * mebibyte;

/** The limits of a store that is given none. The same in every version of this package. */
export const defaultKvLimits: KvLimits = {
  keyBytesMax: 4 * kibibyte,
  valueBytesMax: mebibyte,
  requestBytesMax: 1.5 * mebibyte,
  operationsMax: 128,
  scannedKeysMax: 100_000,
  sessionsMax: 10_000,
  sessionResultBytesMax: 4 * kibibyte,
};

/** Fills in the defaults and checks every range. */
export function resolveLimits(given: Partial<KvLimits>): KvLimits {
  const limits = { ...defaultKvLimits, ...given };
  return {
    keyBytesMax: parseInteger(limits.keyBytesMax, 'keyBytesMax', 1, mebibyte),
    valueBytesMax: parseInteger(limits.valueBytesMax, 'valueBytesMax', 0, gibibyte),
    requestBytesMax: parseInteger(limits.requestBytesMax, 'requestBytesMax', 64, gibibyte),
    operationsMax: parseInteger(limits.operationsMax, 'operationsMax', 1, 4096),
    scannedKeysMax: parseInteger(limits.scannedKeysMax, 'scannedKeysMax', 1, 2 ** 32),
    sessionsMax: parseInteger(limits.sessionsMax, 'sessionsMax', 1, 1_000_000),
    sessionResultBytesMax: parseInteger(limits.sessionResultBytesMax, 'sessionResultBytesMax', 0, mebibyte),
  };
}

/** A snapshot was made by a store with other limits. Nothing was restored. Code `LIMITS_DIFFER`. */
export class LimitsDifferError extends SynodError {
  /**
   * @param own - Limits of this store, in the order of a snapshot.
   * @param theirs - Limits that the snapshot holds.
   */
  constructor(own: readonly number[], theirs: readonly number[]) {
    super({
      code: 'LIMITS_DIFFER',
      message: `the snapshot was made under the limits ${theirs.join(', ')} and this store has ${own.join(', ')} (${limitNames.join(', ')}): give every node of a group the same limits`,
    });
  }
}

/** The limits as numbers, in the order in which a snapshot holds them. */
export function limitNumbers(limits: KvLimits): readonly number[] {
  return limitNames.map((name) => limits[name]);
}
