/**
 * Payloads that wait while a peer takes less than it is sent: each group in a line of its own, the lines served in
 * turn by bytes (deficit round robin: Shreedhar and Varghese, "Efficient Fair Queueing using Deficit Round Robin",
 * SIGCOMM 1995). So a group that floods a connection delays itself and not the heartbeats of its thousand neighbours.
 * Nor can it keep them out: a full lane still takes from groups of which little waits.
 */
import type { ByteWriter, GroupId } from '@synod/core';
import { batchItemBytes, writeBatchItem } from './batch.js';

/** Bytes that a line may send in one turn. */
const turnBytes = 4096;

/** What groups of which little waits may take above a lane's bound, as a share of it. */
const reserveShare = 1 / 8;
/** What of a group may wait at most for it to take of that, as a share of the bound. */
const lightShare = 1 / 64;

interface Line {
  readonly group: GroupId;
  readonly payloads: Uint8Array[];
  /** Position of the oldest payload: the ones before it have left. */
  first: number;
  bytes: number;
  /** Bytes that it may still send in the present turn. */
  allowance: number;
}

/** The lines of one lane. */
export class FairBacklog {
  readonly #lines = new Map<GroupId, Line>();
  /** Lines with payloads, in the order of their turns. */
  #turns: Line[] = [];
  #bytes = 0;
  #payloads = 0;

  /** Bytes that wait, as items of a batch. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Payloads that wait. */
  get payloads(): number {
    return this.#payloads;
  }

  /**
   * Adds a payload to its group's line, or refuses it.
   *
   * @param group - Its group.
   * @param payload - The bytes. Copied.
   * @param freeBytes - What the lane has room for; negative when more waits than its bound.
   * @param laneBytesMax - The lane's bound.
   * @returns Whether it was taken.
   */
  push(group: GroupId, payload: Uint8Array, freeBytes: number, laneBytesMax: number): boolean {
    const itemBytes = batchItemBytes(group, payload.length);
    const line = this.#lines.get(group);
    if (itemBytes > freeBytes) {
      const light = (line?.bytes ?? 0) + itemBytes <= laneBytesMax * lightShare;
      if (!light || itemBytes > freeBytes + laneBytesMax * reserveShare) return false;
    }
    const taker = line ?? this.#begin(group);
    taker.payloads.push(new Uint8Array(payload));
    taker.bytes += itemBytes;
    this.#bytes += itemBytes;
    this.#payloads++;
    return true;
  }

  /**
   * Moves payloads into a frame, a turn of each line after the other.
   *
   * @param writer - The frame.
   * @param bytesGoal - No turn begins once the frame has this many bytes.
   * @param bytesMax - The frame's greatest length; a payload that does not fit stays.
   * @returns How many were moved: at least one where any waits, if the first one fits.
   */
  fill(writer: ByteWriter, bytesGoal: number, bytesMax: number): number {
    let moved = 0;
    let passed = 0;
    while (this.#turns.length > passed && writer.length < bytesGoal) {
      const line = this.#turns.shift();
      if (line === undefined) break;
      if (!this.#fits(line, writer, bytesMax)) {
        // It is passed over; when all are, the frame is full.
        this.#turns.push(line);
        passed++;
        continue;
      }
      passed = 0;
      line.allowance += turnBytes;
      moved += this.#takeTurn(line, writer, bytesMax);
      if (line.bytes > 0) this.#turns.push(line);
      else this.#lines.delete(line.group);
    }
    return moved;
  }

  /** Forgets all that waits. */
  clear(): void {
    this.#lines.clear();
    this.#turns = [];
    this.#bytes = 0;
    this.#payloads = 0;
  }

  #begin(group: GroupId): Line {
    const line: Line = { group, payloads: [], first: 0, bytes: 0, allowance: 0 };
    this.#lines.set(group, line);
    this.#turns.push(line);
    return line;
  }

  #takeTurn(line: Line, writer: ByteWriter, bytesMax: number): number {
    let taken = 0;
    for (;;) {
      const payload = line.payloads[line.first];
      if (payload === undefined) break;
      const itemBytes = batchItemBytes(line.group, payload.length);
      if (itemBytes > line.allowance || writer.length + itemBytes > bytesMax) break;
      writeBatchItem(writer, line.group, payload);
      line.allowance -= itemBytes;
      line.bytes -= itemBytes;
      line.first++;
      this.#bytes -= itemBytes;
      this.#payloads--;
      taken++;
    }
    if (line.first > 64 && line.first * 2 > line.payloads.length) {
      line.payloads.splice(0, line.first);
      line.first = 0;
    }
    return taken;
  }

  #fits(line: Line, writer: ByteWriter, bytesMax: number): boolean {
    const payload = line.payloads[line.first];
    return payload !== undefined && writer.length + batchItemBytes(line.group, payload.length) <= bytesMax;
  }
}
