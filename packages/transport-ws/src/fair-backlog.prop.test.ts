import { ByteWriter } from '@synod/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchReader } from './batch.js';
import { FairBacklog } from './fair-backlog.js';
import { frameKind } from './handshake-frames.js';
import { LaneQueue } from './lane-queue.js';

const frameBytesMax = 64 * 1024;

function itemsOf(frame: Uint8Array): { group: number; payload: number[] }[] {
  const reader = new BatchReader(frame, frameBytesMax);
  const items: { group: number; payload: number[] }[] = [];
  for (let payload = reader.next(); payload !== undefined; payload = reader.next())
    items.push({ group: reader.group, payload: [...payload.subarray(0, 4)] });
  return items;
}

describe('a fair lane', () => {
  const action = fc.oneof(
    { weight: 6, arbitrary: fc.record({ group: fc.nat(5), bytes: fc.integer({ min: 4, max: 20_000 }) }) },
    { weight: 1, arbitrary: fc.constant('take' as const) },
  );

  it('loses nothing that it took and keeps the order of each group, within its bounds', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 80, size: 'max' }), (actions) => {
        const laneBytesMax = 256 * 1024;
        const lane = new LaneQueue(frameBytesMax, laneBytesMax, frameKind.batch, true);
        const taken = new Map<number, number[][]>();
        const given = new Map<number, number[][]>();
        const take = (): boolean => {
          const batch = lane.take();
          if (batch === undefined) return false;
          expect(batch.frame.length).toBeLessThanOrEqual(frameBytesMax);
          const items = itemsOf(batch.frame);
          expect(items.length).toBe(batch.payloads);
          for (const { group, payload } of items) note(given, group, payload);
          return true;
        };
        let stamp = 0;
        for (const one of actions) {
          if (one === 'take') {
            take();
            continue;
          }
          const payload = new Uint8Array(one.bytes);
          new DataView(payload.buffer).setUint32(0, ++stamp);
          if (lane.push(one.group, payload) === 'queued') note(taken, one.group, [...payload.subarray(0, 4)]);
          expect(lane.queuedBytes).toBeLessThanOrEqual(laneBytesMax * (1 + 1 / 8));
        }
        while (take());
        expect(lane.empty).toBe(true);
        expect(lane.queuedBytes).toBe(0);
        expect(lane.queuedPayloads).toBe(0);
        expect(given).toEqual(taken);
      }),
      { numRuns: 60, interruptAfterTimeLimit: 15_000 },
    );
  });

  it('lets each group that has little leave soon after what waited in whole frames, however much another group floods', () => {
    const lane = new LaneQueue(frameBytesMax, 16 * 1024 * 1024, frameKind.batch, true);
    while (lane.push(1, new Uint8Array(1000)) === 'queued');
    for (let group = 2; group < 1000; group++) expect(lane.push(group, new Uint8Array(20))).toBe('queued');
    const seen = new Set<number>();
    const whole = (1024 * 1024) / frameBytesMax;
    for (let frames = 0; frames < whole + 3; frames++) {
      const batch = lane.take();
      if (batch !== undefined) for (const { group } of itemsOf(batch.frame)) seen.add(group);
    }
    expect(seen.size).toBe(999);
  });

  it('gives groups that all flood the same share, whatever the sizes of their payloads', () => {
    const backlog = new FairBacklog();
    const sizes = [50, 500, 3000];
    const mebibyte = 1024 * 1024;
    for (const [group, bytes] of sizes.entries())
      while (backlog.bytes < (group + 1) * mebibyte)
        backlog.push(group, new Uint8Array(bytes), mebibyte, mebibyte);
    const writer = new ByteWriter();
    const shares = new Map<number, number>();
    for (let frames = 0; frames < 8; frames++) {
      writer.clear();
      writer.raw(new Uint8Array(17));
      const before = backlog.payloads;
      expect(backlog.fill(writer, 60_000, frameBytesMax)).toBe(before - backlog.payloads);
      for (const [group, bytes] of groupBytes(writer.view().subarray(17)))
        shares.set(group, (shares.get(group) ?? 0) + bytes);
    }
    const bytes = [...shares.values()];
    expect(bytes).toHaveLength(3);
    expect(Math.max(...bytes) - Math.min(...bytes)).toBeLessThan(2 * 4096);
  });
});

function note(into: Map<number, number[][]>, group: number, payload: number[]): void {
  const noted = into.get(group) ?? [];
  noted.push(payload);
  into.set(group, noted);
}

/** Bytes of the items of each group, where groups are below 128. */
function* groupBytes(items: Uint8Array): Generator<[number, number]> {
  for (let at = 0; at < items.length; ) {
    const group = items[at] ?? 0;
    const low = items[at + 1] ?? 0;
    const [length, head] = low < 0x80 ? [low, 2] : [(low & 0x7f) + (items[at + 2] ?? 0) * 0x80, 3];
    yield [group, head + length];
    at += head + length;
  }
}
