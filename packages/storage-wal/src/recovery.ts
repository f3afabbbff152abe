/**
 * Reads the log back and judges it. One rule makes torn tails and corruption two things: batch k + 1 is never written
 * before batch k is synced. A crash can therefore break only the last batch. A broken frame at the very end of the
 * last segment, with no whole frame after it and at least one of its sectors missing, is a torn tail that nobody was
 * told is durable; any other broken frame was written to its end, so it may have been acknowledged, and its loss must
 * not be passed over (Alagappan et al., "Protocol-Aware Recovery for Consensus-Based Storage", FAST 2018, §3.3, on
 * telling the two apart). Zeros to the end of the file are no broken frame: they were put there for batches to come.
 *
 * Reading changes nothing on disk: after a refusal everything is as it was found.
 */
import { type FileSystem, type GroupId, type Incarnation, isSynodError } from '@synod/core';
import { type Batch, decodeBatch } from './batch.js';
import { checkClosedMark, closedMarkPath, decodeClosedMark } from './closed-mark.js';
import { StorageCorruptError } from './errors.js';
import { GroupLog } from './group-log.js';
import type { LogRecord } from './record.js';
import { RecoveredEntries } from './recovered-entries.js';
import { asideSuffix, readWhole } from './replace-file.js';
import {
  decodeSegmentHeader,
  preparedSuffix,
  segmentHeaderBytes,
  segmentPath,
  segmentSalt,
  segmentSequence,
  walDirectory,
} from './segment.js';
import { type BrokenFrame, SegmentReader } from './segment-reader.js';
import { whyNotTorn } from './torn-write.js';

const sectorBytesByDefault = 512;

/** A group as the log has it. */
export interface RecoveredGroup {
  /** Where its state is stored. */
  readonly log: GroupLog;
  /** Its state. */
  readonly entries: RecoveredEntries;
}

/** A segment that is part of the log. */
export interface SegmentFile {
  /** Its number. */
  readonly sequence: number;
  /** Length through its last whole batch, in bytes. */
  lengthBytes: number;
}

/** Where a batch stands. */
export interface BatchPlace {
  /** Its segment. */
  readonly sequence: number;
  /** Offset of its first byte. */
  readonly offset: number;
  /** Offset after its last byte. */
  readonly end: number;
}

/** The end of the last batch's write that a crash cut short. */
export interface TornTail {
  /** The segment's file. */
  readonly file: string;
  /** Offset at which the log ends now. */
  readonly offset: number;
  /** Bytes that are cut off. */
  readonly bytes: number;
}

/** What the log says, and what is left to put right before it can go on. */
export interface RecoveredLog {
  /** Groups by number. */
  readonly groups: Map<GroupId, RecoveredGroup>;
  /** Segments from the oldest that is needed to the last. */
  readonly segments: SegmentFile[];
  /** Number of the next batch. */
  readonly nextBatch: number;
  /** Batches that were read. */
  readonly batches: number;
  /** Where the last batch stands; `undefined` for an empty log, or when a later segment exists. */
  readonly lastBatch: BatchPlace | undefined;
  /** Length of the last segment's file once a torn tail is cut: its batches, and zeros for those to come. */
  readonly fileBytes: number;
  /** Whether the log was closed cleanly. */
  readonly closed: boolean;
  /** What a crash left of a last batch. */
  readonly tornTail: TornTail | undefined;
  /** Segment that was prepared and takes over, but still has its prepared name. */
  readonly unnamedSegment: number | undefined;
  /** Files that no one needs. */
  readonly leftovers: readonly string[];
}

/** Finds out whether a storage has a log. */
export async function listSegments(fileSystem: FileSystem): Promise<readonly number[]> {
  const names = await fileSystem.list(walDirectory);
  const sequences = names.map(segmentSequence).filter((sequence) => sequence !== undefined);
  return sequences.sort((left, right) => left - right);
}

/**
 * Reads the whole log.
 *
 * @param fileSystem - Where it is.
 * @param incarnation - The storage it must belong to.
 * @param sectorBytes - Length of what the disk writes as one.
 * @throws {@link StorageCorruptError} when durable data is damaged or missing.
 */
export async function recoverLog(
  fileSystem: FileSystem,
  incarnation: Incarnation,
  sectorBytes = sectorBytesByDefault,
): Promise<RecoveredLog> {
  const names = new Set(await fileSystem.list(walDirectory));
  const run = lastRun(await listSegments(fileSystem));
  const reading = new LogReading(fileSystem, incarnation, run, sectorBytes);
  for (const sequence of run.sequences) await reading.readSegment(sequence);
  reading.checkBegin();
  const unnamedSegment = await reading.checkEnd(names);
  const closed = names.has(closedMarkPath.slice(walDirectory.length + 1));
  if (closed) reading.checkClosed(decodeClosedMark(await readWhole(fileSystem, closedMarkPath)));
  const leftovers = [...names].filter(
    (name) => name.endsWith(asideSuffix) && name !== preparedName(unnamedSegment),
  );
  return reading.finish({
    closed,
    unnamedSegment,
    leftovers: [...leftovers.map((name) => `${walDirectory}/${name}`), ...run.strays.map(segmentPath)],
  });
}

