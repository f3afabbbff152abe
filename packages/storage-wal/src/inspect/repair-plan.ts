/**
 * What a repair would do, decided before anything is touched. Safe steps lose nothing that anybody was promised. Steps
 * that give up acknowledged data are planned only when that is asked for, and always together with retiring the
 * storage: whoever forgets a vote must not vote again (Paxos Made Live §5.1).
 */
import { type FileSystem, type GroupId, InvalidArgumentError } from '@synod/core';
import { closedMarkPath } from '../closed-mark.js';
import { identityPath } from '../identity-file.js';
import { segmentHeaderBytes, segmentPath, segmentSequence, walDirectory } from '../segment.js';
import { snapshotsDirectory } from '../snapshot-format.js';
import { firstDamage, inspectWal, isBefore } from './inspect-wal.js';
import type { GroupShare, InspectedStretch, LogPlace, WalFinding, WalInspection } from './inspection.js';

/** One step of a repair. */
export type RepairStep =
  /** Keeps a copy of the end of a file, then cuts it off. */
  | {
      readonly type: 'cut';
      readonly file: string;
      readonly offset: number;
      readonly bytes: number;
      readonly why: string;
    }
  /** Removes a file that nothing needs. */
  | { readonly type: 'remove'; readonly file: string; readonly why: string }
  /** Moves a file aside. */
  | { readonly type: 'setAside'; readonly file: string; readonly why: string }
  /** Makes the identity anew from what the log's headers say; the node is then not admitted and knows no peers. */
  | { readonly type: 'rebuildIdentity'; readonly own: string; readonly why: string }
  /** Marks the storage: no node may run on it again. */
  | { readonly type: 'retire'; readonly file: string; readonly why: string };

/** What a repair would do, and what it would cost. */
export interface RepairPlan {
  /** What the inspection came to. */
  readonly inspection: WalInspection;
  /** In this order; empty when there is nothing to do. */
  readonly steps: readonly RepairStep[];
  /** What these steps leave unrepaired; the storage can then not be made readable by them. */
  readonly unrepaired: readonly WalFinding[];
  /** Whether the steps give up acknowledged data. */
  readonly discardsAcknowledged: boolean;
  /** What of the log would be given up, as far as it can be read, by group. */
  readonly lost: readonly GroupShare[];
  /** Bytes of the log that would be given up and cannot be read: nobody knows what stood in them. */
  readonly lostBytesUnreadable: number;
}

/** What a repair may do. */
export interface RepairOptions {
  /**
   * Whether acknowledged data may be given up, to make what is left readable for an offline backup. The storage is
   * retired then. Default `false`.
   */
  readonly discardAcknowledged?: boolean;
}

/**
 * Says what a repair would do. Changes nothing.
 *
 * @param fileSystem - Where the storage is; nobody may have it open.
 * @param options - What the repair may do.
 * @returns The steps, what they leave unrepaired, and what they give up.
 * @throws As {@link inspectWal}.
 */
export async function planWalRepair(
  fileSystem: FileSystem,
  options: RepairOptions = {},
): Promise<RepairPlan> {
  const stretches: Stretch[] = [];
  const inspection = await inspectWal(fileSystem, (stretch) => stretches.push(shapeOf(stretch)));
  return new Planner(inspection, stretches, options.discardAcknowledged === true).plan();
}

/** A stretch of the log without its bytes. */
interface Stretch {
  readonly place: LogPlace;
  readonly end: number;
  readonly isWhole: boolean;
  readonly endsSegment: boolean;
  readonly shares: readonly GroupShare[];
}

class Planner {
  readonly #inspection: WalInspection;
  readonly #stretches: readonly Stretch[];
  readonly #mayDiscard: boolean;
  readonly #steps: RepairStep[] = [];
  readonly #unrepaired: WalFinding[] = [];
  #discards = false;
  #cut: LogPlace | undefined;

  constructor(inspection: WalInspection, stretches: readonly Stretch[], mayDiscard: boolean) {
    this.#inspection = inspection;
    this.#stretches = stretches;
    this.#mayDiscard = mayDiscard;
  }

