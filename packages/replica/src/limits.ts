/** The bounds that a replica keeps, so that nothing a caller or a peer does can exhaust its memory. */
import { parseInteger } from '@synod/core';

/** Bounds of one replica. Every one has a default. */
export interface ReplicaLimits {
  /** Largest command, in bytes. Default 2 MiB. */
  readonly commandBytesMax?: number;
  /** Most proposals that wait for their outcome. Default 16 384. */
  readonly pendingProposalsMax?: number;
  /** Most bytes of commands in them. Default 64 MiB. */
  readonly pendingBytesMax?: number;
  /** Most reads that wait for their answer. Default 65 536. */
  readonly pendingReadsMax?: number;
  /** Time that a call has when it names none, in milliseconds. Default 5000. */
  readonly callTimeoutMs?: number;
  /** Most saves under way; while there are as many, inputs wait. Default 16. */
  readonly savesInFlightMax?: number;
  /** Most bytes of peers' payloads taken in while inputs wait; more are dropped. Default 64 MiB. */
  readonly stalledBytesMax?: number;
  /** Size from which the messages to one peer are sent without waiting for more, in bytes. Default 1 MiB. */
  readonly payloadBytesMax?: number;
  /** Most entries applied before the event loop gets its turn. Default 1000. */
  readonly applyEntriesMax?: number;
  /** Longest time of applying before the event loop gets its turn, in milliseconds. Default 5. */
  readonly applySliceMs?: number;
  /** Largest snapshot that is accepted from a peer, in bytes. Default 16 GiB. */
  readonly snapshotBytesMax?: number;
  /** Bytes in one piece of a snapshot on its way to a peer. Default 256 KiB. */
  readonly snapshotChunkBytes?: number;
  /** Pieces that may be under way to a peer before one is acknowledged. Default 4. */
  readonly snapshotWindowChunks?: number;
  /** Ticks without progress after which pieces are sent again; after ten times that the transfer ends. Default 20. */
  readonly snapshotRetryTicks?: number;
}

/** Limits with every default filled in. */
export type ReplicaSettings = Required<ReplicaLimits>;

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
const gibibyte = 1024 * mebibyte;

/**
 * Checks limits and fills in defaults.
 *
 * @param limits - What the caller gave.
 * @throws InvalidArgumentError naming the first limit that is out of range.
 */
export function settleLimits(limits: ReplicaLimits): ReplicaSettings {
  const settle = (name: keyof ReplicaLimits, byDefault: number, least: number, most?: number) =>
    parseInteger(limits[name] ?? byDefault, name, least, most);
  return {
    commandBytesMax: settle('commandBytesMax', 2 * mebibyte, 1),
    pendingProposalsMax: settle('pendingProposalsMax', 16_384, 1),
    pendingBytesMax: settle('pendingBytesMax', 64 * mebibyte, 1),
    pendingReadsMax: settle('pendingReadsMax', 65_536, 1),
    callTimeoutMs: settle('callTimeoutMs', 5000, 1),
    savesInFlightMax: settle('savesInFlightMax', 16, 1),
    stalledBytesMax: settle('stalledBytesMax', 64 * mebibyte, 0),
    payloadBytesMax: settle('payloadBytesMax', mebibyte, 1),
    applyEntriesMax: settle('applyEntriesMax', 1000, 1),
    applySliceMs: settle('applySliceMs', 5, 1),
    snapshotBytesMax: settle('snapshotBytesMax', 16 * gibibyte, 1),
    snapshotChunkBytes: settle('snapshotChunkBytes', 256 * kibibyte, 1, 2 * mebibyte),
    snapshotWindowChunks: settle('snapshotWindowChunks', 4, 1, 256),
    snapshotRetryTicks: settle('snapshotRetryTicks', 20, 1),
  };
}

/** How often a replica takes snapshots by itself. */
export interface SnapshotPace {
  readonly snapshotEveryEntries?: number;
  readonly snapshotEveryBytes?: number;
}

/**
 * Checks the pace and fills in defaults.
 *
 * @param pace - What the caller gave.
 * @throws InvalidArgumentError naming the first that is out of range.
 */
export function snapshotPace({
  snapshotEveryEntries,
  snapshotEveryBytes,
}: SnapshotPace): Required<SnapshotPace> {
  return {
    snapshotEveryEntries: parseInteger(snapshotEveryEntries ?? 10_000, 'snapshotEveryEntries', 1),
    snapshotEveryBytes: parseInteger(snapshotEveryBytes ?? 64 * mebibyte, 'snapshotEveryBytes', 1),
  };
}
