import { ByteWriter, encodeUtf8, InvalidArgumentError } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { crc32c } from './checksums/crc32c.js';
import { beginFrame, endFrame, frameOverheadBytes, openFrame, sealFrame } from './frame.js';

const expectation = { frameBytesMax: 1024 };
const digits = encodeUtf8('123456789');

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** A frame whose header was changed and then given a check that agrees: what a later version would send. */
function withHeader(change: (frame: Uint8Array) => void): Uint8Array {
  const frame = sealFrame(digits);
  change(frame);
  new DataView(frame.buffer).setUint32(8, crc32c(frame.subarray(0, 8)), true);
  return frame;
}

describe('the bytes of a frame', () => {
  // Computed apart from this code, bit by bit after the layout in frame.ts.
  it.each([
    ['123456789', 0, 'a701000009000000e5a1720c631b35fd313233343536373839'],
    ['', 0, 'a701000000000000bb687327bb687327'],
    ['123456789', 0xdecade, 'a7010000090000001b77d69d09f15dd9313233343536373839'],
  ])('are these for "%s" under salt %d', (payload, salt, expected) => {
    expect(hex(sealFrame(encodeUtf8(payload), salt))).toBe(expected);
  });

  it('are the same whether sealed from one array, from parts, or in place', () => {
    const frame = sealFrame(digits, 7);
    expect(sealFrame([digits.subarray(0, 4), new Uint8Array(0), digits.subarray(4)], 7)).toEqual(frame);
    const writer = new ByteWriter(1);
    writer.u8(0x55);
    const start = beginFrame(writer);
    writer.raw(digits);
    expect(endFrame(writer, start, 7)).toBe(frame.length);
    expect(writer.view().subarray(1)).toEqual(frame);
    expect(writer.view()[0]).toBe(0x55);
  });
});

describe('opening a frame', () => {
  it('gives the payload as a view, and where the next frame begins', () => {
    const first = sealFrame(digits);
    const bytes = Uint8Array.of(9, 9, 9, ...first, ...sealFrame([]));
    const opened = openFrame(bytes, 3, expectation);
    expect(opened).toEqual({ type: 'whole', payload: digits, end: 3 + first.length });
    if (opened.type === 'whole') expect(opened.payload.buffer).toBe(bytes.buffer);
    expect(openFrame(bytes, 3 + first.length, expectation)).toEqual({
      type: 'whole',
      payload: new Uint8Array(0),
      end: bytes.length,
    });
  });

  it('gives a plain Uint8Array for a Buffer, so that slice copies', () => {
    const opened = openFrame(Buffer.from(sealFrame(digits)), 0, expectation);
    expect(opened.type === 'whole' && opened.payload.constructor).toBe(Uint8Array);
    expect(opened.type === 'whole' && opened.payload).toEqual(digits);
  });

  it('asks for the header, then for the whole frame, while bytes are missing', () => {
    const frame = sealFrame(digits);
    for (let length = 0; length < frame.length; length++) {
      const needed = length < frameOverheadBytes ? frameOverheadBytes : frame.length;
      expect(openFrame(frame.subarray(0, length), 0, expectation)).toEqual({ type: 'incomplete', needed });
    }
    expect(openFrame(frame, frame.length + 5, expectation)).toEqual({ type: 'incomplete', needed: 16 });
  });

  it('calls a damaged length damage, and never a short file', () => {
    for (let bit = 0; bit < 32; bit++) {
      const frame = sealFrame(digits);
      frame[4 + (bit >> 3)] = (frame[4 + (bit >> 3)] ?? 0) ^ (1 << (bit & 7));
      expect(openFrame(frame, 0, { frameBytesMax: 2 ** 32 })).toEqual({ type: 'damaged', reason: 'header' });
    }
  });

  it('refuses every flipped bit, with the place it found', () => {
    const sound = sealFrame(digits);
    for (let bit = 0; bit < sound.length * 8; bit++) {
      const frame = sound.slice();
      frame[bit >> 3] = (frame[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const reason = bit < 8 ? 'magic' : bit < 12 * 8 ? 'header' : 'payload';
      expect(openFrame(frame, 0, expectation)).toEqual({ type: 'damaged', reason });
    }
  });

  it('takes a frame of exactly frameBytesMax and refuses one byte more by its header alone', () => {
    const frame = sealFrame(new Uint8Array(100));
    expect(openFrame(frame, 0, { frameBytesMax: 116 }).type).toBe('whole');
    const tooLarge = { type: 'damaged', reason: 'tooLarge' };
    expect(openFrame(frame, 0, { frameBytesMax: 115 })).toEqual(tooLarge);
    expect(openFrame(frame.subarray(0, 16), 0, { frameBytesMax: 115 })).toEqual(tooLarge);
  });

  it('tells an unknown version, unknown flags and an unknown checksum from damage', () => {
    const checksum = withHeader((bytes) => {
      bytes[2] = 200;
    });
    expect(openFrame(checksum, 0, expectation)).toEqual({ type: 'damaged', reason: 'checksum' });
    for (const position of [1, 3]) {
      const frame = withHeader((bytes) => {
        bytes[position] = 2;
      });
      expect(openFrame(frame, 0, expectation)).toEqual({ type: 'damaged', reason: 'version' });
    }
  });

  it('never opens under another salt', () => {
    for (const [sealed, opened] of [
      [0, 1],
      [1, 0],
      [0xffff_ffff, 0],
      [0x8000_0000, 0],
    ] as const) {
      const frame = sealFrame(digits, sealed);
      expect(openFrame(frame, 0, { ...expectation, salt: sealed }).type).toBe('whole');
      expect(openFrame(frame, 0, { ...expectation, salt: opened })).toEqual({
        type: 'damaged',
        reason: 'header',
      });
    }
  });

  it('binds the payload to its header: the payload and check of a frame under another salt do not pass', () => {
    const frame = sealFrame(digits, 1);
    frame.set(sealFrame(digits, 2).subarray(12), 12);
    expect(openFrame(frame, 0, { ...expectation, salt: 1 })).toEqual({ type: 'damaged', reason: 'payload' });
  });
});

describe('a caller of frames', () => {
  it.each([15, 2 ** 32 + 16, 100.5, Number.NaN, Number.POSITIVE_INFINITY])(
    'may not pass frameBytesMax %d',
    (frameBytesMax) => {
      expect(() => openFrame(sealFrame(digits), 0, { frameBytesMax })).toThrow(InvalidArgumentError);
    },
  );

  it.each([-1, 2 ** 32, 0.5, Number.NaN])('may not pass salt %d', (salt) => {
    expect(() => sealFrame(digits, salt)).toThrow(InvalidArgumentError);
    expect(() => openFrame(sealFrame(digits), 0, { ...expectation, salt })).toThrow(InvalidArgumentError);
    const writer = new ByteWriter();
    beginFrame(writer);
    expect(() => endFrame(writer, 0, salt)).toThrow(InvalidArgumentError);
  });

  it.each([-1, 0.5, Number.NaN])('may not pass offset %d', (offset) => {
    expect(() => openFrame(sealFrame(digits), offset, expectation)).toThrow(InvalidArgumentError);
  });

  it('may not end a frame that was not begun', () => {
    const writer = new ByteWriter();
    writer.u8(0xa7);
    expect(() => endFrame(writer, 0)).toThrow(/beginFrame/);
    beginFrame(writer);
    expect(() => endFrame(writer, 2)).toThrow(/beginFrame/);
    expect(() => endFrame(writer, 99)).toThrow(/beginFrame/);
  });
});
