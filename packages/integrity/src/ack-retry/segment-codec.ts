/**
 * Segments as bytes, each in a sealed frame of this package under a salt of its own. Behind the frame's header:
 *
 * ```text
 * type u8, epoch varint, connection varint, then
 * 1 open             receiver varint, first u32, transmission u32, in flight varint
 * 2 accept           receiver varint, next u32, window blocks varint, window bytes varint, delay varint,
 *                    selective u8, ranges
 * 3 data             sequence u32, transmission u32, last u8, and the block to the end
 * 4 acknowledgement  receiver varint, next u32, transmission u32, ranges
 * 5 reset            receiver varint, reason u8, known connection varint
 * ranges             more u8, count varint, then as often: missing varint, received varint
 * ```
 *
 * Integers are little-endian. Type numbers are never reused, and a segment of an unknown type is passed over by both
 * ends, so a later release may say more.
 */
import { ByteReader, type ByteWriter, DecodeError, isSynodError } from '@synod/core';
import {
  beginFrame,
  endFrame,
  frameCheckHolds,
  frameOverheadBytes,
  neededBytes,
  payloadOf,
} from '../frame.js';
import type { ResetReason, Segment, SegmentToReceiver, SegmentToSender } from './segments.js';

/** Keeps any other sealed frame from being taken for a segment. */
const segmentSalt = 0x61636b72;

/** Bytes by which a data segment is longer than its block, at most. */
const dataOverheadBytes = frameOverheadBytes + 1 + 2 * 8 + 2 * 4 + 1;

/** Bytes of an acknowledgement or accept beside its ranges, at most. */
const answerBytesMax = frameOverheadBytes + 1 + 7 * 8 + 2 * 4 + 2;
const rangeBytesMax = 2 * 5;

/** Blocks that one answer can speak of: serials are told apart within half a circle. */
const spanMax = 2 ** 31 - 1;

const connectionMax = 2 ** 52;

const typeNumbers = { open: 1, accept: 2, data: 3, acknowledgement: 4, reset: 5 } as const;
const resetReasons: readonly ResetReason[] = ['unknownSession', 'superseded', 'reopen'];

/** What a reader of segments accepts. */
export interface SegmentLimits {
  /** Greatest block in bytes. */
  readonly blockBytesMax: number;
  /** Most ranges of one answer. */
  readonly rangesMax: number;
}

/** What a reader does with what it finds. */
export interface SegmentSink<Heard> {
  /** A segment for this end. A block in it is a view of the bytes that were read. */
  heard(segment: Heard): void;
  /** Bytes whose check fails: the rest of what was given is dropped, as nobody knows where the next segment begins. */
  damaged(): void;
  /** The check holds, and yet it is no segment. */
  refused(reason: string): void;
}

/**
 * Writes a segment as one sealed frame. Several can stand behind each other in one datagram or message.
 *
 * @param segment - From the effects of a sender or a receiver.
 * @param writer - Where it goes, behind what it holds already.
 *
 * @example One datagram for all that is to be sent.
 * ```ts
 * writer.clear();
 * for (const segment of effects.send) encodeSegment(segment, writer);
 * socket.send(writer.view());
 * ```
 */
export function encodeSegment(segment: Segment, writer: ByteWriter): void {
  const start = beginFrame(writer);
  writer.u8(typeNumbers[segment.type]);
  writer.varint(segment.epoch);
  writer.varint(segment.connection);
  if (segment.type === 'data') {
    writer.u32(segment.sequence);
    writer.u32(segment.transmission);
    writer.boolean(segment.isLast);
    writer.raw(segment.block);
  } else {
    writer.varint(segment.receiverEpoch);
    encodeControl(segment, writer);
  }
  endFrame(writer, start, segmentSalt);
}

function encodeControl(segment: Exclude<Segment, { type: 'data' }>, writer: ByteWriter): void {
  switch (segment.type) {
    case 'open':
      writer.u32(segment.first);
      writer.u32(segment.transmission);
      writer.varint(segment.inFlightBlocks);
      return;
    case 'accept':
      writer.u32(segment.next);
      writer.varint(segment.windowBlocks);
      writer.varint(segment.windowBytes);
      writer.varint(segment.acknowledgeDelayMs);
      writer.boolean(segment.selective);
      encodeRanges(segment, writer);
      return;
    case 'acknowledgement':
      writer.u32(segment.next);
      writer.u32(segment.transmission);
      encodeRanges(segment, writer);
      return;
    case 'reset':
      writer.u8(resetReasons.indexOf(segment.reason) + 1);
      writer.varint(segment.known);
  }
}

function encodeRanges(answer: { ranges: readonly number[]; hasMore: boolean }, writer: ByteWriter): void {
  writer.boolean(answer.hasMore);
  writer.varint(answer.ranges.length / 2);
  for (const length of answer.ranges) writer.varint(length);
}

/** Reads what the other end's receiver said. */
export function readForSender(
  bytes: Uint8Array,
  limits: SegmentLimits,
  sink: SegmentSink<SegmentToSender>,
): void {
  readSegments(bytes, limits, sink, decodeForSender);
}

/** Reads what the other end's sender said. */
export function readForReceiver(
  bytes: Uint8Array,
  limits: SegmentLimits,
  sink: SegmentSink<SegmentToReceiver>,
): void {
  readSegments(bytes, limits, sink, decodeForReceiver);
}

/** Decodes the body of a segment of a type; undefined for types that are for the other end, or for a later release. */
type Decode<Heard> = (type: number, reader: ByteReader, limits: SegmentLimits) => Heard | undefined;