/** Segments without a gap that end with the last one; the others must be older than where the log begins. */
interface SegmentRun {
  readonly sequences: readonly number[];
  readonly strays: readonly number[];
}

function lastRun(sequences: readonly number[]): SegmentRun {
  let start = sequences.length - 1;
  while (start > 0 && sequences[start - 1] === (sequences[start] ?? 0) - 1) start--;
  return { sequences: sequences.slice(start), strays: sequences.slice(0, start) };
}

function preparedName(sequence: number | undefined): string | undefined {
  return sequence === undefined
    ? undefined
    : segmentPath(sequence).slice(walDirectory.length + 1) + preparedSuffix;
}

class LogReading {
  readonly #fileSystem: FileSystem;
  readonly #incarnation: Incarnation;
  readonly #run: SegmentRun;
  readonly #sectorBytes: number;
  readonly #groups = new Map<GroupId, RecoveredGroup>();
  readonly #segments: SegmentFile[] = [];
  #begins = 1;
  #nextBatch: number | undefined;
  #batches = 0;
  #lastBatch: BatchPlace | undefined;
  #fileBytes = 0;
  #endsInto: number | undefined;
  #tornTail: TornTail | undefined;

  constructor(fileSystem: FileSystem, incarnation: Incarnation, run: SegmentRun, sectorBytes: number) {
    this.#fileSystem = fileSystem;
    this.#incarnation = incarnation;
    this.#run = run;
    this.#sectorBytes = sectorBytes;
  }

