import {
  ByteReader,
  ByteWriter,
  createMembership,
  DecodeError,
  type Entry,
  isSynodError,
  logStart,
} from '@synod/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMultiPaxosEngine, type MultiPaxosMessage, multiPaxosMessageCodec } from '../src/index.js';

const number = fc.nat({ max: 2 ** 31 }).map((value) => value * 3);
const ballot = fc.nat({ max: 2 ** 20 }).map((value) => value + 1025);
const kind = fc.constantFrom('command' as const, 'noop' as const, 'membership' as const);

/** Values in ascending slots, of ballots up to a given one. */
function entriesUpTo(most: number): fc.Arbitrary<Entry[]> {
  const step = fc.record({
    skip: fc.integer({ min: 1, max: 3 }),
    term: fc.integer({ min: 0, max: most }),
    kind,
    data: fc.uint8Array({ maxLength: 40 }),
  });
  return fc.array(step, { maxLength: 20 }).map((steps) => {
    let index = 0;
    return steps.map(({ skip, ...rest }) => {
      index += skip;
      return { index, ...rest };
    });
  });
}

const votes = fc
  .tuple(entriesUpTo(5000), fc.nat(5000))
  .map(([entries, above]) => entries.map((entry) => ({ entry, ballot: entry.term + above })));
const ranges = fc.array(
  fc.tuple(number, fc.nat(100)).map(([from, length]) => ({ from, through: from + length })),
  { maxLength: 5 },
);
const meta = fc
  .record({ index: number, term: ballot })
  .map((position) => ({ ...position, membership: createMembership(['n1', 'n2', 'n3']) }));
const optional = fc.option(
  number.map((value) => value + 1),
  { nil: undefined },
);

function body<Type extends MultiPaxosMessage['type']>(
  type: Type,
  fields: {
    [Field in Exclude<
      keyof Extract<MultiPaxosMessage, { type: Type }>,
      'type' | 'from' | 'to' | 'ballot'
    >]: fc.Arbitrary<Extract<MultiPaxosMessage, { type: Type }>[Field]>;
  },
): fc.Arbitrary<unknown> {
  return fc.record({
    type: fc.constant(type),
    from: fc.constant('n1'),
    to: fc.constant('n2'),
    ballot,
    ...fields,
  });
}

const message = fc.oneof(
  body('probe', { probe: number, decided: number }),
  body('probeAnswer', { probe: number, willing: fc.boolean(), decided: number, last: number }),
  body('nominate', { transfer: fc.boolean() }),
  body('prepare', { slot: number, handedOver: number }),
  body('promise', { slot: number, first: number, decided: number, votes, next: optional }),
  body('nack', { refused: number }),
  ballot.chain((of) =>
    body('accept', { entries: entriesUpTo(of), decided: number }).map((made) => ({
      ...(made as MultiPaxosMessage),
      ballot: of,
    })),
  ),
  body('accepted', { decided: number, ranges }),
  body('heartbeat', { decided: number, held: number, round: number }),
  body('heartbeatAnswer', { decided: number, accepted: number, received: number, round: number }),
  body('installSnapshot', { meta }),
  body('learn', { slot: number }),
  body('learned', { entries: entriesUpTo(2 ** 40), decided: number }),
  body('readRequest', { life: number, request: number }),
  body('votesRequest', { life: number, request: number }),
  body('votesAnswer', { life: number, request: number, last: number }),
  body('readAnswer', { life: number, request: number, index: optional }),
) as fc.Arbitrary<MultiPaxosMessage>;

describe('messages as bytes', () => {
  it('every message comes back as it was', () => {
    fc.assert(
      fc.property(message, (original) => {
        const writer = new ByteWriter();
        multiPaxosMessageCodec.encode(original, writer);
        const reader = new ByteReader(writer.take());
        expect(multiPaxosMessageCodec.decode(reader, original.from, original.to)).toEqual(original);
        reader.end();
      }),
      { numRuns: 500 },
    );
  });

  it('arbitrary bytes give a message or a DecodeError, and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          multiPaxosMessageCodec.decode(new ByteReader(bytes), 'n1', 'n2');
        } catch (error) {
          expect(isSynodError(error) && error.code).toBe(new DecodeError('').code);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('a damaged message never yields more values than its bytes could hold', () => {
    const writer = new ByteWriter();
    writer.u8(7);
    for (const field of [1025, 0, 900_000]) writer.varint(field);
    expect(() => multiPaxosMessageCodec.decode(new ByteReader(writer.take()), 'n1', 'n2')).toThrow(
      /900000 values are announced but only 0 bytes follow/,
    );
  });

  it('whatever a peer sends, the engine neither throws nor forgets its promise', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 30 }), fc.boolean(), (messages, leads) => {
        const engine = createMultiPaxosEngine({
          id: 'n2',
          group: 0,
          membership: createMembership(leads ? ['n2'] : ['n1', 'n2', 'n3']),
          recovered: { discarded: logStart, entries: [] },
          seed: 1,
        });
        engine.step({ type: 'campaign' });
        let promised = 0;
        for (const received of messages) {
          engine.step({ type: 'receive', message: received });
          const save = engine.takeEffects()?.save;
          if (save !== undefined) engine.step({ type: 'saved', receipt: save.receipt });
          const { term } = engine.status();
          expect(term).toBeGreaterThanOrEqual(promised);
          promised = term;
        }
      }),
      { numRuns: 500 },
    );
  });
});
