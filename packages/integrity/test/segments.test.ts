import { ByteWriter } from '@synod/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodeSegment,
  readForReceiver,
  readForSender,
  type SegmentLimits,
} from '../src/ack-retry/segment-codec.js';
import { beginFrame, endFrame, type Segment, sealFrame } from '../src/index.js';
import { segmentsOfVersion1 } from './golden/segments-of-version-1.js';

const limits: SegmentLimits = { blockBytesMax: 1024, rangesMax: 32 };
const segmentSalt = 0x61636b72;

interface Read {
  readonly heard: Segment[];
  readonly refused: string[];
  damaged: number;
}

/** Reads bytes as both ends would. */
function read(bytes: Uint8Array, reading: SegmentLimits = limits): Read {
  const found: Read = { heard: [], refused: [], damaged: 0 };
  const sink = {
    heard: (segment: Segment) => found.heard.push(segment),
    refused: (reason: string) => found.refused.push(reason),
    damaged: () => {
      found.damaged++;
    },
  };
  readForSender(bytes, reading, sink);
  readForReceiver(bytes, reading, sink);
  return found;
}

function encoded(...segments: readonly Segment[]): Uint8Array {
  const writer = new ByteWriter();
  for (const segment of segments) encodeSegment(segment, writer);
  return writer.take();
}

/** A segment whose checks hold, with any bytes in it. */
function sealed(...payload: readonly number[]): Uint8Array {
  return sealFrame(Uint8Array.from(payload), segmentSalt);
}

describe('the bytes of the first release', () => {
  for (const [position, [segment, bytes]] of segmentsOfVersion1.entries()) {
    const name = `${segment.type} (${position + 1})`;

    it(`${name} is written as it was`, () => {
      expect(Buffer.from(encoded(segment)).toString('hex')).toBe(bytes);
    });

    it(`${name} is read as it was meant`, () => {
      expect(read(Uint8Array.from(Buffer.from(bytes, 'hex'))).heard).toEqual([segment]);
    });
  }
});

const serial = fc.integer({ min: 0, max: 0xffff_ffff });
const count = fc.integer({ min: 1, max: 1000 });
const epoch = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const common = { epoch, connection: fc.integer({ min: 0, max: 2 ** 52 }) };
const answer = {
  ...common,
  receiverEpoch: epoch,
  next: serial,
  ranges: fc.array(fc.tuple(count, count), { maxLength: 32 }).map((pairs) => pairs.flat()),
  hasMore: fc.boolean(),
};
const anySegment: fc.Arbitrary<Segment> = fc.oneof(
  fc.record({
    type: fc.constant('open' as const),
    ...common,
    receiverEpoch: fc.nat(),
    first: serial,
    transmission: serial,
    inFlightBlocks: count,
  }),
  fc.record({
    type: fc.constant('accept' as const),
    ...answer,
    windowBlocks: count,
    windowBytes: fc.maxSafeNat(),
    acknowledgeDelayMs: fc.nat(),
    selective: fc.boolean(),
  }),
  fc.record({ type: fc.constant('acknowledgement' as const), ...answer, transmission: serial }),
  fc.record({
    type: fc.constant('data' as const),
    ...common,
    sequence: serial,
    transmission: serial,
    isLast: fc.boolean(),
    block: fc.uint8Array({ maxLength: 100 }),
  }),
  fc.record({
    type: fc.constant('reset' as const),
    ...common,
    receiverEpoch: epoch,
    reason: fc.constantFrom('unknownSession' as const, 'superseded' as const, 'reopen' as const),
    known: fc.integer({ min: 0, max: 2 ** 52 }),
  }),
);

