import { InvalidArgumentError } from '@synod/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32c } from './checksums/crc32c.js';
import { openFrame, sealFrame } from './frame.js';
import { FrameDamagedError } from './frame-decoder.js';
import { FrameSearch } from './frame-search.js';

const frameBytesMax = 400;

interface Found {
  readonly payloads: number[][];
  readonly skipped: (readonly [bytes: number, offset: number])[];
}

function search(stream: Uint8Array, cuts: readonly number[], checkedPerByte?: number): Found {
  const found: Found = { payloads: [], skipped: [] };
  const finder = new FrameSearch({
    frameBytesMax,
    onSkipped: (bytes, offset) => found.skipped.push([bytes, offset]),
    ...(checkedPerByte === undefined ? {} : { checkedPerByte }),
  });
  const deliver = (payload: Uint8Array) => found.payloads.push([...payload]);
  const ends = [...cuts.filter((cut) => cut <= stream.length), stream.length].sort((a, b) => a - b);
  for (const [place, end] of ends.entries()) {
    finder.push(stream.subarray(ends[place - 1] ?? 0, end), deliver);
    expect(finder.pendingBytes).toBeLessThan(frameBytesMax + stream.length);
  }
  finder.end(deliver);
  expect(finder.pendingBytes).toBe(0);
  return found;
}

/** A header that holds and announces so many bytes, though no such frame follows. */
function falseHeader(payloadBytes: number): Uint8Array {
  const header = new Uint8Array(16);
  header[0] = 0xa7;
  header[1] = 1;
  new DataView(header.buffer).setUint32(4, payloadBytes, true);
  new DataView(header.buffer).setUint32(8, crc32c(header.subarray(0, 8)), true);
  return header;
}

/** What is right, in the plainest way: at each place a whole frame, or a byte that is skipped. */
function framesIn(stream: Uint8Array): number[][] {
  const payloads: number[][] = [];
  for (let start = 0; start < stream.length; ) {
    const opened = openFrame(stream, start, { frameBytesMax });
    if (opened.type === 'whole') payloads.push([...opened.payload]);
    start = opened.type === 'whole' ? opened.end : start + 1;
  }
  return payloads;
}

describe('FrameSearch', () => {
  it('finds the frames between bytes that are none, and says which those were', () => {
    const stream = Uint8Array.of(
      1,
      0xa7,
      3,
      ...sealFrame(Uint8Array.of(7)),
      ...sealFrame(Uint8Array.of(8)),
      0xa7,
      5,
    );
    expect(search(stream, [])).toEqual({
      payloads: [[7], [8]],
      skipped: [
        [3, 0],
        [2, 37],
      ],
    });
  });

  it('goes on after a damaged frame, and never delivers that one', () => {
    const frames = [1, 2, 3].map((value) => sealFrame(new Uint8Array(20).fill(value)));
    for (let place = 0; place < 36; place++) {
      const stream = Uint8Array.from(frames.flatMap((frame) => [...frame]));
      stream[36 + place] = (stream[36 + place] ?? 0) ^ 0x10;
      const { payloads, skipped } = search(stream, []);
      expect(payloads.map(([value]) => value)).toEqual([1, 3]);
      expect(skipped).toEqual([[36, 36]]);
    }
  });

  it('finds the frames behind a header that announced more than came', () => {
    const stream = Uint8Array.of(...falseHeader(300), ...sealFrame(Uint8Array.of(9)));
    expect(search(stream, [16, 20])).toEqual({ payloads: [[9]], skipped: [[16, 0]] });
  });

  it('skips a frame above the limit, and frames under another salt', () => {
    const stream = Uint8Array.of(
      ...sealFrame(new Uint8Array(500)),
      ...sealFrame(Uint8Array.of(1), 5),
      ...sealFrame(Uint8Array.of(2)),
    );
    expect(search(stream, [100]).payloads).toEqual([[2]]);
  });

  it('finds in any stream what a look at each byte finds, however it is cut', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((payload) => [...sealFrame(payload)]),
      fc.uint8Array({ maxLength: 30 }).map((bytes) => [...bytes]),
      fc.nat(380).map((length) => [...falseHeader(length)]),
      fc
        .tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.nat(), fc.integer({ min: 1, max: 255 }))
        .map(([payload, place, change]) => {
          const frame = sealFrame(payload);
          frame[place % frame.length] = (frame[place % frame.length] ?? 0) ^ change;
          return [...frame];
        }),
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 12 }),
        fc.array(fc.nat(600), { maxLength: 6 }),
        (pieces, cuts) => {
          const stream = Uint8Array.from(pieces.flat());
          const { payloads, skipped } = search(stream, cuts);
          expect(payloads).toEqual(framesIn(stream));
          const delivered = payloads.reduce((sum, payload) => sum + payload.length + 16, 0);
          expect(delivered + skipped.reduce((sum, [bytes]) => sum + bytes, 0)).toBe(stream.length);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('gives up on a stream made to be checked again and again, after a bounded number of bytes', () => {
    // Each header announces all that follows, with small whole frames between so that something is always found.
    const pieces: number[] = [];
    for (let left = 12; left > 0; left--)
      pieces.push(...falseHeader(left * 33 - 16), ...sealFrame(Uint8Array.of(left)));
    const stream = Uint8Array.from(pieces);
    expect(search(stream, []).payloads.length).toBe(12);
    const finder = new FrameSearch({ frameBytesMax, checkedPerByte: 1, onSkipped: () => {} });
    const push = () => finder.push(stream, () => {});
    expect(push).toThrow(FrameDamagedError);
    expect(push).toThrow(FrameDamagedError);
    expect(finder.pendingBytes).toBe(0);
  });

  it('holds no more than a frame for a length that was only announced', () => {
    const finder = new FrameSearch({ frameBytesMax, onSkipped: () => {} });
    finder.push(falseHeader(380), () => {});
    for (let byte = 0; byte < 10_000; byte++) {
      finder.push(Uint8Array.of(0), () => {});
      expect(finder.pendingBytes).toBeLessThan(frameBytesMax);
    }
  });

  it('passes on what deliver throws, and stays failed', () => {
    const finder = new FrameSearch({ frameBytesMax, onSkipped: () => {} });
    const push = () =>
      finder.push(sealFrame(Uint8Array.of(1)), () => {
        throw new Error('no room');
      });
    expect(push).toThrow('no room');
    expect(() => finder.push(sealFrame(Uint8Array.of(1)), () => {})).toThrow('no room');
  });

  it.each([0, -1, 0.5, Number.NaN])('refuses checkedPerByte %d', (checkedPerByte) => {
    expect(() => new FrameSearch({ frameBytesMax, checkedPerByte, onSkipped: () => {} })).toThrow(
      InvalidArgumentError,
    );
  });
});