  async readSegment(sequence: number): Promise<void> {
    const path = segmentPath(sequence);
    const file = await this.#fileSystem.open(path, 'existing');
    try {
      this.#checkHeader(sequence, await file.read(0, segmentHeaderBytes));
      this.#fileBytes = await file.size();
      this.#lastBatch = undefined;
      this.#endsInto = undefined;
      const salt = segmentSalt(this.#incarnation, sequence);
      await this.#readBatches(sequence, new SegmentReader(file, this.#fileBytes, salt));
    } finally {
      await file.close();
    }
  }

  /** The first segment that was read must be one that the log says may be first. */
  checkBegin(): void {
    const first = this.#run.sequences[0] ?? 1;
    const stray = this.#run.strays.at(-1);
    if (first > this.#begins)
      throw missing(first - 1, `segment ${first} is there, and the log begins in ${this.#begins}`);
    if (stray !== undefined && stray >= this.#begins)
      throw missing(stray + 1, `segments ${stray} and ${first} are there`);
  }

  /** A last segment that says the log goes on needs its successor, which a crash may have left under another name. */
  async checkEnd(names: ReadonlySet<string>): Promise<number | undefined> {
    const next = this.#endsInto;
    if (next === undefined) return undefined;
    const prepared = preparedName(next);
    if (prepared === undefined || !names.has(prepared)) {
      throw missing(next, `segment ${next - 1} says that the log goes on there`);
    }
    const path = segmentPath(next) + preparedSuffix;
    this.#checkHeader(next, (await readWhole(this.#fileSystem, path)).subarray(0, segmentHeaderBytes), path);
    this.#segments.push({ sequence: next, lengthBytes: segmentHeaderBytes });
    this.#fileBytes = segmentHeaderBytes;
    return next;
  }

  checkClosed(mark: ReturnType<typeof decodeClosedMark>): void {
    const last = this.#segments.at(-1);
    checkClosedMark(mark, {
      segment: last?.sequence ?? 0,
      lengthBytes: last?.lengthBytes ?? 0,
      fileBytes: this.#fileBytes,
      nextBatch: this.#nextBatch ?? 1,
    });
  }

  finish(rest: Pick<RecoveredLog, 'closed' | 'unnamedSegment' | 'leftovers'>): RecoveredLog {
    const unneeded = this.#segments.filter(({ sequence }) => sequence < this.#begins);
    return {
      ...rest,
      leftovers: [...rest.leftovers, ...unneeded.map(({ sequence }) => segmentPath(sequence))],
      groups: this.#groups,
      segments: this.#segments.slice(unneeded.length),
      nextBatch: this.#nextBatch ?? 1,
      batches: this.#batches,
      lastBatch: this.#lastBatch,
      fileBytes: this.#tornTail?.offset ?? this.#fileBytes,
      tornTail: this.#tornTail,
    };
  }

  #checkHeader(sequence: number, bytes: Uint8Array, file = segmentPath(sequence)): void {
    const header = decodeSegmentHeader(bytes, file);
    const expected = {
      incarnation: this.#incarnation,
      sequence,
      firstBatch: this.#nextBatch ?? header.firstBatch,
    };
    this.#nextBatch ??= header.firstBatch;
    if (
      header.incarnation === expected.incarnation &&
      header.sequence === expected.sequence &&
      header.firstBatch === expected.firstBatch
    ) {
      return;
    }
    throw new StorageCorruptError({ file, offset: 0, expected: describe(expected), found: describe(header) });
  }

  async #readBatches(sequence: number, reader: SegmentReader): Promise<void> {
    const file = segmentPath(sequence);
    let frame = await reader.next();
    for (; frame.type === 'whole' && this.#endsInto === undefined; frame = await reader.next()) {
      const batch = this.#checkBatch(file, frame.offset, frame.payload);
      for (const record of batch.records) this.#apply(record, sequence);
      this.#lastBatch = { sequence, offset: frame.offset, end: frame.end };
    }
    const { offset } = frame;
    const isLast = sequence === this.#run.sequences.at(-1);
    if (this.#endsInto !== undefined) {
      if (frame.type !== 'end' && !(isLast && (await reader.isZeroFrom(offset))))
        throw corrupt(file, offset, 'the end of the file after its end record', 'more bytes');
    } else if (!isLast) {
      const found = frame.type === 'broken' ? frame.found : 'the end of the file';
      throw corrupt(file, offset, this.#nextExpected(), `${found}, although segment ${sequence + 1} exists`);
    } else if (frame.type === 'broken') {
      await this.#judgeBroken(file, reader, frame);
    }
    this.#segments.push({ sequence, lengthBytes: offset });
  }

  /** Only the end of the last segment can be torn, and only when nothing whole follows and something is missing. */
  async #judgeBroken(file: string, reader: SegmentReader, broken: BrokenFrame): Promise<void> {
    const { offset, found } = broken;
    if (await reader.isZeroFrom(offset)) return;
    const whole = await reader.findWhole(broken.resumeAt);
    if (whole !== undefined) {
      throw corrupt(file, offset, this.#nextExpected(), `${found}, with a whole frame after it at ${whole}`);
    }
    const { lengthBytes } = broken;
    const bytes = await reader.rest(offset);
    const reason = whyNotTorn({ offset, bytes, lengthBytes, sectorBytes: this.#sectorBytes });
    if (reason !== undefined) throw corrupt(file, offset, `batch ${this.#nextBatch}`, `${found}, ${reason}`);
    this.#tornTail = { file, offset, bytes: this.#fileBytes - offset };
  }

  #nextExpected(): string {
    return `batch ${this.#nextBatch}, which was acknowledged`;
  }

  #checkBatch(file: string, offset: number, payload: Uint8Array): Batch {
    const expected = `batch ${this.#nextBatch}`;
    const batch = decodeStored(file, offset, payload, expected);
    if (batch.number !== this.#nextBatch) throw corrupt(file, offset, expected, `batch ${batch.number}`);
    this.#nextBatch = batch.number + 1;
    this.#batches++;
    return batch;
  }

  #apply(record: LogRecord, sequence: number): void {
    if (record.type === 'logBegins') this.#begins = Math.max(this.#begins, record.segment);
    else if (record.type === 'segmentEnd') this.#endsInto = record.next;
    else {
      let group = this.#groups.get(record.group);
      if (group === undefined) {
        group = { log: new GroupLog(record.group), entries: new RecoveredEntries() };
        this.#groups.set(record.group, group);
      }
      group.log.apply(record.change, sequence);
      group.entries.apply(record.change);
    }
  }
}

function decodeStored(file: string, offset: number, payload: Uint8Array, expected: string): Batch {
  try {
    return decodeBatch(payload);
  } catch (error) {
    if (!isSynodError(error) || error.code !== 'DECODE_FAILED') throw error;
    throw corrupt(file, offset, expected, `a sealed frame that is no batch: ${error.message}`);
  }
}

function corrupt(file: string, offset: number, expected: string, found: string): StorageCorruptError {
  return new StorageCorruptError({ file, offset, expected, found });
}

function describe(header: {
  readonly incarnation: string;
  readonly sequence: number;
  readonly firstBatch: number;
}): string {
  return `segment ${header.sequence} of storage ${header.incarnation} from batch ${header.firstBatch}`;
}

function missing(sequence: number, why: string): StorageCorruptError {
  return new StorageCorruptError({
    file: segmentPath(sequence),
    offset: 0,
    expected: `this segment, because ${why}`,
    found: 'no such file',
  });
}
