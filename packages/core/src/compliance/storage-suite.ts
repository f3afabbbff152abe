/**
 * What every durable storage must do, whatever it stores in, as cases that a test runner of any kind can run. They know a
 * storage by the contract alone.
 */
import { storageDiskCases } from './storage-disk-cases.js';
import { storageRegisterCases } from './storage-register-cases.js';
import { storageSnapshotCases } from './storage-snapshot-cases.js';
import type { StorageCase, StorageUnderTest } from './storage-under-test.js';
import { storageWriteCases } from './storage-write-cases.js';

/**
 * The cases of the contract of `NodeStorage`, for one storage. Each uses disks of its own and needs no other to have run.
 *
 * @param storage - The storage.
 * @returns The cases, in an order that begins with what the others rely on.
 *
 * @example In vitest, for a storage in a folder.
 * ```ts
 * describe('the contract of storages', () => {
 *   const newDisk = async () => {
 *     const folder = await mkdtemp(join(tmpdir(), 'my-storage-'));
 *     return { open: () => openMyStorage(folder), crash: () => undefined };
 *   };
 *   for (const { name, run } of storageCases({ newDisk })) it(name, run);
 * });
 * ```
 */
export function storageCases(storage: StorageUnderTest): readonly StorageCase[] {
  return [
    ...storageWriteCases(storage),
    ...storageSnapshotCases(storage),
    ...storageRegisterCases(storage),
    ...storageDiskCases(storage),
  ];
}
