/**
 * Is a history linearizable (Herlihy and Wing, 1990)? The revisions name the order to try, so no search is needed: a
 * write stands at its revision, a read right after the revision it was made at, and it remains to check that
 * whatever ended before something else began stands before it, and that each read found the last write before it.
 */
import type { FaultHistory, ReadRecord, WriteRecord } from './fault-history.js';

interface PlacedWrite {
  readonly write: WriteRecord;
  readonly revision: number;
}

interface Placed {
  readonly what: string;
  readonly beganMs: number;
  readonly endedMs: number;
  readonly position: number;
}

/**
 * Checks a history.
 *
 * @param history - What clients did and saw, with a read of every key at the end.
 * @returns What is wrong with it; empty when it is linearizable and every claim made to a client was true.
 */
export function checkHistory(history: FaultHistory): readonly string[] {
  const violations = [...history.violations];
  const placed = placeWrites(history, violations);
  checkRevisionsDiffer(placed, violations);
  const byKey = sortByKey(placed);
  checkReads(history, byKey, violations);
  checkVersions(history, violations);
  checkConditions(byKey, violations);
  checkRealTime(history.reads, placed, violations);
  return violations;
}

/** Finds the revision of every write that took effect: told by its answer, or seen by a read of its value. */
function placeWrites(history: FaultHistory, violations: string[]): readonly PlacedWrite[] {
  const byValue = new Map<string, WriteRecord>();
  const revisions = new Map<WriteRecord, number>();
  for (const write of history.writes) {
    if (write.value !== undefined) byValue.set(`${write.key} ${write.value}`, write);
    if (write.revision !== undefined) revisions.set(write, write.revision);
  }
  for (const read of history.reads) {
    if (read.found === undefined) continue;
    const { value, modRevision } = read.found;
    const write = byValue.get(`${read.key} ${value}`);
    if (write === undefined) {
      violations.push(`${tell(read)}: nobody wrote that`);
      continue;
    }
    if (write.outcome === 'refused')
      violations.push(`${tell(read)}: its write was refused as without effect`);
    const revision = revisions.get(write);
    if (revision === undefined) revisions.set(write, modRevision);
    else if (revision !== modRevision)
      violations.push(`${tell(read)}: the same write was at revision ${revision}`);
  }
  return [...revisions].map(([write, revision]) => ({ write, revision }));
}

function checkRevisionsDiffer(placed: readonly PlacedWrite[], violations: string[]): void {
  const byRevision = new Map<number, WriteRecord>();
  for (const { write, revision } of placed) {
    const other = byRevision.get(revision);
    if (other !== undefined)
      violations.push(`writes of ${other.key} and of ${write.key} both made revision ${revision}`);
    byRevision.set(revision, write);
  }
}

function sortByKey(placed: readonly PlacedWrite[]): ReadonlyMap<string, readonly PlacedWrite[]> {
  const byKey = new Map<string, PlacedWrite[]>();
  for (const each of placed) {
    const writes = byKey.get(each.write.key);
    if (writes === undefined) byKey.set(each.write.key, [each]);
    else writes.push(each);
  }
  for (const writes of byKey.values()) writes.sort((left, right) => left.revision - right.revision);
  return byKey;
}

/** The last write to a key at or before a revision. */
function lastThrough(writes: readonly PlacedWrite[], revision: number): PlacedWrite | undefined {
  let low = 0;
  let high = writes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const write = writes[middle];
    if (write !== undefined && write.revision <= revision) low = middle + 1;
    else high = middle;
  }
  return writes[low - 1];
}

/** Each read must have found what the last write before it left there. */
function checkReads(
  history: FaultHistory,
  byKey: ReadonlyMap<string, readonly PlacedWrite[]>,
  violations: string[],
): void {
  const doubtful = doubtfulDeletions(history);
  for (const read of history.reads) {
    const { key, revision, found, endedMs } = read;
    const last = lastThrough(byKey.get(key) ?? [], revision);
    if (found !== undefined && found.modRevision > revision)
      violations.push(`${tell(read)}: that is of the future`);
    if (last === undefined || last.revision === found?.modRevision) continue;
    if (found !== undefined) {
      const what = last.write.value === undefined ? 'deleted' : 'written';
      violations.push(`${tell(read)}: it was ${what} at revision ${last.revision}`);
    } else if (last.write.value !== undefined && !((doubtful.get(key) ?? endedMs) < endedMs)) {
      violations.push(`${tell(read)}: it was written at revision ${last.revision}, and nobody deleted it`);
    }
  }
}

