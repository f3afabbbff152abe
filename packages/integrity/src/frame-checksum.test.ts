import { ByteWriter } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { checksumAlgorithm, checksumNames } from './checksums/registry.js';
import { beginFrame, endFrame, openFrame, sealFrame } from './frame.js';
import { FrameDamagedError, FrameDecoder } from './frame-decoder.js';

const payload = Uint8Array.from({ length: 50 }, (_, place) => place * 5);
const frameBytesMax = 200;

describe.each(checksumNames)('a frame sealed with %s', (name) => {
  const checksum = checksumAlgorithm(name);
  const accepting = { frameBytesMax, salt: 7, checksums: [checksum] };
  const frame = sealFrame(payload, 7, checksum);

  it('opens where that is accepted', () => {
    expect(openFrame(frame, 0, accepting)).toEqual({ type: 'whole', payload, end: frame.length });
    expect(frame.length).toBe(16 + payload.length + (name === 'crc-32c' ? 0 : checksum.digestBytes));
  });

  it('is the same when written in place', () => {
    const writer = new ByteWriter();
    writer.u8(1);
    const start = beginFrame(writer);
    for (const byte of payload) writer.u8(byte);
    expect(endFrame(writer, start, 7, checksum)).toBe(frame.length);
    expect(writer.view().slice(1)).toEqual(frame);
  });

  it('comes through a decoder in any chunks', () => {
    for (const size of [1, 7, 16, 65, 500]) {
      const decoder = new FrameDecoder(accepting);
      const payloads: Uint8Array[] = [];
      const stream = Uint8Array.of(...frame, ...frame);
      for (let start = 0; start < stream.length; start += size)
        decoder.push(stream.subarray(start, start + size), (bytes) => payloads.push(bytes));
      expect(payloads).toEqual([payload, payload]);
    }
  });

  it('with any byte changed is damaged, and with any byte missing incomplete', () => {
    for (let place = 0; place < frame.length; place++) {
      const damaged = frame.slice();
      damaged[place] = (damaged[place] ?? 0) ^ 0x40;
      expect(openFrame(damaged, 0, accepting).type).toBe('damaged');
      expect(openFrame(frame.subarray(0, place), 0, accepting).type).toBe('incomplete');
    }
  });

  it('does not open under another salt', () => {
    expect(openFrame(frame, 0, { ...accepting, salt: 8 })).toEqual({ type: 'damaged', reason: 'header' });
  });

  it('counts its digest against the limit', () => {
    const limits = { ...accepting, frameBytesMax: frame.length - 1 };
    expect(openFrame(frame, 0, limits)).toEqual({ type: 'damaged', reason: 'tooLarge' });
  });
});

describe('a checksum that is not accepted', () => {
  const sealed = sealFrame(payload, 0, checksumAlgorithm('xxh3-64'));

  it('is refused by name, without a look at the payload', () => {
    for (const checksums of [undefined, [], [checksumAlgorithm('blake3')]]) {
      const expectation = { frameBytesMax, ...(checksums === undefined ? {} : { checksums }) };
      expect(openFrame(sealed, 0, expectation)).toEqual({ type: 'damaged', reason: 'checksum' });
    }
    const decoder = new FrameDecoder({ frameBytesMax });
    expect(() => decoder.push(sealed.subarray(0, 16), () => {})).toThrow(FrameDamagedError);
  });

  it('may be CRC-32C too', () => {
    const expectation = { frameBytesMax, checksums: [checksumAlgorithm('xxh3-64')] };
    expect(openFrame(sealFrame(payload), 0, expectation)).toEqual({ type: 'damaged', reason: 'checksum' });
    const both = { frameBytesMax, checksums: [checksumAlgorithm('xxh3-64'), checksumAlgorithm('crc-32c')] };
    expect(openFrame(sealFrame(payload), 0, both).type).toBe('whole');
    expect(openFrame(sealed, 0, both).type).toBe('whole');
  });
});
