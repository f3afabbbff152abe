/**
 * Durable storage for a consensus node: one write-ahead log for all its groups, with a checksum over every byte and
 * one sync of the disk for all writes that wait together; snapshots; and the register of incarnations. At the open it
 * tells a torn tail, which a crash leaves and which is cut, from corruption, which is refused.
 *
 * @example Save, crash or close, and find it again.
 * ```ts
 * import { openWalDirectory } from '@synod/storage-wal';
 *
 * const storage = await openWalDirectory('data/n1');
 * const group = storage.group(0);
 * const { entries, hardState, snapshot } = group.recover();
 * await group.save({
 *   receipt: { sequence: 1, last: { index: 1, term: 1 } },
 *   entries: [{ index: 1, term: 1, kind: 'command', data: Uint8Array.of(42) }],
 * }); // durable from here on
 * await storage.close();
 * ```
 *
 * @packageDocumentation
 */
export {
  type Corruption,
  SnapshotFailedError,
  StorageClosedError,
  StorageCorruptError,
  StorageFailedError,
  StorageLockedError,
  StorageRetiredError,
  StorageVersionError,
} from './errors.js';
export type { WalStats } from './group-commit.js';
export { inspectWal } from './inspect/inspect-wal.js';
export type {
  GroupShare,
  InspectedGroup,
  InspectedIdentity,
  InspectedRecord,
  InspectedSegment,
  InspectedSnapshot,
  InspectedStretch,
  WalFinding,
  WalFindingKind,
  WalInspection,
  WalVerdict,
} from './inspect/inspection.js';
export { readWal, type WalContents } from './inspect/read-wal.js';
export {
  planWalRepair,
  type RepairOptions,
  type RepairPlan,
  type RepairStep,
} from './inspect/repair-plan.js';
export { type RepairReport, repairWal } from './inspect/repair-wal.js';
export type { StretchVisitor } from './inspect/segment-walk.js';
export { useWalDirectory } from './inspect/use-wal-directory.js';
export { nodeFileSystem } from './node-file-system.js';
export { openWal } from './open-wal.js';
export { openWalDirectory } from './open-wal-directory.js';
export type { LogChange, LogRecord } from './record.js';
export type { TornTail } from './recovery.js';
export type { WalEvent, WalOptions, WalSettings } from './wal-options.js';
export type { RecoveryReport, WalStorage } from './wal-storage.js';
