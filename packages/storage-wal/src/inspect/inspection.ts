/** What an inspection of a storage finds, as values: for programs that print it, count it or plan a repair by it. */
import type { GroupId, Incarnation, LogIndex, LogPosition, NodeId } from '@synod/core';
import type { LogRecord } from '../record.js';

/**
 * What a storage is worth as a whole.
 *
 * - `whole`: everything that was acknowledged is there, and nothing else.
 * - `torn`: a crash cut the last batch's write short. Nobody was told that it is durable, so nothing is lost: the node
 *   cuts it when it starts.
 * - `corrupt`: something that was acknowledged is damaged or gone. The node refuses to start.
 */
export type WalVerdict = 'whole' | 'torn' | 'corrupt';

/**
 * What kind of thing was found.
 *
 * - `tornTail`: see {@link WalVerdict}; safe to cut.
 * - `corruption`: acknowledged data is damaged or gone.
 * - `leftover`: a file that a crash left unfinished, or that nothing needs any more; safe to remove.
 * - `retired`: acknowledged data was given up here on purpose, and the node must not run on it.
 */
export type WalFindingKind = 'tornTail' | 'corruption' | 'leftover' | 'retired';

/** One thing that is not as after a clean close. */
export interface WalFinding {
  /** What kind. */
  readonly kind: WalFindingKind;
  /** The file, relative to the root of the storage. */
  readonly file: string;
  /** Offset in the file at which it begins. */
  readonly offset: number;
  /** Length in bytes, where it is a stretch of a file. */
  readonly bytes?: number;
  /** What should stand there; for corruption. */
  readonly expected?: string;
  /** What stands there. */
  readonly found: string;
  /** What it means for the data, in a sentence. */
  readonly meaning: string;
  /** What to do about it, in a sentence. */
  readonly advice: string;
}

/** One record of the log, and where it stands. */
export interface InspectedRecord {
  /** Offset in the segment's file of its first byte. */
  readonly offset: number;
  /** Length in bytes. */
  readonly bytes: number;
  /** What it says. Its byte arrays are views that are valid until the visitor returns. */
  readonly record: LogRecord;
}

/** A stretch of a segment: one whole batch, or bytes that are none. */
export type InspectedStretch =
  /** A batch whose checksum holds. */
  | {
      readonly type: 'batch';
      readonly file: string;
      readonly offset: number;
      readonly bytes: number;
      /** Number of the batch. */
      readonly number: number;
      readonly records: readonly InspectedRecord[];
    }
  /** Bytes that are no batch: their checksum is bad, or what it covers is no batch. */
  | {
      readonly type: 'broken';
      readonly file: string;
      readonly offset: number;
      readonly bytes: number;
      /** What is wrong with them. */
      readonly found: string;
    };

/** One file of the log. */
export interface InspectedSegment {
  /** Its number. */
  readonly sequence: number;
  /** Its file. */
  readonly file: string;
  /** Length of the file. */
  readonly bytes: number;
  /** Whether its header is whole. */
  readonly headerGood: boolean;
  /** Whole batches in it. */
  readonly batches: number;
  /** Number of the first and the last of them; absent without one. */
  readonly batchNumbers?: { readonly first: number; readonly last: number };
  /** Entries in them, overwritten and discarded ones too. */
  readonly entries: number;
  /** Bytes that are no whole batch. */
  readonly brokenBytes: number;
}

/** One stored snapshot. */
export interface InspectedSnapshot {
  /** Its file. */
  readonly file: string;
  /** The group. */
  readonly group: GroupId;
  /** What it covers, by its name. */
  readonly position: LogPosition;
  /** Length of the file. */
  readonly bytes: number;
  /** Whether header, every chunk and trailer match their checksums. */
  readonly checksumGood: boolean;
  /** Whether it is the newest of its group: only that one is needed. */
  readonly newest: boolean;
}

/** One group as the log has it; through the last batch before any damage. */
export interface InspectedGroup {
  /** The group. */
  readonly group: GroupId;
  /** Through where its log was discarded. */
  readonly discarded: LogPosition;
  /** First and last of its live entries; absent without one. */
  readonly entries?: { readonly first: LogPosition; readonly last: LogPosition; readonly count: number };
  /** The engine's record of term, vote or promises; absent when none was saved. */
  readonly hardState?: Uint8Array;
}

/** What the identity file says. */
export interface InspectedIdentity {
  /** The storage's own incarnation. */
  readonly own: Incarnation;
  /** Whether the node was ever admitted to vote. */
  readonly admitted: boolean;
  /** Incarnations under which it knows its peers. */
  readonly peers: ReadonlyMap<NodeId, Incarnation>;
}

/** Everything that an inspection finds. */
export interface WalInspection {
  /** What it comes to. */
  readonly verdict: WalVerdict;
  /** What is not as after a clean close, the worst first. */
  readonly findings: readonly WalFinding[];
  /** Whether the file `wal/closed` of a clean close is there. */
  readonly closedMark: boolean;
  /** The identity; absent when its file is missing or damaged. */
  readonly identity?: InspectedIdentity;
  /** The storage that the log's headers name; absent when none of them is whole. */
  readonly incarnationOfLog?: Incarnation;
  /** The log's files, oldest first. */
  readonly segments: readonly InspectedSegment[];
  /** The snapshots, by group and then oldest first. */
  readonly snapshots: readonly InspectedSnapshot[];
  /** The groups, ascending. */
  readonly groups: readonly InspectedGroup[];
}

/** A place in the log. */
export interface LogPlace {
  /** Number of the segment. */
  readonly sequence: number;
  /** Offset in its file. */
  readonly offset: number;
}

/** What a stretch of the log holds for one group. */
export interface GroupShare {
  /** The group. */
  readonly group: GroupId;
  /** Entries in it. */
  readonly entries: number;
  /** Lowest index among them; 0 without one. */
  readonly firstIndex: LogIndex;
  /** Greatest index among them; 0 without one. */
  readonly lastIndex: LogIndex;
  /** Terms, votes or promises in it. */
  readonly hardStates: number;
}
