import { ByteReader, ByteWriter, createMembership, DecodeError, type Entry, isSynodError } from '@synod/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RaftMessage, raftMessageCodec } from '../src/index.js';

const index = fc.nat({ max: 2 ** 31 }).map((value) => value * 3);
const address = fc.constant({ from: 'n1', to: 'n2' });
const meta = fc
  .record({ index, term: index })
  .map((position) => ({ ...position, membership: createMembership(['n1', 'n2', 'n3']) }));

const entries = fc
  .record({
    prevLogIndex: index,
    prevLogTerm: fc.nat(1000),
    entries: fc.array(
      fc.record({
        step: fc.nat(3),
        kind: fc.constantFrom('command' as const, 'noop' as const, 'membership' as const),
        data: fc.uint8Array({ maxLength: 40 }),
      }),
      { maxLength: 20 },
    ),
  })
  .map(({ prevLogIndex, prevLogTerm, entries: steps }) => {
    let term = prevLogTerm;
    const made: Entry[] = steps.map(({ step, kind, data }, offset) => {
      term += step;
      return { index: prevLogIndex + offset + 1, term, kind, data };
    });
    return { prevLogIndex, prevLogTerm, entries: made };
  });

const message: fc.Arbitrary<RaftMessage> = fc
  .oneof(
    fc.record({
      type: fc.constant('requestVote' as const),
      term: index,
      preVote: fc.boolean(),
      lastLogIndex: index,
      lastLogTerm: index,
    }),
    fc.record({
      type: fc.constant('vote' as const),
      term: index,
      preVote: fc.boolean(),
      granted: fc.boolean(),
    }),
    fc
      .tuple(entries, index, index)
      .map(([part, term, commitIndex]) => ({ type: 'appendEntries' as const, term, commitIndex, ...part })),
    fc.record({ type: fc.constant('appendAccepted' as const), term: index, matchIndex: index }),
    fc.record({
      type: fc.constant('appendRefused' as const),
      term: index,
      refusedIndex: index,
      hintIndex: index,
      hintTerm: index,
    }),
    fc.record({ type: fc.constant('heartbeat' as const), term: index, commitIndex: index, round: index }),
    fc.record({ type: fc.constant('heartbeatAnswer' as const), term: index, round: index }),
    fc.record({
      type: fc.constant('heartbeatAnswer' as const),
      term: index,
      round: index,
      snapshotWanted: index,
    }),
    fc.record({ type: fc.constant('installSnapshot' as const), term: index, meta }),
    fc.record({ type: fc.constant('readRequest' as const), term: index, life: index, request: index }),
    fc.record({
      type: fc.constant('readAnswer' as const),
      term: index,
      life: index,
      request: index,
      index: fc.option(index, { nil: undefined }),
    }),
  )
  .chain((body) => address.map((addresses) => ({ ...body, ...addresses }) as RaftMessage));

describe('messages as bytes', () => {
  it('every message comes back as it was', () => {
    fc.assert(
      fc.property(message, (original) => {
        const writer = new ByteWriter();
        raftMessageCodec.encode(original, writer);
        const reader = new ByteReader(writer.take());
        expect(raftMessageCodec.decode(reader, original.from, original.to)).toEqual(original);
        reader.end();
      }),
      { numRuns: 500 },
    );
  });

  it('arbitrary bytes give a message or a DecodeError, and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          raftMessageCodec.decode(new ByteReader(bytes), 'n1', 'n2');
        } catch (error) {
          expect(isSynodError(error) && error.code).toBe(new DecodeError('').code);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('a damaged message never yields more entries than its bytes could hold', () => {
    const writer = new ByteWriter();
    writer.u8(3);
    for (const field of [1, 0, 0, 0]) writer.varint(field);
    writer.varint(900_000);
    expect(() => raftMessageCodec.decode(new ByteReader(writer.take()), 'n1', 'n2')).toThrow(
      /900000 entries are announced but only 0 bytes follow/,
    );
  });
});
