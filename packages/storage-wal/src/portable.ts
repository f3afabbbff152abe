/**
 * The storage without anything of a platform: it runs wherever there is a `FileSystem` to give it, for example
 * over the simulated drive of `@synod/simulator`. Nothing here imports a module of Node.js. The file system of a real
 * folder, and the lock that keeps a second process out of it, are in the main entry.
 *
 * @packageDocumentation
 */
export {
  type Corruption,
  SnapshotFailedError,
  StorageClosedError,
  StorageCorruptError,
  StorageFailedError,
  StorageRetiredError,
  StorageVersionError,
} from './errors.js';
export type { WalStats } from './group-commit.js';
export { openWal } from './open-wal.js';
export type { TornTail } from './recovery.js';
export type { WalEvent, WalOptions, WalSettings } from './wal-options.js';
export type { RecoveryReport, WalStorage } from './wal-storage.js';
