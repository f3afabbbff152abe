import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchReader } from './batch.js';
import { frameKind } from './handshake-frames.js';
import { LaneQueue } from './lane-queue.js';

const frameBytesMax = 1024;
const item = fc.record({
  group: fc.oneof(fc.nat(300), fc.constantFrom(0, 127, 128, 2 ** 32 - 1)),
  payload: fc.uint8Array({ maxLength: 1100, size: 'max' }),
});
const action = fc.oneof(
  { weight: 4, arbitrary: item },
  { weight: 1, arbitrary: fc.constant('take' as const) },
);

function readBatch(frame: Uint8Array): { group: number; payload: number[] }[] {
  const reader = new BatchReader(frame, frameBytesMax);
  const items: { group: number; payload: number[] }[] = [];
  for (let payload = reader.next(); payload !== undefined; payload = reader.next()) {
    items.push({ group: reader.group, payload: [...payload] });
  }
  return items;
}

describe('LaneQueue', () => {
  it('gives back what it took, in order, in frames and in total never above the bounds', () => {
    fc.assert(
      fc.property(
        fc.array(action, { maxLength: 60, size: 'max' }),
        fc.integer({ min: 1024, max: 8192 }),
        (actions, laneBytesMax) => {
          const lane = new LaneQueue(frameBytesMax, laneBytesMax, frameKind.batch, false);
          const taken: { group: number; payload: number[] }[] = [];
          const given: { group: number; payload: number[] }[] = [];
          const take = (): boolean => {
            const batch = lane.take();
            if (batch === undefined) return false;
            expect(batch.frame.length).toBeLessThanOrEqual(frameBytesMax);
            const items = readBatch(batch.frame);
            expect(items.length).toBe(batch.payloads);
            expect(items.length).toBeGreaterThan(0);
            given.push(...items);
            return true;
          };
          for (const one of actions) {
            if (one === 'take') {
              take();
              continue;
            }
            const before = lane.queuedBytes;
            const result = lane.push(one.group, one.payload);
            if (result === 'queued') taken.push({ group: one.group, payload: [...one.payload] });
            else expect(lane.queuedBytes).toBe(before);
            if (result === 'lane-full')
              expect(before + one.payload.length + 27).toBeGreaterThan(laneBytesMax);
            if (result === 'too-large') expect(one.payload.length + 26).toBeGreaterThan(frameBytesMax);
            expect(lane.queuedBytes).toBeLessThanOrEqual(laneBytesMax);
            expect(lane.queuedPayloads).toBe(taken.length - given.length);
          }
          while (take());
          expect(given).toEqual(taken);
          expect(lane.queuedBytes).toBe(0);
          expect(lane.empty).toBe(true);
        },
      ),
      { numRuns: 60, interruptAfterTimeLimit: 15_000 },
    );
  });

  it('puts payloads of one taking into one frame, up to a quarter of a mebibyte', () => {
    const lane = new LaneQueue(4 * 1024 * 1024, 16 * 1024 * 1024, frameKind.batch, false);
    for (let pushed = 0; pushed < 4000; pushed++) lane.push(0, new Uint8Array(1000));
    const sizes: number[] = [];
    for (let batch = lane.take(); batch !== undefined; batch = lane.take()) sizes.push(batch.payloads);
    expect(sizes.reduce((sum, payloads) => sum + payloads, 0)).toBe(4000);
    expect(Math.min(...sizes.slice(0, -1))).toBe(262);
    expect(Math.max(...sizes)).toBe(262);
  });

  it('forgets everything when it is cleared', () => {
    const lane = new LaneQueue(1024, 4096, frameKind.batch, true);
    for (let pushed = 0; pushed < 20; pushed++) lane.push(0, new Uint8Array(100));
    lane.clear();
    expect(lane.queuedBytes).toBe(0);
    expect(lane.queuedPayloads).toBe(0);
    expect(lane.take()).toBeUndefined();
  });
});