  plan(): RepairPlan {
    const { findings } = this.#inspection;
    for (const finding of findings) this.#planFor(finding);
    this.#planCut();
    if (this.#discards && this.#unrepaired.length === 0) this.#retire();
    // Half a repair that gives something up would cost without gain.
    const steps = this.#discards && this.#unrepaired.length > 0 ? [] : this.#steps;
    return {
      inspection: this.#inspection,
      steps,
      unrepaired: this.#unrepaired,
      discardsAcknowledged: this.#discards && steps.length > 0,
      lost: this.#cut === undefined ? [] : this.#lostFrom(this.#cut),
      lostBytesUnreadable: this.#cut === undefined ? 0 : this.#unreadableFrom(this.#cut),
    };
  }

  #planFor(finding: WalFinding): void {
    const { kind, file, offset, bytes = 0 } = finding;
    if (kind === 'retired') return;
    if (kind === 'leftover') this.#steps.push({ type: 'remove', file, why: finding.found });
    else if (kind === 'tornTail') {
      const why = 'a crash cut the write of a batch short; it was never acknowledged';
      this.#steps.push({ type: 'cut', file, offset, bytes, why });
    } else if (file === closedMarkPath) this.#planMark(finding);
    else if (file.startsWith(`${snapshotsDirectory}/`)) this.#planSnapshot(finding);
    else if (file === identityPath) this.#planIdentity(finding);
    else this.#planLog(finding);
  }

  /** A damaged mark of a log that is whole to its last byte says nothing that is needed. */
  #planMark(finding: WalFinding): void {
    const torn = this.#inspection.findings.some(({ kind }) => kind === 'tornTail');
    const why = 'the mark is damaged, and the log is whole to its last byte';
    if (torn) this.#planLog(finding);
    else this.#steps.push({ type: 'setAside', file: finding.file, why });
  }

  /** A snapshot whose entries are all still in the log, behind what an older state covers, can be made again. */
  #planSnapshot(finding: WalFinding): void {
    const { groups, snapshots } = this.#inspection;
    const damaged = snapshots.find(({ file }) => file === finding.file);
    const log = groups.find(({ group }) => group === damaged?.group);
    const logWhole = firstDamage(this.#inspection.findings) === undefined;
    const { entries } = log ?? {};
    const contiguous =
      entries !== undefined && entries.last.index - entries.first.index + 1 === entries.count;
    const covers =
      damaged !== undefined &&
      log?.discarded.index === 0 &&
      contiguous &&
      entries.first.index === 1 &&
      entries.last.index >= damaged.position.index;
    if (!covers || !logWhole) {
      this.#unrepaired.push(finding);
      return;
    }
    const why = 'the log still holds every entry from the first on, so the state is made again from it';
    this.#steps.push({ type: 'setAside', file: finding.file, why });
  }

  #planIdentity(finding: WalFinding): void {
    const own = this.#inspection.incarnationOfLog;
    if (!this.#mayDiscard || own === undefined) {
      this.#unrepaired.push(finding);
      return;
    }
    this.#discards = true;
    const why = 'its own incarnation stands in the log; whom it knew, and whether it may vote, is forgotten';
    if (!finding.found.includes('no such file'))
      this.#steps.push({ type: 'setAside', file: identityPath, why });
    this.#steps.push({ type: 'rebuildIdentity', own, why });
  }

  #planLog(finding: WalFinding): void {
    if (this.#mayDiscard && this.#cutPlace() !== undefined) this.#discards = true;
    else this.#unrepaired.push(finding);
  }

  /** Where the log would end: where the damage begins, or before the record that says it goes on behind. */
  #cutPlace(): LogPlace | undefined {
    const damage = firstDamage(this.#inspection.findings);
    if (damage === undefined) return undefined;
    const isThere = this.#inspection.segments.some(({ sequence }) => sequence === damage.sequence);
    if (damage.offset >= segmentHeaderBytes && isThere) return damage;
    // The whole segment goes, or is gone: so must the record in the one before that says that the log goes on in it.
    return this.#stretches.find(
      ({ place, endsSegment }) => endsSegment && place.sequence === damage.sequence - 1,
    )?.place;
  }

  #planCut(): void {
    const cut = this.#discards ? this.#cutPlace() : undefined;
    if (cut === undefined) return;
    this.#cut = cut;
    const { segments, closedMark } = this.#inspection;
    const file = segmentPath(cut.sequence);
    const why = 'acknowledged data is damaged from here on';
    for (const step of this.#steps.splice(0)) if (step.type !== 'cut') this.#steps.push(step);
    for (const { sequence, file } of segments) {
      if (sequence > cut.sequence) this.#steps.push({ type: 'setAside', file, why });
    }
    const length = segments.find(({ sequence }) => sequence === cut.sequence)?.bytes ?? cut.offset;
    this.#steps.push({ type: 'cut', file, offset: cut.offset, bytes: length - cut.offset, why });
    const marked = this.#steps.some((step) => step.type === 'setAside' && step.file === closedMarkPath);
    if (closedMark && !marked) {
      const mark = 'the log does not end any more where it was closed';
      this.#steps.push({ type: 'setAside', file: closedMarkPath, why: mark });
    }
  }

  /** First of all steps: from then on no node can start on what is half repaired. */
  #retire(): void {
    // A repair that was interrupted goes on; what the mark says stays.
    if (this.#inspection.findings.some(({ kind }) => kind === 'retired')) return;
    const places = this.#inspection.findings
      .filter(({ kind }) => kind === 'corruption')
      .map(({ file, offset }) => `${file} at offset ${offset}`);
    this.#steps.unshift({ type: 'retire', file: 'retired', why: `damage in ${places.join(', ')}` });
  }

  #unreadableFrom(cut: LogPlace): number {
    const lost = this.#stretches.filter(({ place }) => !isBefore(place, cut));
    return lost.reduce((bytes, stretch) => bytes + bytesOf(stretch), 0);
  }

  #lostFrom(cut: LogPlace): readonly GroupShare[] {
    const lost = new Map<GroupId, GroupShare>();
    for (const { place, shares } of this.#stretches) {
      if (isBefore(place, cut)) continue;
      for (const share of shares) lost.set(share.group, addShares(lost.get(share.group), share));
    }
    return [...lost.values()].sort((left, right) => left.group - right.group);
  }
}