/** Whether a type is for this end is told before the check of the whole frame: each frame is summed once, not twice. */
function readSegments<Heard>(
  bytes: Uint8Array,
  limits: SegmentLimits,
  sink: SegmentSink<Heard>,
  decode: Decode<Heard>,
): void {
  const expectation = { frameBytesMax: frameBytesMax(limits), salt: segmentSalt };
  for (let start = 0; start < bytes.length; ) {
    const needed = neededBytes(bytes, start, bytes.length, expectation);
    if (typeof needed === 'string' || start + needed > bytes.length) return sink.damaged();
    const end = start + needed;
    const type = bytes[start + frameOverheadBytes] ?? 0;
    const isForThisEnd =
      (decode === decodeForReceiver) === (type === typeNumbers.open || type === typeNumbers.data);
    if (isForThisEnd) {
      if (!frameCheckHolds(bytes, start, end, expectation)) return sink.damaged();
      readOne(type, payloadOf(bytes, start), limits, sink, decode);
    }
    start = end;
  }
}

function readOne<Heard>(
  type: number,
  payload: Uint8Array,
  limits: SegmentLimits,
  sink: SegmentSink<Heard>,
  decode: Decode<Heard>,
): void {
  let segment: Heard | undefined;
  try {
    const reader = new ByteReader(payload);
    reader.u8();
    segment = decode(type, reader, limits);
  } catch (thrown) {
    if (!isSynodError(thrown)) throw thrown;
    sink.refused(thrown.message);
    return;
  }
  if (segment !== undefined) sink.heard(segment);
}

function decodeForReceiver(
  type: number,
  reader: ByteReader,
  limits: SegmentLimits,
): SegmentToReceiver | undefined {
  if (type === typeNumbers.data) return decodeData(reader, limits);
  if (type !== typeNumbers.open) return undefined;
  const open = {
    type: 'open',
    epoch: epochFrom(reader),
    connection: connectionFrom(reader),
    receiverEpoch: reader.varint(),
    first: reader.u32(),
    transmission: reader.u32(),
    inFlightBlocks: countFrom(reader, 'blocks in flight'),
  } as const;
  reader.end();
  return open;
}

function decodeData(reader: ByteReader, { blockBytesMax }: SegmentLimits): SegmentToReceiver {
  const epoch = epochFrom(reader);
  const connection = connectionFrom(reader);
  const sequence = reader.u32();
  const transmission = reader.u32();
  const isLast = reader.boolean();
  const length = reader.remaining;
  if (length > blockBytesMax)
    throw new DecodeError(`a block has ${length} bytes: at most ${blockBytesMax} are allowed`);
  return { type: 'data', epoch, connection, sequence, transmission, isLast, block: reader.raw(length) };
}

function decodeForSender(
  type: number,
  reader: ByteReader,
  limits: SegmentLimits,
): SegmentToSender | undefined {
  const isKnown =
    type === typeNumbers.accept || type === typeNumbers.acknowledgement || type === typeNumbers.reset;
  if (!isKnown) return undefined;
  const epoch = epochFrom(reader);
  const connection = connectionFrom(reader);
  const from = { epoch, connection, receiverEpoch: epochFrom(reader) };
  const segment = decodeAnswer(type, from, reader, limits);
  reader.end();
  return segment;
}

function decodeAnswer(
  type: number,
  from: { readonly epoch: number; readonly receiverEpoch: number; readonly connection: number },
  reader: ByteReader,
  limits: SegmentLimits,
): SegmentToSender {
  if (type === typeNumbers.reset) {
    const reason = resetReasons[reader.u8() - 1];
    if (reason === undefined) throw new DecodeError('a reset has an unknown reason');
    return { type: 'reset', ...from, reason, known: connectionFrom(reader) };
  }
  const next = reader.u32();
  if (type === typeNumbers.acknowledgement) {
    const transmission = reader.u32();
    return { type: 'acknowledgement', ...from, next, transmission, ...rangesFrom(reader, limits) };
  }
  return {
    type: 'accept',
    ...from,
    next,
    windowBlocks: countFrom(reader, 'blocks of window'),
    windowBytes: reader.varint(),
    acknowledgeDelayMs: reader.varint(),
    selective: reader.boolean(),
    ...rangesFrom(reader, limits),
  };
}

function rangesFrom(
  reader: ByteReader,
  { rangesMax }: SegmentLimits,
): { readonly ranges: readonly number[]; readonly hasMore: boolean } {
  const hasMore = reader.boolean();
  const count = reader.count(rangesMax, 'ranges');
  if (count === 0) return { ranges: noRanges, hasMore };
  const ranges: number[] = [];
  let span = 0;
  for (let number = 0; number < 2 * count; number++) {
    const length = countFrom(reader, 'blocks of a range');
    span += length;
    if (span > spanMax) throw new DecodeError(`ranges span more than ${spanMax} blocks`);
    ranges.push(length);
  }
  return { ranges, hasMore };
}

const noRanges: readonly number[] = Object.freeze([]);

function epochFrom(reader: ByteReader): number {
  const epoch = reader.varint();
  if (epoch === 0) throw new DecodeError('an epoch is 0: they count from 1');
  return epoch;
}

/** Refuses what leaves no room for later links. */
function connectionFrom(reader: ByteReader): number {
  const connection = reader.varint();
  if (connection > connectionMax)
    throw new DecodeError(`a link has number ${connection}: at most ${connectionMax} is allowed`);
  return connection;
}

function countFrom(reader: ByteReader, subject: string): number {
  const count = reader.varint();
  if (count < 1 || count > spanMax)
    throw new DecodeError(`${count} ${subject} are announced: from 1 to ${spanMax} are allowed`);
  return count;
}

function frameBytesMax({ blockBytesMax, rangesMax }: SegmentLimits): number {
  return Math.max(dataOverheadBytes + blockBytesMax, answerBytesMax + rangesMax * rangeBytesMax);
}
