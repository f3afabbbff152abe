import { describe, expect, it, vi } from 'vitest';
import { type BackendOffer, type CrcSpecification, createCrc } from './crc-backends.js';
import { createFoldedDivision } from './crc-folding.js';
import { crc32Backends } from './crc32.js';
import { divideByCrc32 } from './crc32-division.js';
import { crc32cBackends } from './crc32c.js';
import { divideByCrc32c } from './crc32c-division.js';
import { type ContinuedCheck, nativeCheck, zlibCheck } from './platform.js';

const bytes = Uint8Array.from({ length: 70_000 }, (_, place) => (place * 167 + (place >> 5) * 13) & 0xff);
const throughTables = (data: Uint8Array, previous = 0) =>
  ~divideByCrc32c(data, 0, data.length, ~previous) >>> 0;

function specificationOf(
  check: ContinuedCheck | undefined,
  untilBytes = Number.POSITIVE_INFINITY,
): CrcSpecification {
  const offer: BackendOffer = { backend: '@node-rs/crc32', fromBytes: 300, untilBytes, check };
  return {
    name: 'CRC-32C',
    tables: divideByCrc32c,
    distances: [65, 155, 170, 195, 209],
    checkOfDigits: 0xe3069283,
    offers: () => [offer],
  };
}

describe('native code', () => {
  it.each([
    ['CRC-32C of @node-rs/crc32', nativeCheck('crc32c'), divideByCrc32c],
    ['CRC-32 of @node-rs/crc32', nativeCheck('crc32'), divideByCrc32],
    ['CRC-32 of node:zlib', zlibCheck(), divideByCrc32],
  ] as const)('%s is that through tables at every length and offset', (_, check, divide) => {
    if (check === undefined) return; // not every platform has it
    for (let length = 0; length <= 1100; length++) {
      const start = length % 17;
      const data = bytes.subarray(start, start + length);
      expect(check(data, length)).toBe(~divide(data, 0, length, ~length) >>> 0);
    }
  });

  it('is there on this platform, and nothing was refused', () => {
    for (const report of [crc32cBackends(), crc32Backends()]) {
      expect(report.refused).toEqual([]);
      expect(report.inUse.length).toBeGreaterThan(1);
      expect(report.inUse[0]).toEqual({ backend: 'tables', fromBytes: 0 });
    }
  });

  const wrongOnes: readonly (readonly [string, ContinuedCheck])[] = [
    ['is wrong everywhere', () => 7],
    ['gives signed words', (data, previous) => throughTables(data, previous) | 0],
    ['forgets what stood before', (data) => throughTables(data, 0)],
    [
      'reads the buffer from its begin',
      (data, previous) => throughTables(new Uint8Array(data.buffer, 0, data.length), previous),
    ],
    [
      'drops the last byte of long inputs',
      (data, previous) => throughTables(data.length > 4000 ? data.subarray(1) : data, previous),
    ],
    [
      'throws',
      () => {
        throw new Error('illegal instruction');
      },
    ],
  ];

  it.each(wrongOnes)('that %s is refused, which is said, and the value is right all the same', (_, check) => {
    const emitWarning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const crc = createCrc(specificationOf(check));
    expect(crc.ofRange(bytes, 3, 5000, 0)).toBe(throughTables(bytes.subarray(3, 5000), 0));
    expect(crc.ofRange(bytes, 0, bytes.length, 5)).toBe(throughTables(bytes, 5));
    expect(crc.backends().refused.map(({ backend }) => backend)).toEqual(['@node-rs/crc32']);
    expect(crc.backends().inUse.map(({ backend }) => backend)).not.toContain('@node-rs/crc32');
    expect(emitWarning).toHaveBeenCalledTimes(1);
    expect(String(emitWarning.mock.calls[0]?.[0])).toMatch(/@node-rs\/crc32 computes CRC-32C wrongly/);
  });

  it('is asked for long inputs alone, whole arrays as they are', () => {
    const seen: Uint8Array[] = [];
    const crc = createCrc(
      specificationOf((data, previous) => {
        seen.push(data);
        return throughTables(data, previous);
      }),
    );
    expect(crc.backends().inUse).toEqual([
      { backend: 'tables', fromBytes: 0 },
      { backend: '@node-rs/crc32', fromBytes: 300 },
    ]);
    seen.length = 0;
    crc.ofRange(bytes, 0, 299, 0);
    expect(seen).toEqual([]);
    crc.ofRange(bytes, 0, bytes.length, 0);
    expect(seen[0]).toBe(bytes);
    crc.ofRange(bytes, 7, 400, 0);
    expect(seen[1]).toEqual(bytes.subarray(7, 400));
  });

  it('gives way to WebAssembly where that is faster', () => {
    const crc = createCrc(specificationOf(throughTables, 2048));
    expect(crc.backends().inUse).toEqual([
      { backend: 'tables', fromBytes: 0 },
      { backend: '@node-rs/crc32', fromBytes: 300 },
      { backend: 'webassembly', fromBytes: 2048 },
    ]);
  });
});

describe('a platform with nothing native', () => {
  it('gets WebAssembly, with the values of tables', () => {
    const crc = createCrc(specificationOf(undefined));
    expect(crc.backends().inUse).toEqual([
      { backend: 'tables', fromBytes: 0 },
      { backend: 'webassembly', fromBytes: 640 },
    ]);
    for (let length = 600; length < 900; length++) {
      expect(crc.ofRange(bytes, 5, 5 + length, 9)).toBe(throughTables(bytes.subarray(5, 5 + length), 9));
    }
  });

  it('and no WebAssembly either gets tables', () => {
    vi.stubGlobal('WebAssembly', undefined);
    const crc = createCrc(specificationOf(undefined));
    expect(crc.ofRange(bytes, 0, 9000, 0)).toBe(throughTables(bytes.subarray(0, 9000), 0));
    expect(crc.backends()).toEqual({ inUse: [{ backend: 'tables', fromBytes: 0 }], refused: [] });
    vi.unstubAllGlobals();
  });
});

describe.each([
  ['CRC-32C', divideByCrc32c, [65, 155, 170, 195, 209]],
  ['CRC-32', divideByCrc32, [145, 183, 211, 300]],
] as const)('folding of %s', (_, divide, distances) => {
  const folded = createFoldedDivision(distances, divide);

  it('is the division through tables, at every length and over every border of its chunks', () => {
    expect(folded).toBeDefined();
    if (folded === undefined) return;
    const lengths = Array.from({ length: 400 }, (_unused, place) => folded.bytesMin + place);
    for (const chunks of [1, 2, 3]) {
      for (let around = -70; around <= 400; around += 13) lengths.push(16_384 * chunks + around);
    }
    for (const length of lengths) {
      const start = length % 9;
      const remainder = Math.imul(length, 0x9e3779b1);
      expect(folded.carry(bytes, start, start + length, remainder)).toBe(
        divide(bytes, start, start + length, remainder),
      );
    }
  });

  it('its distances are a multiple of the generator: an error of those bits goes unseen, as it must', () => {
    const span = Math.max(...distances);
    const message = new Uint8Array(Math.ceil((span + 1) / 8));
    for (const bit of [0, ...distances]) message[bit >> 3] = (message[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(divide(message, 0, message.length, 0)).toBe(0);
  });
});