function bytesOf({ place, end, isWhole }: Stretch): number {
  return isWhole ? 0 : end - place.offset;
}

function shapeOf(stretch: InspectedStretch): Stretch {
  const sequence = segmentSequence(stretch.file.slice(walDirectory.length + 1));
  if (sequence === undefined) throw new InvalidArgumentError(`${stretch.file} is no segment`);
  const place = { sequence, offset: stretch.offset };
  const end = stretch.offset + stretch.bytes;
  if (stretch.type === 'broken') return { place, end, isWhole: false, endsSegment: false, shares: [] };
  const endsSegment = stretch.records.some(({ record }) => record.type === 'segmentEnd');
  const shares = stretch.records.flatMap(({ record }) => {
    if (record.type !== 'write') return [];
    const { entries, hardState } = record.change;
    const indexes = entries.map(({ index }) => index);
    const firstIndex = indexes[0] ?? 0;
    const lastIndex = indexes.at(-1) ?? 0;
    const hardStates = hardState === undefined ? 0 : 1;
    return [{ group: record.group, entries: entries.length, firstIndex, lastIndex, hardStates }];
  });
  return { place, end, isWhole: true, endsSegment, shares };
}

function addShares(before: GroupShare | undefined, share: GroupShare): GroupShare {
  if (before === undefined) return share;
  const firsts = [before.firstIndex, share.firstIndex].filter((index) => index > 0);
  return {
    group: share.group,
    entries: before.entries + share.entries,
    firstIndex: firsts.length === 0 ? 0 : Math.min(...firsts),
    lastIndex: Math.max(before.lastIndex, share.lastIndex),
    hardStates: before.hardStates + share.hardStates,
  };
}
