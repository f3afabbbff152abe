import { InvalidArgumentError } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { sealFrame } from './frame.js';
import { FrameDamagedError, FrameDecoder, FrameTooLargeError } from './frame-decoder.js';

function caught(run: () => void): unknown {
  try {
    run();
  } catch (thrown) {
    return thrown;
  }
  return undefined;
}

describe('FrameDecoder', () => {
  it('hands on a frame that lies whole in a chunk without a copy', () => {
    const chunk = sealFrame(Uint8Array.of(1, 2, 3));
    const payloads: Uint8Array[] = [];
    new FrameDecoder({ frameBytesMax: 64 }).push(chunk, (payload) => payloads.push(payload));
    expect(payloads).toEqual([Uint8Array.of(1, 2, 3)]);
    expect(payloads[0]?.buffer).toBe(chunk.buffer);
  });

  it('hands on payloads that later chunks do not overwrite', () => {
    const decoder = new FrameDecoder({ frameBytesMax: 64 });
    const payloads: Uint8Array[] = [];
    const stream = Uint8Array.of(...sealFrame(Uint8Array.of(1, 1)), ...sealFrame(Uint8Array.of(2, 2)));
    for (const byte of stream) decoder.push(Uint8Array.of(byte), (payload) => payloads.push(payload));
    expect(payloads).toEqual([Uint8Array.of(1, 1), Uint8Array.of(2, 2)]);
  });

  it('says how many bytes of a cut frame it holds', () => {
    const decoder = new FrameDecoder({ frameBytesMax: 64 });
    const frame = sealFrame(Uint8Array.of(1, 2, 3));
    decoder.push(frame.subarray(0, 18), () => {});
    expect(decoder.pendingBytes).toBe(18);
    decoder.push(frame.subarray(18), () => {});
    expect(decoder.pendingBytes).toBe(0);
  });

  it('refuses a frame above the limit from its header, before the payload came', () => {
    const decoder = new FrameDecoder({ frameBytesMax: 1000 });
    const header = sealFrame(new Uint8Array(985)).subarray(0, 16);
    const thrown = caught(() => decoder.push(header, () => {}));
    expect(thrown).toBeInstanceOf(FrameTooLargeError);
    expect(thrown).toMatchObject({ code: 'FRAME_TOO_LARGE', frameBytesMax: 1000, offset: 0, effect: 'none' });
    expect(decoder.pendingBytes).toBe(0);
  });

  it('delivers what was whole before the damage, names where the damage is, and stays failed', () => {
    const decoder = new FrameDecoder({ frameBytesMax: 64 });
    const damaged = sealFrame(Uint8Array.of(2));
    damaged[16] = 3;
    const payloads: Uint8Array[] = [];
    const deliver = (payload: Uint8Array) => payloads.push(payload);
    const thrown = caught(() =>
      decoder.push(Uint8Array.of(...sealFrame(Uint8Array.of(1)), ...damaged), deliver),
    );
    expect(payloads).toEqual([Uint8Array.of(1)]);
    expect(thrown).toBeInstanceOf(FrameDamagedError);
    expect(thrown).toMatchObject({ code: 'FRAME_DAMAGED', reason: 'payload', offset: 17, effect: 'none' });
    expect(caught(() => decoder.push(sealFrame(Uint8Array.of(4)), deliver))).toBe(thrown);
    expect(payloads).toHaveLength(1);
  });

  it('refuses garbage at its first byte', () => {
    const thrown = caught(() => new FrameDecoder({ frameBytesMax: 64 }).push(Uint8Array.of(0x47), () => {}));
    expect(thrown).toMatchObject({ reason: 'magic', offset: 0 });
  });

  it('passes on what the receiver throws and decodes no more', () => {
    const decoder = new FrameDecoder({ frameBytesMax: 64 });
    const failure = new Error('full');
    const push = () =>
      decoder.push(sealFrame([]), () => {
        throw failure;
      });
    expect(caught(push)).toBe(failure);
    expect(caught(() => decoder.push(sealFrame([]), () => {}))).toBe(failure);
  });

  it('does not reserve memory by an announced length: a thousand headers of 64 MiB cost next to nothing', () => {
    const frameBytesMax = 64 * 1024 * 1024;
    const header = sealFrame(new Uint8Array(frameBytesMax - 16)).subarray(0, 16);
    const before = process.memoryUsage().arrayBuffers;
    const decoders = Array.from({ length: 1000 }, () => new FrameDecoder({ frameBytesMax }));
    for (const decoder of decoders) {
      decoder.push(header, () => {});
      decoder.push(Uint8Array.of(0), () => {});
    }
    expect(decoders.every((decoder) => decoder.pendingBytes === 17)).toBe(true);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024);
  });

  it.each([0, 15, Number.NaN])('refuses frameBytesMax %d', (frameBytesMax) => {
    expect(() => new FrameDecoder({ frameBytesMax })).toThrow(InvalidArgumentError);
  });
});