describe('segments as bytes', () => {
  it('come back as they were, many in one datagram', () => {
    fc.assert(
      fc.property(fc.array(anySegment, { maxLength: 5 }), (segments) => {
        const { heard, refused, damaged } = read(encoded(...segments));
        const isForReceiver = ({ type }: Segment) => type === 'open' || type === 'data';
        const expected = [
          ...segments.filter((segment) => !isForReceiver(segment)),
          ...segments.filter(isForReceiver),
        ];
        expect(heard).toEqual(expected);
        expect([refused, damaged]).toEqual([[], 0]);
      }),
      { numRuns: 500 },
    );
  });

  it('a flipped bit drops the segment, and nothing else is heard', () => {
    fc.assert(
      fc.property(anySegment, fc.nat(), (segment, place) => {
        const bytes = encoded(segment);
        const bit = place % (bytes.length * 8);
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const { heard, damaged } = read(bytes);
        expect(heard).toEqual([]);
        // A flip in the type makes it a segment of the other end, which finds the damage as well.
        expect(damaged).toBeGreaterThan(0);
      }),
      { numRuns: 1000 },
    );
  });

  it('a cut datagram drops the segment that is cut and keeps the ones before', () => {
    const [first, second] = [segmentsOfVersion1[2]?.[0], segmentsOfVersion1[3]?.[0]];
    if (first === undefined || second === undefined) throw new Error('there are golden data segments');
    const bytes = encoded(first, second);
    const { heard, damaged } = read(bytes.subarray(0, bytes.length - 1));
    expect(heard).toEqual([first]);
    expect(damaged).toBe(2);
  });

  it('any bytes under a sound check give a segment or a refusal with a reason, and never more than their length', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 7 }), fc.uint8Array({ maxLength: 120 }), (type, bytes) => {
        const { heard, refused, damaged } = read(sealed(type, ...bytes));
        expect(damaged).toBe(0);
        expect(heard.length + refused.length).toBe(type >= 1 && type <= 5 ? 1 : 0);
        for (const segment of heard) if ('ranges' in segment) expect(segment.ranges.length).toBeLessThan(120);
      }),
      { numRuns: 3000 },
    );
  });

  it('arbitrary bytes never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(read(bytes).heard).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('what is refused', () => {
  const acknowledgement = segmentsOfVersion1[4]?.[0];
  if (acknowledgement?.type !== 'acknowledgement')
    throw new Error('the fifth golden segment is an acknowledgement');

  it.each([
    ['more ranges than the limit', { ranges: Array.from({ length: 66 }, () => 1) }, /33 ranges/],
    ['an empty range', { ranges: [1, 0] }, /blocks of a range/],
    ['ranges beyond half the circle', { ranges: [2 ** 30, 2 ** 30] }, /span more/],
    ['an epoch of 0', { epoch: 0 }, /epoch is 0/],
    ['a link beyond all numbers', { connection: 2 ** 52 + 1 }, /a link has number/],
  ])('%s', (_, fields, reason) => {
    const { heard, refused } = read(encoded({ ...acknowledgement, ...fields }));
    expect(heard).toEqual([]);
    expect(refused).toEqual([expect.stringMatching(reason)]);
  });

  it('a block above the limit, though its frame would pass', () => {
    const block = new Uint8Array(200);
    const bytes = encoded({
      type: 'data',
      epoch: 1,
      connection: 1,
      sequence: 0,
      transmission: 1,
      isLast: false,
      block,
    });
    const { heard, refused } = read(bytes, { blockBytesMax: 199, rangesMax: 32 });
    expect(heard).toEqual([]);
    expect(refused).toEqual([expect.stringMatching(/200 bytes: at most 199/)]);
  });

  it('a frame that announces more than any segment has, before its bytes have come', () => {
    const frame = sealFrame(new Uint8Array(100_000), segmentSalt).subarray(0, 40);
    expect(read(frame)).toEqual({ heard: [], refused: [], damaged: 2 });
  });

  it('a sealed frame of anything else: the salt is another', () => {
    const writer = new ByteWriter();
    const start = beginFrame(writer);
    writer.raw(encoded(acknowledgement).subarray(16));
    endFrame(writer, start);
    expect(read(writer.take()).heard).toEqual([]);
  });
});
