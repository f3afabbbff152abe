/**
 * What a batch of the log holds: one record after another, to its end. Integers are varints (LEB128) unless said.
 *
 * ```text
 * write        u8 1 | group | u8 parts | [discard index, discard term] | [truncate from] | [hard state: bytes]
 *                   | entries: count, then each (index - index before) | term | u8 kind | data: bytes
 * log begins   u8 2 | number of the first segment that is still needed
 * segment end  u8 3 | number of the segment that follows
 * ```
 *
 * `parts` has bit 0 for discard, bit 1 for truncate, bit 2 for hard state. The record of a write is read back as one
 * or not at all, because its batch is one frame.
 */
import {
  type ByteReader,
  type ByteWriter,
  DecodeError,
  type DurableWrite,
  type Entry,
  type EntryKind,
  entryKinds,
  type GroupId,
  InvalidArgumentError,
} from '@synod/core';

/** A durable write without its receipt, which belongs to one life of an engine and is not stored. */
export type LogChange = Omit<DurableWrite, 'receipt'>;

/** One record of a batch. */
export type LogRecord =
  /** A group's durable write, or what a group still needs of an old segment, written anew. */
  | { readonly type: 'write'; readonly group: GroupId; readonly change: LogChange }
  /** Nothing in segments before this one is needed any more. */
  | { readonly type: 'logBegins'; readonly segment: number }
  /** Last record of a segment: the log goes on in another. */
  | { readonly type: 'segmentEnd'; readonly next: number };

const writeRecord = 1;
const logBeginsRecord = 2;
const segmentEndRecord = 3;

const discardPart = 1;
const truncatePart = 2;
const hardStatePart = 4;

const groupMax = 0xffff_ffff;
/** Most bytes that a record's fixed fields and one entry's fields besides its data can take. */
const fixedBytesMax = 64;
const entryFieldBytesMax = 25;

/**
 * Checks a write before any of its bytes are taken, so that a refused one leaves no trace.
 *
 * @param change - The write.
 * @returns At least as many bytes as {@link encodeWrite} will write.
 * @throws InvalidArgumentError when entries do not ascend or a number is out of range.
 */
export function checkWrite(change: LogChange): number {
  const { discardThrough, truncateFrom, entries, hardState } = change;
  if (discardThrough !== undefined) {
    checkNumber(discardThrough.index, 'discardThrough.index', 0);
    checkNumber(discardThrough.term, 'discardThrough.term', 0);
  }
  if (truncateFrom !== undefined) checkNumber(truncateFrom, 'truncateFrom', 1);
  let bytes = fixedBytesMax + (hardState?.length ?? 0);
  let before = discardThrough?.index ?? 0;
  for (const entry of entries) {
    checkNumber(entry.index, 'entry index', 1);
    checkNumber(entry.term, `term of entry ${entry.index}`, 0);
    if (entry.index <= before) {
      throw new InvalidArgumentError(
        `entry ${entry.index} follows ${before} in one write: entries must ascend and lie after discardThrough`,
      );
    }
    before = entry.index;
    bytes += entryFieldBytesMax + entry.data.length;
  }
  return bytes;
}

/**
 * Writes the record of one durable write, which {@link checkWrite} has passed.
 *
 * @param writer - Where to write.
 * @param group - Whose write it is.
 * @param change - What to write. `proposal` of an entry is left out: it means nothing in another life of the process.
 */
export function encodeWrite(writer: ByteWriter, group: GroupId, change: LogChange): void {
  const { discardThrough, truncateFrom, entries, hardState } = change;
  writer.u8(writeRecord);
  writer.varint(group);
  writer.u8(
    (discardThrough === undefined ? 0 : discardPart) |
      (truncateFrom === undefined ? 0 : truncatePart) |
      (hardState === undefined ? 0 : hardStatePart),
  );
  if (discardThrough !== undefined) {
    writer.varint(discardThrough.index);
    writer.varint(discardThrough.term);
  }
  if (truncateFrom !== undefined) writer.varint(truncateFrom);
  if (hardState !== undefined) writer.bytes(hardState);
  writer.varint(entries.length);
  let before = 0;
  for (const entry of entries) {
    writer.varint(entry.index - before);
    writer.varint(entry.term);
    writer.u8(kindNumber(entry.kind));
    writer.bytes(entry.data);
    before = entry.index;
  }
}

/**
 * Writes a `logBegins` record.
 *
 * @param writer - Where to write.
 * @param segment - First segment that is still needed.
 */
export function encodeLogBegins(writer: ByteWriter, segment: number): void {
  writer.u8(logBeginsRecord);
  writer.varint(segment);
}

/**
 * Writes a `segmentEnd` record.
 *
 * @param writer - Where to write.
 * @param next - The segment in which the log goes on.
 */
export function encodeSegmentEnd(writer: ByteWriter, next: number): void {
  writer.u8(segmentEndRecord);
  writer.varint(next);
}

/**
 * Reads one record.
 *
 * @param reader - Where to read.
 * @returns The record; its byte arrays are views into the reader's source.
 * @throws {@link DecodeError} when the bytes are no record.
 */
export function decodeRecord(reader: ByteReader): LogRecord {
  const kind = reader.u8();
  if (kind === writeRecord) return decodeWrite(reader);
  if (kind === logBeginsRecord) return { type: 'logBegins', segment: reader.varint() };
  if (kind === segmentEndRecord) return { type: 'segmentEnd', next: reader.varint() };
  throw new DecodeError(`record kind ${kind} is not known`);
}

function decodeWrite(reader: ByteReader): LogRecord {
  const group = reader.varint();
  if (group > groupMax) throw new DecodeError(`group ${group} is above ${groupMax}`);
  const parts = reader.u8();
  if (parts > (discardPart | truncatePart | hardStatePart))
    throw new DecodeError(`parts ${parts} are not known`);
  const discardThrough = parts & discardPart ? { index: reader.varint(), term: reader.varint() } : undefined;
  const truncateFrom = parts & truncatePart ? reader.varint() : undefined;
  const hardState = parts & hardStatePart ? reader.bytes() : undefined;
  const count = reader.count(Number.MAX_SAFE_INTEGER, 'entries');
  const entries: Entry[] = [];
  let index = 0;
  for (let position = 0; position < count; position++) {
    const gap = reader.varint();
    if (gap === 0) throw new DecodeError(`entry ${index} stands twice in one write`);
    index += gap;
    const term = reader.varint();
    entries.push({ index, term, kind: decodeKind(reader.u8()), data: reader.bytes() });
  }
  const change: LogChange = {
    entries,
    ...(discardThrough === undefined ? {} : { discardThrough }),
    ...(truncateFrom === undefined ? {} : { truncateFrom }),
    ...(hardState === undefined ? {} : { hardState }),
  };
  return { type: 'write', group, change };
}

function kindNumber(kind: EntryKind): number {
  return kind === 'command' ? 0 : entryKinds.indexOf(kind);
}

function decodeKind(number: number): EntryKind {
  const kind = entryKinds[number];
  if (kind === undefined) throw new DecodeError(`entry kind ${number} is not known`);
  return kind;
}

function checkNumber(value: number, subject: string, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new InvalidArgumentError(`${subject} is ${value}: it must be an integer from ${least} to 2^53 - 1`);
}
