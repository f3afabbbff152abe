/** Holds what a storage recovered to what it confirmed. */
import { compareBytes, type DurableWrite, type Entry, type NodeId, type RecoveredState } from '@synod/core';
import type { SimulatedDisk, StoredSnapshot } from '../simulated-disk.js';
import { demand } from '../violation.js';

interface Found {
  readonly state: RecoveredState;
  readonly snapshot: StoredSnapshot | undefined;
}

/**
 * Demands that a storage found all that it confirmed, and besides at most a beginning of what was under way.
 *
 * @param id - The node.
 * @param confirmed - What it confirmed.
 * @param found - What it found.
 * @param writes - What was under way, in order.
 * @param snapshots - Snapshots that were under way.
 * @returns How many of the writes under way are there.
 */
export function matchRecovered(
  id: NodeId,
  confirmed: SimulatedDisk,
  found: Found,
  writes: readonly DurableWrite[],
  snapshots: readonly StoredSnapshot[],
): number {
  matchSnapshot(id, confirmed, found, snapshots);
  const expected = confirmed.copy();
  for (let kept = 0; ; kept++) {
    if (isSameState(expected.recover(), found.state)) return kept;
    const next = writes[kept];
    demand(next !== undefined, 'confirmed is recovered', () => {
      const { discarded, entries } = confirmed.recover();
      return (
        `${id} confirmed ${described(discarded.index, entries)} and had ${writes.length} writes under way; ` +
        `at its restart it finds ${described(found.state.discarded.index, found.state.entries)}, which is neither that nor a beginning of more`
      );
    });
    expected.apply(next);
  }
}

/** Whether two snapshots are one. */
export function isSameSnapshot(left: StoredSnapshot, right: StoredSnapshot): boolean {
  const { index, term } = left.meta;
  return (
    index === right.meta.index && term === right.meta.term && compareBytes(left.bytes, right.bytes) === 0
  );
}

function matchSnapshot(
  id: NodeId,
  confirmed: SimulatedDisk,
  { snapshot }: Found,
  attempted: readonly StoredSnapshot[],
): void {
  const { snapshot: known } = confirmed;
  const least = known?.meta.index ?? 0;
  const index = snapshot?.meta.index ?? 0;
  demand(
    index >= least,
    'confirmed is recovered',
    () => `${id} stored a snapshot through ${least}; at its restart it finds one through ${index}`,
  );
  if (snapshot === undefined) return;
  const candidates = known === undefined ? attempted : [known, ...attempted];
  demand(
    candidates.some((candidate) => isSameSnapshot(candidate, snapshot)),
    'confirmed is recovered',
    () => `${id} finds a snapshot through ${index} that is none of those it stored`,
  );
}

function isSameState(left: RecoveredState, right: RecoveredState): boolean {
  if (left.discarded.index !== right.discarded.index || left.discarded.term !== right.discarded.term)
    return false;
  if (!isSameBytes(left.hardState, right.hardState)) return false;
  if (left.entries.length !== right.entries.length) return false;
  return left.entries.every((entry, position) => isSameEntry(entry, right.entries[position]));
}

function isSameEntry(left: Entry, right: Entry | undefined): boolean {
  return (
    right !== undefined &&
    left.index === right.index &&
    left.term === right.term &&
    left.kind === right.kind &&
    compareBytes(left.data, right.data) === 0
  );
}

function isSameBytes(left: Uint8Array | undefined, right: Uint8Array | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return compareBytes(left, right) === 0;
}

function described(discarded: number, entries: readonly Entry[]): string {
  const last = entries.at(-1);
  return last === undefined
    ? `an empty log after ${discarded}`
    : `${entries.length} entries after ${discarded}, through ${last.index} of term ${last.term}`;
}
