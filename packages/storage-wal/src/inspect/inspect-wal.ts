/**
 * Looks at a storage that nobody has open, and judges it as the next open would, but goes on behind the first wrong
 * byte and reads what an open leaves unread, the middle of snapshots. It changes nothing.
 */
import { type FileSystem, type GroupId, type Incarnation, InvalidArgumentError } from '@synod/core';
import { closedMarkPath } from '../closed-mark.js';
import { StorageCorruptError } from '../errors.js';
import { decodeIdentity, type Identity, identityPath } from '../identity-file.js';
import { readIdentity, readUnfinishedBirth } from '../open-wal.js';
import { RecoveredEntries } from '../recovered-entries.js';
import { listSegments, type RecoveredLog, recoverLog } from '../recovery.js';
import { asideSuffix, readWhole, rootDirectory } from '../replace-file.js';
import { readRetired } from '../retired-mark.js';
import { segmentPath, segmentSequence, walDirectory } from '../segment.js';
import { snapshotsDirectory } from '../snapshot-format.js';
import { checkCovered } from '../snapshot-recovery.js';
import { byWeight, corruptionFinding, leftoverFinding, retiredFinding, tornTailFinding } from './findings.js';
import type {
  InspectedGroup,
  InspectedSegment,
  InspectedStretch,
  LogPlace,
  WalFinding,
  WalInspection,
} from './inspection.js';
import { namesIn } from './names-in.js';
import { incarnationOfSegment, type StretchVisitor, walkSegment } from './segment-walk.js';
import { type WalkedSnapshot, walkSnapshots } from './snapshot-walk.js';

/** Opens no frame: for a log of which no header is left. */
const nobody = '0'.repeat(32);

/**
 * Inspects a storage: every batch, every snapshot, every mark, with a verdict.
 *
 * @remarks Reads only. Nobody may have the storage open meanwhile: {@link useWalDirectory} sees to that for a folder
 * of the real disk. Memory is that of an open (the live entries) and of one segment.
 * @param fileSystem - Where the storage is.
 * @param visit - Sees each stretch of the log, in order: a batch with its records, or bytes that are none.
 * @returns What was found. The verdict is `whole` or `torn` exactly when an open would succeed and every byte of every
 * newest snapshot can be read.
 * @throws InvalidArgumentError when there is no storage.
 * @throws {@link StorageVersionError} when a file is of a later format.
 *
 * @example
 * ```ts
 * const { verdict, findings } = await useWalDirectory('data/n1', (fileSystem) => inspectWal(fileSystem));
 * if (verdict === 'corrupt') for (const { file, offset, advice } of findings) console.log(file, offset, advice);
 * ```
 */
export async function inspectWal(
  fileSystem: FileSystem,
  visit: StretchVisitor = () => undefined,
): Promise<WalInspection> {
  return await new Inspector(fileSystem, visit).inspect();
}

class Inspector {
  readonly #fileSystem: FileSystem;
  readonly #visit: StretchVisitor;
  readonly #findings: WalFinding[] = [];
  #sequences: readonly number[] = [];
  #closedMark = false;

  constructor(fileSystem: FileSystem, visit: StretchVisitor) {
    this.#fileSystem = fileSystem;
    this.#visit = visit;
  }