/** When the first deletion of each key began whose outcome is unknown. Unlike a put, it cannot be seen by its value. */
function doubtfulDeletions(history: FaultHistory): ReadonlyMap<string, number> {
  const beganMs = new Map<string, number>();
  for (const write of history.writes) {
    if (write.value !== undefined || write.outcome !== 'unknown') continue;
    beganMs.set(write.key, Math.min(write.beganMs, beganMs.get(write.key) ?? write.beganMs));
  }
  return beganMs;
}

/** A key cannot have changed more often than clients tried: a write that was carried out twice shows here. */
function checkVersions(history: FaultHistory, violations: string[]): void {
  const tries = new Map<string, number>();
  for (const { key, value, outcome } of history.writes) {
    if (value !== undefined && outcome !== 'refused') tries.set(key, (tries.get(key) ?? 0) + 1);
  }
  for (const read of history.reads) {
    const { key, found } = read;
    const most = tries.get(key) ?? 0;
    if (found !== undefined && found.version > most)
      violations.push(
        `${tell(read)}: it changed ${found.version} times, but ${most} writes of it were tried`,
      );
  }
}

/** Between the revision that a compare-and-set expected and the one it made, nobody else may have written. */
function checkConditions(byKey: ReadonlyMap<string, readonly PlacedWrite[]>, violations: string[]): void {
  for (const [key, writes] of byKey) {
    for (const { write, revision } of writes) {
      const expected = write.expectedModRevision;
      if (expected === undefined) continue;
      const before = lastThrough(writes, revision - 1);
      if (before !== undefined && before.revision > expected) {
        violations.push(
          `the compare-and-set of ${key} expected revision ${expected} and made ${revision}, ` +
            `but revision ${before.revision} was between them`,
        );
      }
    }
  }
}

/** Whatever ended before something else began must not stand after it. */
function checkRealTime(
  reads: readonly ReadRecord[],
  placed: readonly PlacedWrite[],
  violations: string[],
): void {
  const all: Placed[] = placed.map(({ write, revision }) => ({
    what: `the write of ${write.key} at revision ${revision}`,
    beganMs: write.beganMs,
    endedMs: write.endedMs,
    position: revision,
  }));
  for (const read of reads) {
    if (!read.linearizable) continue;
    const { beganMs, endedMs, revision } = read;
    all.push({ what: tell(read), beganMs, endedMs, position: revision + 0.5 });
  }
  const byEnd = all.filter(({ endedMs }) => Number.isFinite(endedMs));
  byEnd.sort((left, right) => left.endedMs - right.endedMs);
  all.sort((left, right) => left.beganMs - right.beganMs);
  let latest: Placed | undefined;
  let ended = 0;
  for (const each of all) {
    for (let next = byEnd[ended]; next !== undefined && next.endedMs < each.beganMs; next = byEnd[++ended]) {
      if (latest === undefined || next.position > latest.position) latest = next;
    }
    if (latest !== undefined && latest.position > each.position)
      violations.push(`${each.what} began after this had ended: ${latest.what}`);
  }
}

/**
 * Checks a counter that clients added to by compare-and-set, whose values begin with the count.
 *
 * @param history - With a read of the counter at the end.
 * @param key - The counter.
 * @returns What is wrong: increments that were lost, made twice or made up.
 */
export function checkCounter(history: FaultHistory, key: string): readonly string[] {
  const violations: string[] = [];
  let final: ReadRecord | undefined;
  for (const read of history.reads) {
    if (read.key !== key) continue;
    const { count, version } = countOf(read);
    // Every increment is one change of the key, and nothing else changes it.
    if (count !== version) violations.push(`${tell(read)}: its ${version} changes counted up to ${count}`);
    if (final === undefined || read.revision >= final.revision) final = read;
  }
  if (final === undefined) return [...violations, `nobody read ${key}`];
  const { count } = countOf(final);
  const acknowledged = history.count('acknowledged', key);
  const unknown = history.count('unknown', key);
  if (count < acknowledged || count > acknowledged + unknown) {
    violations.push(
      `${key} is at ${count}: ${acknowledged} increments were acknowledged, and ${unknown} have an unknown outcome`,
    );
  }
  return violations;
}

function countOf({ found }: ReadRecord): { readonly count: number; readonly version: number } {
  return { count: Number(found?.value.split(' ')[0] ?? 0), version: found?.version ?? 0 };
}

function tell({ source, key, revision, found, linearizable }: ReadRecord): string {
  const what =
    found === undefined ? 'nothing' : `${JSON.stringify(found.value.slice(0, 40))} of ${found.modRevision}`;
  return `${source} read ${key} at revision ${revision}${linearizable ? '' : ' (stale)'} and found ${what}`;
}
