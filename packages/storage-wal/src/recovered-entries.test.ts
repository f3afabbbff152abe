import { describe, expect, it } from 'vitest';
import { RecoveredEntries } from './recovered-entries.js';

function entry(index: number, term: number, length = 3) {
  return { index, term, kind: 'command' as const, data: new Uint8Array(length).fill(term) };
}

describe('recovered entries', () => {
  it('keep the later of two entries of an index, wherever it stands among the others', () => {
    const recovered = new RecoveredEntries();
    recovered.apply({ entries: [entry(5, 1), entry(6, 1), entry(9, 1)] });
    recovered.apply({ entries: [entry(6, 2), entry(7, 2)] });
    recovered.apply({ entries: [entry(1, 3), entry(2, 3)] });
    recovered.apply({ entries: [entry(8, 4)] });
    expect(recovered.take().entries.map(({ index, term }) => [index, term])).toEqual([
      [1, 3],
      [2, 3],
      [5, 1],
      [6, 2],
      [7, 2],
      [8, 4],
      [9, 1],
    ]);
  });

  it('do not change with the buffer they were read from, and keep no large one alive', () => {
    const source = new Uint8Array(1 << 20).fill(7);
    const recovered = new RecoveredEntries();
    recovered.apply({
      entries: [
        { ...entry(1, 1), data: source.subarray(0, 10) },
        { ...entry(2, 1), data: source.subarray(0, 9000) },
      ],
      hardState: source.subarray(0, 2),
    });
    source.fill(0);
    const { entries, hardState } = recovered.take();
    expect(entries[0]?.data).toEqual(new Uint8Array(10).fill(7));
    expect(entries[1]?.data).toEqual(new Uint8Array(9000).fill(7));
    expect(hardState).toEqual(Uint8Array.of(7, 7));
    expect(entries[0]?.data.buffer.byteLength).toBeLessThanOrEqual(1 << 16);
    expect(entries[1]?.data.buffer.byteLength).toBe(9000);
  });

  it('never come back at or before the discard point', () => {
    const recovered = new RecoveredEntries();
    recovered.apply({
      entries: [entry(1, 1), entry(2, 1), entry(3, 1)],
      discardThrough: { index: 0, term: 0 },
    });
    recovered.apply({ entries: [], discardThrough: { index: 2, term: 1 } });
    recovered.apply({ entries: [entry(1, 2), entry(2, 2)] });
    recovered.apply({ entries: [], discardThrough: { index: 1, term: 1 } });
    expect(recovered.take()).toEqual({ discarded: { index: 2, term: 1 }, entries: [entry(3, 1)] });
  });
});
