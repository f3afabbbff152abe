/** What a storage can be told, the limits it keeps, and what it tells. */
import {
  type FileSystem,
  type GroupId,
  type Incarnation,
  InvalidArgumentError,
  isIncarnation,
  parseInteger,
} from '@synod/core';

/** Limits and listener of a storage; every field has a default. */
export interface WalSettings {
  /** Length at which a segment is full, in bytes: 4 KiB to 1 GiB. Default 64 MiB. A longer batch still fits in one. */
  readonly segmentBytesMax?: number;
  /**
   * Length at which a waiting batch takes no more writes, in bytes: 1 KiB to 256 MiB. Default 4 MiB. It bounds what
   * one sync carries, and with it the longest wait.
   */
  readonly batchBytesMax?: number;
  /** Greatest length of one write in bytes, as stored: 1 KiB to 1 GiB. Default 64 MiB. A longer one is refused. */
  readonly recordBytesMax?: number;
  /**
   * Segments that the log may have before live entries of quiet groups are moved out of the oldest: 1 to 1000.
   * Default 4. Moving costs at most a quarter of what is written besides.
   */
  readonly segmentsBeforeMove?: number;
  /**
   * Zeros that are written ahead of the batches at a time, in bytes: 0 (none) to 64 MiB. Default 1 MiB. A sync within
   * them has no metadata of the file system to write. They are cut off at a clean close.
   */
  readonly preallocateBytes?: number;
  /**
   * Room kept in a file of its own, `reserve`, for when the disk is full, in bytes: 0 (none) to 1 GiB. Default 4 MiB.
   * Then it is given up, so that votes, what was under way and the snapshot that shortens the log can still be stored.
   */
  readonly reserveBytes?: number;
  /**
   * Length of what the disk writes as one after a power loss, whole or not at all, in bytes: 1 to 4096. Default 512, as
   * disks have it. It tells damage to the last batch from a write that a crash cut short; 1 trusts the disk with nothing,
   * and takes almost every such damage for a crash.
   */
  readonly sectorBytes?: number;
  /** Bytes of a snapshot that one checksum covers, and that one read takes at least: 512 bytes to 16 MiB. Default 256 KiB. */
  readonly snapshotChunkBytes?: number;
  /** Hears what happens. Called in the middle of the work: it must return quickly, and what it throws is ignored. */
  readonly onEvent?: (event: WalEvent) => void;
}

/** What {@link openWal} needs. */
export interface WalOptions extends WalSettings {
  /** Where the files are. Nobody else may write there while the storage is open. */
  readonly fileSystem: FileSystem;
  /** Name for the storage, used only when it does not exist yet: random, 32 lower-case hexadecimal digits. */
  readonly incarnation: Incarnation;
}

/** What happened in a storage. */
export type WalEvent =
  /** A batch is durable: `entries` entries in `writes` writes, `bytes` on disk. */
  | { readonly type: 'synced'; readonly writes: number; readonly entries: number; readonly bytes: number }
  /** The log goes on in a new file. */
  | { readonly type: 'segmentCreated'; readonly file: string }
  /** A file of the log was removed, because nothing in it is needed any more. */
  | { readonly type: 'segmentRemoved'; readonly file: string }
  /** Live entries of quiet groups were written anew, so that an old segment can go. */
  | { readonly type: 'entriesMoved'; readonly file: string; readonly entries: number; readonly bytes: number }
  /** A crash left part of a batch at the end of the log; it was cut off. No write in it had been acknowledged. */
  | { readonly type: 'tornTailCut'; readonly file: string; readonly offset: number; readonly bytes: number }
  /** A snapshot is durable. */
  | { readonly type: 'snapshotSaved'; readonly group: GroupId; readonly file: string; readonly bytes: number }
  /**
   * There is no room on the disk. With `reserve`, the reserve was given up and saves still succeed; without, saves wait
   * until there is room.
   */
  | { readonly type: 'full'; readonly left: 'reserve' | 'nothing' }
  /** There is room again, and the reserve is kept again. */
  | { readonly type: 'roomFound' }
  /** A write or sync failed: the storage takes nothing more. */
  | { readonly type: 'failed'; readonly error: Error };

/** Settings with every default filled in. */
export interface WalLimits {
  /** See {@link WalSettings.segmentBytesMax}. */
  readonly segmentBytesMax: number;
  /** See {@link WalSettings.batchBytesMax}. */
  readonly batchBytesMax: number;
  /** See {@link WalSettings.recordBytesMax}. */
  readonly recordBytesMax: number;
  /** See {@link WalSettings.segmentsBeforeMove}. */
  readonly segmentsBeforeMove: number;
  /** See {@link WalSettings.preallocateBytes}. */
  readonly preallocateBytes: number;
  /** See {@link WalSettings.reserveBytes}. */
  readonly reserveBytes: number;
  /** See {@link WalSettings.sectorBytes}. */
  readonly sectorBytes: number;
  /** See {@link WalSettings.snapshotChunkBytes}. */
  readonly snapshotChunkBytes: number;
  /** Tells a listener, if there is one; never throws. */
  readonly emit: (event: WalEvent) => void;
}

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
const gibibyte = 1024 * mebibyte;

/**
 * Fills in the defaults.
 *
 * @param options - What the caller gave.
 * @throws InvalidArgumentError when a setting is out of its range.
 */
export function walLimits(options: WalOptions): WalLimits {
  if (!isIncarnation(options.incarnation)) {
    throw new InvalidArgumentError(
      `incarnation ${JSON.stringify(options.incarnation)} is not 32 lower-case hexadecimal digits: draw 16 random bytes`,
    );
  }
  const { onEvent } = options;
  return {
    segmentBytesMax: parseInteger(
      options.segmentBytesMax ?? 64 * mebibyte,
      'segmentBytesMax',
      4 * kibibyte,
      gibibyte,
    ),
    batchBytesMax: parseInteger(
      options.batchBytesMax ?? 4 * mebibyte,
      'batchBytesMax',
      kibibyte,
      256 * mebibyte,
    ),
    recordBytesMax: parseInteger(
      options.recordBytesMax ?? 64 * mebibyte,
      'recordBytesMax',
      kibibyte,
      gibibyte,
    ),
    segmentsBeforeMove: parseInteger(options.segmentsBeforeMove ?? 4, 'segmentsBeforeMove', 1, 1000),
    preallocateBytes: parseInteger(
      options.preallocateBytes ?? mebibyte,
      'preallocateBytes',
      0,
      64 * mebibyte,
    ),
    reserveBytes: parseInteger(options.reserveBytes ?? 4 * mebibyte, 'reserveBytes', 0, gibibyte),
    sectorBytes: parseInteger(options.sectorBytes ?? 512, 'sectorBytes', 1, 4096),
    snapshotChunkBytes: parseInteger(
      options.snapshotChunkBytes ?? 256 * kibibyte,
      'snapshotChunkBytes',
      512,
      16 * mebibyte,
    ),
    emit: (event) => {
      try {
        onEvent?.(event);
      } catch {
        // A listener that fails must not make a sound disk look broken; the option says so.
      }
    },
  };
}
