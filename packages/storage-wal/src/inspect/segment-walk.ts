/**
 * Goes through a segment from its first byte to its last, past damage. Recovery stops at the first wrong byte, as it
 * must; whoever wants to know what else is there needs to see behind it.
 */
import { type FileSystem, type Incarnation, isSynodError } from '@synod/core';
import { frameOverheadBytes } from '@synod/integrity';
import { decodeBatch } from '../batch.js';
import { decodeSegmentHeader, segmentHeaderBytes, segmentPath, segmentSalt } from '../segment.js';
import { SegmentReader } from '../segment-reader.js';
import type { InspectedRecord, InspectedSegment, InspectedStretch } from './inspection.js';

/** Sees each stretch of the log in order. */
export type StretchVisitor = (stretch: InspectedStretch) => void;

/**
 * Walks through one segment.
 *
 * @param fileSystem - Where it is.
 * @param sequence - Its number.
 * @param incarnation - The storage that its frames were sealed for.
 * @param visit - Sees each batch and each broken stretch.
 * @returns The segment in numbers.
 */
export async function walkSegment(
  fileSystem: FileSystem,
  sequence: number,
  incarnation: Incarnation,
  visit: StretchVisitor,
): Promise<InspectedSegment> {
  const file = segmentPath(sequence);
  const handle = await fileSystem.open(file, 'existing');
  try {
    const bytes = await handle.size();
    const headerGood = isWholeHeader(await handle.read(0, segmentHeaderBytes), file);
    const reader = new SegmentReader(handle, bytes, segmentSalt(incarnation, sequence));
    const count = new SegmentCount();
    for (let frame = await reader.next(); frame.type !== 'end'; frame = await reader.next()) {
      if (frame.type === 'whole') {
        const stretch = batchAt(file, frame.offset, frame.payload);
        count.add(stretch);
        visit(stretch);
        continue;
      }
      if (await reader.isZeroFrom(frame.offset)) break;
      const end = (await reader.findWhole(frame.resumeAt)) ?? bytes;
      const broken = { type: 'broken', file, offset: frame.offset, bytes: end - frame.offset } as const;
      const stretch = { ...broken, found: frame.found };
      count.add(stretch);
      visit(stretch);
      reader.skipTo(end);
    }
    return { sequence, file, bytes, headerGood, ...count.result() };
  } finally {
    await handle.close();
  }
}

/**
 * The incarnation that a segment's header names, for a storage whose identity cannot be read.
 *
 * @param fileSystem - Where it is.
 * @param sequence - Its number.
 * @returns `undefined` when the header is damaged.
 */
export async function incarnationOfSegment(
  fileSystem: FileSystem,
  sequence: number,
): Promise<Incarnation | undefined> {
  const file = segmentPath(sequence);
  const handle = await fileSystem.open(file, 'existing');
  try {
    return decodeSegmentHeader(await handle.read(0, segmentHeaderBytes), file).incarnation;
  } catch (error) {
    if (isSynodError(error)) return undefined;
    throw error;
  } finally {
    await handle.close();
  }
}

function isWholeHeader(bytes: Uint8Array, file: string): boolean {
  try {
    decodeSegmentHeader(bytes, file);
    return true;
  } catch (error) {
    if (isSynodError(error)) return false;
    throw error;
  }
}

function batchAt(file: string, offset: number, payload: Uint8Array): InspectedStretch {
  const bytes = frameOverheadBytes + payload.length;
  const places: { readonly offset: number; readonly bytes: number }[] = [];
  try {
    const batch = decodeBatch(payload, (from, end) =>
      places.push({ offset: offset + frameOverheadBytes + from, bytes: end - from }),
    );
    const records = batch.records.map(
      (record, position): InspectedRecord => ({ ...(places[position] ?? { offset, bytes }), record }),
    );
    return { type: 'batch', file, offset, bytes, number: batch.number, records };
  } catch (error) {
    if (!isSynodError(error) || error.code !== 'DECODE_FAILED') throw error;
    return {
      type: 'broken',
      file,
      offset,
      bytes,
      found: `a sealed frame that is no batch: ${error.message}`,
    };
  }
}

class SegmentCount {
  #batches = 0;
  #entries = 0;
  #brokenBytes = 0;
  #first: number | undefined;
  #last = 0;

  add(stretch: InspectedStretch): void {
    if (stretch.type === 'broken') {
      this.#brokenBytes += stretch.bytes;
      return;
    }
    this.#batches++;
    this.#first ??= stretch.number;
    this.#last = stretch.number;
    for (const { record } of stretch.records)
      if (record.type === 'write') this.#entries += record.change.entries.length;
  }

  result(): Pick<InspectedSegment, 'batches' | 'batchNumbers' | 'entries' | 'brokenBytes'> {
    return {
      batches: this.#batches,
      entries: this.#entries,
      brokenBytes: this.#brokenBytes,
      ...(this.#first === undefined ? {} : { batchNumbers: { first: this.#first, last: this.#last } }),
    };
  }
}
