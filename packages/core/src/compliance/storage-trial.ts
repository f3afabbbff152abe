/** What the cases of storages have in common: writes to make, and demands on what is found. */
import { compareBytes } from '../bytes.js';
import type { DurableWrite, GroupStorage, NodeStorage, RecoveredState, SnapshotMeta } from '../durable.js';
import type { Entry } from '../entry.js';
import { isSynodError } from '../errors.js';
import type { GroupId, LogIndex, LogPosition, Term } from '../ids.js';
import { createMembership } from '../membership.js';
import { demand } from './contract-watch.js';
import type { StorageDisk } from './storage-under-test.js';

/** An entry whose bytes follow from its place. */
export function entryAt(index: LogIndex, term: Term = 1, length = 24): Entry {
  return { index, term, kind: 'command', data: bytesOf(index * 31 + term, length) };
}

/** Bytes that follow from a number. */
export function bytesOf(number: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, position) => (number * 7 + position * 13) % 256);
}

/** A write of entries, and of what else is given. */
export function writeOf(entries: readonly Entry[], rest: Partial<DurableWrite> = {}): DurableWrite {
  const last = entries.at(-1);
  const receipt = { sequence: 1, last: last && { index: last.index, term: last.term } };
  return { receipt, entries, ...rest };
}

/** What a snapshot of three nodes says of itself. */
export function metaAt({ index, term }: LogPosition): SnapshotMeta {
  return { index, term, membership: createMembership(['n1', 'n2', 'n3']) };
}

/** Stores a snapshot, in two pieces. */
export async function storeSnapshot(
  group: GroupStorage,
  meta: SnapshotMeta,
  bytes: Uint8Array,
): Promise<void> {
  const writer = await group.beginSnapshot(meta);
  const half = bytes.length >> 1;
  await writer.write(bytes.subarray(0, half));
  await writer.write(bytes.subarray(half));
  await writer.commit();
}

/** All bytes of the stored snapshot. */
export async function snapshotBytes(group: GroupStorage): Promise<Uint8Array | undefined> {
  const reader = await group.openSnapshot();
  if (reader === undefined) return undefined;
  try {
    return await reader.read(0, reader.bytesTotal);
  } finally {
    await reader.close();
  }
}

/** Ends one life of a storage and begins the next. */
export async function nextLife(
  disk: StorageDisk,
  storage: NodeStorage,
  end: 'closed' | 'crashed',
): Promise<NodeStorage> {
  if (end === 'closed') await storage.close();
  else await disk.crash();
  return disk.open();
}

/** Demands that a storage recovers one state of a group. */
export function demandState(storage: NodeStorage, group: GroupId, expected: RecoveredState): void {
  const found = storage.group(group).recover();
  demand(
    isSameState(found, expected),
    `group ${group} recovers ${describeState(expected)}, not ${describeState(found)}`,
  );
}

/** Whether two states of a group are one. */
export function isSameState(left: RecoveredState, right: RecoveredState): boolean {
  return (
    isSamePosition(left.discarded, right.discarded) &&
    isSameBytes(left.hardState, right.hardState) &&
    left.entries.length === right.entries.length &&
    left.entries.every((entry, at) => isSameEntry(entry, right.entries[at])) &&
    left.snapshot?.index === right.snapshot?.index &&
    left.snapshot?.term === right.snapshot?.term
  );
}

/** Whether two arrays hold the same bytes, or both are missing. */
export function isSameBytes(left: Uint8Array | undefined, right: Uint8Array | undefined): boolean {
  return left === undefined || right === undefined ? left === right : compareBytes(left, right) === 0;
}

/** Demands that something rejects with a `SynodError`, and gives it. */
export async function demandRejected(promise: Promise<unknown>, what: string) {
  const error = await promise.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  demand(isSynodError(error), `${what} rejects with a SynodError, not with ${error}`);
  return error;
}

function isSamePosition(left: LogPosition, right: LogPosition): boolean {
  return left.index === right.index && left.term === right.term;
}

function isSameEntry(left: Entry, right: Entry | undefined): boolean {
  return (
    right !== undefined &&
    isSamePosition(left, right) &&
    left.kind === right.kind &&
    left.proposal === undefined &&
    compareBytes(left.data, right.data) === 0
  );
}

function describeState({ discarded, entries, hardState, snapshot }: RecoveredState): string {
  const log = entries.map(({ index, term }) => `${index}@${term}`).join(' ');
  const state = hardState === undefined ? 'no hard state' : `hard state [${hardState.join(' ')}]`;
  return `entries "${log}" after ${discarded.index}@${discarded.term}, ${state}, snapshot ${snapshot?.index ?? 'none'}`;
}
