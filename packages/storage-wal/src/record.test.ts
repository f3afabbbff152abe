import { ByteReader, ByteWriter, type DurableWrite } from '@synod/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { beginBatch, decodeBatch, sealBatch } from './batch.js';
import {
  checkWrite,
  decodeRecord,
  encodeLogBegins,
  encodeSegmentEnd,
  encodeWrite,
  type LogChange,
} from './record.js';
import { encodeSegmentHeader, segmentHeaderBytes } from './segment.js';

const incarnation = '000102030405060708090a0b0c0d0e0f';

const everyField: LogChange = {
  discardThrough: { index: 300, term: 2 },
  truncateFrom: 305,
  hardState: Uint8Array.of(0xaa, 0xbb),
  entries: [
    { index: 305, term: 7, kind: 'command', data: Uint8Array.of(1, 2, 3) },
    { index: 306, term: 7, kind: 'noop', data: new Uint8Array(0) },
    { index: 310, term: 200, kind: 'membership', data: Uint8Array.of(9) },
  ],
};

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

describe('the bytes of the log', () => {
  it('of a write are these, in every release that reads format 1', () => {
    const writer = new ByteWriter();
    encodeWrite(writer, 5, everyField);
    expect(hex(writer.view())).toBe(
      [
        '01',
        '05',
        '07',
        'ac02',
        '02',
        'b102',
        '02aabb',
        '03',
        'b102',
        '07',
        '00',
        '03010203',
        '01',
        '07',
        '01',
        '00',
        '04',
        'c801',
        '02',
        '0109',
      ].join(''),
    );
  });

  it('of the log’s own records are these', () => {
    const writer = new ByteWriter();
    encodeLogBegins(writer, 300);
    encodeSegmentEnd(writer, 7);
    expect(hex(writer.view())).toBe('02ac020307');
  });

  it('of a batch are a sealed frame of number and records', () => {
    const writer = new ByteWriter();
    beginBatch(writer);
    encodeLogBegins(writer, 1);
    sealBatch(writer, 2 ** 32 + 5, 0x12345678);
    expect(hex(writer.view())).toMatchInlineSnapshot(
      `"a70100000a000000cb451a24a175995f05000000010000000201"`,
    );
    expect(decodeBatch(writer.view().subarray(16))).toEqual({
      number: 2 ** 32 + 5,
      records: [{ type: 'logBegins', segment: 1 }],
    });
  });

  it('of a segment’s header are these', () => {
    const header = encodeSegmentHeader({ incarnation, sequence: 3, firstBatch: 2 ** 32 + 1 });
    expect(header.length).toBe(segmentHeaderBytes);
    expect(hex(header)).toMatchInlineSnapshot(
      `"a701000026000000426e1334ecb6544873796e6f642d77616c01000102030405060708090a0b0c0d0e0f030000000100000001000000"`,
    );
  });
});

describe('a record', () => {
  const change: fc.Arbitrary<LogChange> = fc
    .record(
      {
        discardThrough: fc.record({ index: fc.nat(1000), term: fc.maxSafeNat() }),
        truncateFrom: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
        hardState: fc.uint8Array({ maxLength: 50 }),
        entries: fc.array(
          fc.record({
            index: fc.integer({ min: 1001, max: 9_000_000_000 }),
            term: fc.maxSafeNat(),
            kind: fc.constantFrom('command' as const, 'noop' as const, 'membership' as const),
            data: fc.uint8Array({ maxLength: 40 }),
          }),
        ),
      },
      { requiredKeys: ['entries'] },
    )
    .map(({ entries, ...rest }) => ({
      ...rest,
      entries: [...new Map(entries.map((entry) => [entry.index, entry])).values()].sort(
        (left, right) => left.index - right.index,
      ),
    }));

  it('is read back as it was, and takes no more bytes than it was checked for', () => {
    fc.assert(
      fc.property(change, fc.integer({ min: 0, max: 0xffff_ffff }), (written, group) => {
        const writer = new ByteWriter();
        const most = checkWrite(written);
        encodeWrite(writer, group, written);
        expect(writer.length).toBeLessThanOrEqual(most);
        const reader = new ByteReader(writer.view());
        expect(decodeRecord(reader)).toEqual({ type: 'write', group, change: written });
        expect(reader.remaining).toBe(0);
      }),
    );
  });

  it('never stores a proposal number or a receipt', () => {
    const write: DurableWrite = { ...everyField, receipt: { sequence: 4, last: undefined } };
    const marked = { ...write, entries: write.entries.map((entry) => ({ ...entry, proposal: 99 })) };
    const plain = new ByteWriter();
    const withProposal = new ByteWriter();
    encodeWrite(plain, 5, everyField);
    encodeWrite(withProposal, 5, marked);
    expect(hex(withProposal.view())).toBe(hex(plain.view()));
  });

  it('of any other bytes is refused with a DecodeError, without taking memory by what they announce', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          decodeRecord(new ByteReader(bytes));
        } catch (error) {
          expect(error).toMatchObject({ code: 'DECODE_FAILED' });
        }
      }),
    );
    for (const bytes of [
      [9],
      [1, 0, 8],
      [1, 0, 0, 0xff, 0xff, 0xff, 0x7f],
      [1, 0, 0, 2, 1, 1, 0, 0, 0, 1, 0, 0],
      [1, 0, 0, 1, 1, 1, 3, 0],
    ]) {
      expect(() => decodeRecord(new ByteReader(Uint8Array.from(bytes)))).toThrow(
        expect.objectContaining({ code: 'DECODE_FAILED' }),
      );
    }
  });
});