  async inspect(): Promise<WalInspection> {
    const names = await namesIn(this.#fileSystem, rootDirectory);
    if (!names.includes(walDirectory) && !names.includes(identityPath)) throw noStorage();
    const walNames = await namesIn(this.#fileSystem, walDirectory);
    this.#sequences = names.includes(walDirectory) ? await listSegments(this.#fileSystem) : [];
    this.#closedMark = walNames.includes(closedMarkPath.slice(walDirectory.length + 1));
    const retired = await readRetired(this.#fileSystem, names);
    if (retired !== undefined) this.#findings.push(retiredFinding(retired));
    if (names.includes(identityPath + asideSuffix)) this.#foundLeftover(identityPath + asideSuffix);
    const identity = await this.#readIdentity(names);
    const incarnationOfLog = await this.#incarnationOfLog();
    const incarnation = identity?.own ?? incarnationOfLog;
    const log = await this.#readLog(incarnation);
    const { segments, groups } = await this.#walkLog(incarnation, log);
    const snapshots = await this.#readSnapshots(names.includes(snapshotsDirectory), groups);
    const findings = byWeight(this.#findings);
    return {
      verdict: verdictOf(findings),
      findings,
      closedMark: this.#closedMark,
      ...(identity === undefined ? {} : { identity }),
      ...(incarnationOfLog === undefined ? {} : { incarnationOfLog }),
      segments,
      snapshots: snapshots.map(({ damage: _, ...snapshot }) => snapshot),
      groups,
    };
  }

  async #readIdentity(names: readonly string[]): Promise<Identity | undefined> {
    await this.#noting(async () => {
      const identity = await readIdentity(this.#fileSystem, names);
      if (identity === undefined && this.#sequences.length > 0) await readUnfinishedBirth(this.#fileSystem);
    });
    if (!names.includes(identityPath)) return undefined;
    try {
      return decodeIdentity(await readWhole(this.#fileSystem, identityPath));
    } catch (error) {
      if (error instanceof StorageCorruptError) return undefined;
      throw error;
    }
  }

  async #incarnationOfLog(): Promise<Incarnation | undefined> {
    for (const sequence of this.#sequences) {
      const incarnation = await incarnationOfSegment(this.#fileSystem, sequence);
      if (incarnation !== undefined) return incarnation;
    }
    return undefined;
  }

  async #readLog(incarnation: Incarnation | undefined): Promise<RecoveredLog | undefined> {
    if (incarnation === undefined || this.#sequences.length === 0) return undefined;
    const log = await this.#noting(() => recoverLog(this.#fileSystem, incarnation));
    if (log?.tornTail !== undefined) this.#findings.push(tornTailFinding(log.tornTail));
    for (const file of log?.leftovers ?? []) this.#foundLeftover(file);
    return log;
  }

  /** Walks through all segments, and takes the groups from the log, or from what stands before its damage. */
  async #walkLog(
    incarnation: Incarnation | undefined,
    log: RecoveredLog | undefined,
  ): Promise<{ readonly segments: readonly InspectedSegment[]; readonly groups: readonly InspectedGroup[] }> {
    const damage = log === undefined ? firstDamage(this.#findings) : undefined;
    const replayed = new Map<GroupId, RecoveredEntries>();
    const segments: InspectedSegment[] = [];
    for (const sequence of this.#sequences) {
      const segment = await walkSegment(this.#fileSystem, sequence, incarnation ?? nobody, (stretch) => {
        if (stretch.type === 'broken') this.#foundBroken(sequence, stretch);
        else if (log === undefined && isBefore({ sequence, offset: stretch.offset }, damage))
          replay(replayed, stretch);
        this.#visit(stretch);
      });
      if (!segment.headerGood) this.#foundHeader(segment);
      segments.push(segment);
    }
    const entries =
      log === undefined
        ? [...replayed]
        : [...log.groups].map(([group, recovered]) => [group, recovered.entries] as const);
    const groups = entries.map(([group, recovered]) => inspectedGroup(group, recovered));
    return { segments, groups: groups.sort((left, right) => left.group - right.group) };
  }

  async #readSnapshots(
    exists: boolean,
    groups: readonly InspectedGroup[],
  ): Promise<readonly WalkedSnapshot[]> {
    const snapshots = exists ? await walkSnapshots(this.#fileSystem) : [];
    for (const { file, newest, damage } of snapshots) {
      if (!newest) this.#foundLeftover(file);
      else if (damage !== undefined) this.#findings.push(corruptionFinding(damage));
    }
    for (const { group, discarded } of groups) {
      const newest = snapshots.find((snapshot) => snapshot.group === group && snapshot.newest);
      if (newest?.damage !== undefined) continue;
      const meta = newest && { ...newest.position, membership: { members: [], outgoingVoters: [] } };
      await this.#noting(async () => checkCovered(group, discarded, meta));
    }
    for (const group of exists ? await namesIn(this.#fileSystem, snapshotsDirectory) : []) {
      const directory = `${snapshotsDirectory}/${group}`;
      for (const name of await namesIn(this.#fileSystem, directory))
        if (name.endsWith(asideSuffix)) this.#foundLeftover(`${directory}/${name}`);
    }
    return snapshots;
  }

  #foundLeftover(file: string): void {
    this.#findings.push(leftoverFinding(file));
  }

  /** Damage that the reading of the log did not come to, because it stopped at an earlier one. */
  #foundBroken(sequence: number, stretch: InspectedStretch & { readonly type: 'broken' }): void {
    const { file, offset, bytes, found } = stretch;
    if (this.#isKnown(file, offset)) return;
    const atEnd = sequence === this.#sequences.at(-1) && !this.#closedMark;
    const corrupt = () => corruptionFinding({ file, offset, expected: 'a batch, or the end', found }, bytes);
    this.#findings.push(atEnd ? tornTailFinding({ file, offset, bytes }) : corrupt());
  }

  #foundHeader({ file }: InspectedSegment): void {
    if (this.#isKnown(file, 0)) return;
    const found = 'a damaged one';
    this.#findings.push(corruptionFinding({ file, offset: 0, expected: 'the header of a segment', found }));
  }

  #isKnown(file: string, offset: number): boolean {
    return this.#findings.some((finding) => finding.file === file && finding.offset === offset);
  }

  /** Does something that an open does too; what the open would refuse is a finding. */
  async #noting<Value>(work: () => Promise<Value>): Promise<Value | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StorageCorruptError)) throw error;
      this.#findings.push(corruptionFinding(error));
      return undefined;
    }
  }
}

function noStorage(): InvalidArgumentError {
  return new InvalidArgumentError(
    'there is no storage here: it holds neither wal nor identity. Give the directory of a node',
  );
}

function verdictOf(findings: readonly WalFinding[]): WalInspection['verdict'] {
  const kinds = findings.map(({ kind }) => kind);
  if (kinds.includes('corruption') || kinds.includes('retired')) return 'corrupt';
  return kinds.includes('tornTail') ? 'torn' : 'whole';
}

/**
 * Where the log stops to make sense: at the finding in a segment that stands first.
 *
 * @param findings - All findings.
 * @returns `undefined` when no segment is damaged.
 */
export function firstDamage(findings: readonly WalFinding[]): LogPlace | undefined {
  let first: LogPlace | undefined;
  for (const { kind, file, offset } of findings) {
    const sequence = segmentSequence(file.slice(walDirectory.length + 1));
    if (kind !== 'corruption' || sequence === undefined || file !== segmentPath(sequence)) continue;
    if (first === undefined || isBefore({ sequence, offset }, first)) first = { sequence, offset };
  }
  return first;
}

/**
 * Whether a place in the log stands before another one.
 *
 * @param place - The place.
 * @param other - The other; everything is before `undefined`.
 */
export function isBefore(place: LogPlace, other: LogPlace | undefined): boolean {
  if (other === undefined) return true;
  return (
    place.sequence < other.sequence || (place.sequence === other.sequence && place.offset < other.offset)
  );
}

function replay(
  groups: Map<GroupId, RecoveredEntries>,
  stretch: InspectedStretch & { readonly type: 'batch' },
): void {
  for (const { record } of stretch.records) {
    if (record.type !== 'write') continue;
    const entries = groups.get(record.group) ?? new RecoveredEntries();
    groups.set(record.group, entries);
    entries.apply(record.change);
  }
}

function inspectedGroup(group: GroupId, recovered: RecoveredEntries): InspectedGroup {
  const { discarded, entries, hardState } = recovered.take();
  const [first] = entries;
  const last = entries.at(-1);
  return {
    group,
    discarded,
    ...(hardState === undefined ? {} : { hardState }),
    ...(first === undefined || last === undefined
      ? {}
      : {
          entries: {
            first: { index: first.index, term: first.term },
            last: { index: last.index, term: last.term },
            count: entries.length,
          },
        }),
  };
}
