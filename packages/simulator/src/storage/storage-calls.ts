/** What a node asks of a storage, as one promise each. */
import type { GroupId, GroupStorage, NodeStorage, RecoveredState } from '@synod/core';
import type { StoredSnapshot } from '../simulated-disk.js';
import type { OpenStorage, StorageOpening } from './open-storage.js';

/** What was found at a start. */
export interface Opening {
  readonly storage: NodeStorage;
  readonly state: RecoveredState;
  readonly snapshot: StoredSnapshot | undefined;
}

/** Opens a storage and takes all that it holds of a group. */
export async function openNodeStorage(
  open: OpenStorage,
  group: GroupId,
  opening: StorageOpening,
): Promise<Opening> {
  const storage = await open(opening);
  const state = storage.group(group).recover();
  const snapshot = await readStored(storage.group(group));
  if (!storage.incarnations.admitted) await storage.incarnations.admit();
  return { storage, state, snapshot };
}

/** Reads the newest snapshot. */
export async function readStored(storage: GroupStorage): Promise<StoredSnapshot | undefined> {
  const reader = await storage.openSnapshot();
  if (reader === undefined) return undefined;
  const { meta, bytesTotal } = reader;
  try {
    // In two pieces, so that a storage which gives out only whole ones is found out.
    const half = bytesTotal >> 1;
    const bytes = new Uint8Array(bytesTotal);
    bytes.set(await reader.read(0, half));
    bytes.set(await reader.read(half, bytesTotal - half), half);
    return { meta, bytes };
  } finally {
    await reader.close();
  }
}

/** Stores a snapshot. */
export async function writeSnapshot(storage: GroupStorage, { meta, bytes }: StoredSnapshot): Promise<void> {
  const writer = await storage.beginSnapshot(meta);
  const half = bytes.length >> 1;
  await writer.write(bytes.subarray(0, half));
  await writer.write(bytes.subarray(half));
  await writer.commit();
}
