import { isSynodError } from '@synod/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openFrame, sealFrame } from './frame.js';
import { FrameDamagedError, FrameDecoder, FrameTooLargeError } from './frame-decoder.js';

const expectation = { frameBytesMax: 4096, salt: 77 };
const payloads = fc.array(fc.uint8Array({ maxLength: 90 }), { maxLength: 12 });

function streamOf(sent: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(sent.flatMap((payload) => [...sealFrame(payload, expectation.salt)]));
}

/** Cuts the stream into chunks of the given lengths, over and over. Each chunk is overwritten after its push. */
function decode(
  stream: Uint8Array,
  chunkLengths: readonly number[],
): { frames: number[][]; thrown?: unknown } {
  const decoder = new FrameDecoder(expectation);
  const frames: number[][] = [];
  let start = 0;
  for (let turn = 0; start < stream.length; turn++) {
    const chunk = stream.slice(start, start + (chunkLengths[turn % chunkLengths.length] ?? 1));
    start += chunk.length;
    try {
      decoder.push(chunk, (payload) => frames.push([...payload]));
    } catch (thrown) {
      return { frames, thrown };
    }
    chunk.fill(0xee);
  }
  return { frames };
}

const chunkings = fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 1, maxLength: 10 });

describe('laws of frames', () => {
  it('any split of any sequence of frames decodes to what was sealed', () => {
    fc.assert(
      fc.property(payloads, chunkings, (sent, chunkLengths) => {
        const decoded = decode(streamOf(sent), chunkLengths);
        expect(decoded).toEqual({ frames: sent.map((payload) => [...payload]) });
      }),
      { numRuns: 500 },
    );
  });

  it('a changed byte anywhere loses its own frame and what follows, and nothing before, however it is split', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 60 }), { minLength: 1, maxLength: 6 }),
        chunkings,
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (sent, chunkLengths, place, change) => {
          const stream = streamOf(sent);
          const position = place % stream.length;
          stream[position] = (stream[position] ?? 0) ^ change;
          let wholeBefore = 0;
          for (let end = 0; wholeBefore < sent.length; wholeBefore++) {
            end += 16 + (sent[wholeBefore]?.length ?? 0);
            if (end > position) break;
          }
          const { frames, thrown } = decode(stream, chunkLengths);
          expect(frames).toEqual(sent.slice(0, wholeBefore).map((payload) => [...payload]));
          expect(thrown).toBeInstanceOf(FrameDamagedError);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('every changed byte of a frame is damage, never a whole or a short frame', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 1, max: 255 }), (payload, change) => {
        const frame = sealFrame(payload, expectation.salt);
        for (let position = 0; position < frame.length; position++) {
          frame[position] = (frame[position] ?? 0) ^ change;
          expect(openFrame(frame, 0, expectation).type).toBe('damaged');
          frame[position] = (frame[position] ?? 0) ^ change;
        }
      }),
    );
  });

  it('random bytes never yield a frame, and the decoder throws nothing but its own errors', () => {
    // Half of them begin as a frame does, so that more than the magic is put to the test.
    const random = fc.tuple(
      fc.constantFrom([], [0xa7, 1, 0, 0], [0xa7, 1, 0, 0, 20, 0, 0, 0]),
      fc.uint8Array({ maxLength: 200 }),
    );
    fc.assert(
      fc.property(random, chunkings, ([begin, rest], chunkLengths) => {
        const bytes = Uint8Array.of(...begin, ...rest);
        for (let offset = 0; offset <= bytes.length; offset++) {
          expect(openFrame(bytes, offset, expectation).type).not.toBe('whole');
        }
        const { frames, thrown } = decode(bytes, chunkLengths);
        expect(frames).toEqual([]);
        if (thrown !== undefined) {
          expect(isSynodError(thrown)).toBe(true);
          expect(thrown instanceof FrameDamagedError || thrown instanceof FrameTooLargeError).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
