import {
  ByteReader,
  ByteWriter,
  createMembership,
  type EngineMessage,
  isSynodError,
  type MessageCodec,
} from '@synod/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ballotOf,
  decodeSynodRecord,
  type RegisterMessage,
  RegisterNode,
  registerMessageCodec,
  roundMax,
  type SynodMessage,
  SynodNode,
  synodMessageCodec,
} from '../src/index.js';

const address = { from: 'n1', to: 'n2' };
const ballot = fc
  .tuple(
    fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: roundMax })),
    fc.integer({ min: 1, max: 1023 }),
  )
  .map(([round, ordinal]) => ballotOf(round, ordinal));
const value = fc.uint8Array({ maxLength: 40 });
const maybe = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined });
const kind = <Kind extends string>(type: Kind) => fc.constant(type);

const synodMessage: fc.Arbitrary<SynodMessage> = fc
  .oneof(
    fc.record({ type: kind('prepare'), ballot }),
    fc.record({ type: kind('promise'), ballot, vote: maybe(fc.record({ ballot, value })) }),
    fc.record({ type: kind('accept'), ballot, value }),
    fc.record({ type: kind('accepted'), ballot }),
    fc.record({ type: kind('refused'), ballot, promised: ballot }),
    fc.record({ type: kind('decided'), value }),
  )
  .map((body) => ({ ...address, ...body }));

const key = fc.string({ unit: 'binary', maxLength: 20 });
const registerMessage: fc.Arbitrary<RegisterMessage> = fc
  .oneof(
    fc.record({ type: kind('prepare'), key, ballot }),
    fc.record({
      type: kind('promise'),
      key,
      ballot,
      vote: maybe(fc.record({ ballot, value: maybe(value) })),
    }),
    fc.record({ type: kind('accept'), key, ballot, value: maybe(value), next: ballot }),
    fc.record({ type: kind('accepted'), key, ballot }),
    fc.record({ type: kind('refused'), key, ballot, promised: ballot }),
  )
  .map((body) => ({ ...address, ...body }));

function encoded<Message extends EngineMessage>(
  codec: Pick<MessageCodec<Message>, 'encode'>,
  message: Message,
): Uint8Array {
  const writer = new ByteWriter();
  codec.encode(message, writer);
  return writer.take();
}

function comesBack<Message extends EngineMessage>(
  codec: Pick<MessageCodec<Message>, 'encode' | 'decode'>,
  messages: fc.Arbitrary<Message>,
): void {
  fc.assert(
    fc.property(messages, (message) => {
      const reader = new ByteReader(encoded(codec, message));
      expect(codec.decode(reader, message.from, message.to)).toEqual(message);
      reader.end();
    }),
    { numRuns: 500 },
  );
}

/** Arbitrary bytes, and messages with a few bytes changed, which get further. */
function hostile<Message extends EngineMessage>(
  codec: Pick<MessageCodec<Message>, 'encode'>,
  messages: fc.Arbitrary<Message>,
): fc.Arbitrary<Uint8Array> {
  const damaged = fc
    .tuple(messages, fc.array(fc.tuple(fc.nat(100), fc.nat(255)), { minLength: 1, maxLength: 4 }))
    .map(([message, changes]) => {
      const bytes = encoded(codec, message);
      for (const [place, byte] of changes) bytes[place % bytes.length] = byte;
      return bytes;
    });
  return fc.oneof(fc.uint8Array({ maxLength: 100 }), damaged);
}

/** The message that bytes hold, or `undefined` when they are refused as they should be. */
function decoded<Message extends EngineMessage>(
  codec: Pick<MessageCodec<Message>, 'decode'>,
  bytes: Uint8Array,
): Message | undefined {
  try {
    return codec.decode(new ByteReader(bytes), 'n1', 'n2');
  } catch (error) {
    expect(isSynodError(error) && error.code).toBe('DECODE_FAILED');
    return undefined;
  }
}

const membership = createMembership(['n1', 'n2', 'n3']);

describe('messages as bytes', () => {
  it('of a Synod come back as they were', () => comesBack(synodMessageCodec, synodMessage));

  it('of registers come back as they were', () => comesBack(registerMessageCodec, registerMessage));

  it('from an enemy are refused or heeded by a Synod, which goes on working', () => {
    const node = new SynodNode({ id: 'n2', membership, seed: 1, valueBytesMax: 20 });
    node.step({ type: 'propose', value: Uint8Array.of(1) });
    let heeded = 0;
    fc.assert(
      fc.property(hostile(synodMessageCodec, synodMessage), (bytes) => {
        const message = decoded(synodMessageCodec, bytes);
        if (message === undefined) return;
        const copy = node.clone();
        copy.step({ type: 'receive', message });
        copy.step({ type: 'retry' });
        if (copy.status().promised > node.status().promised) heeded++;
        const { save } = copy.takeEffects() ?? {};
        if (save !== undefined)
          expect(decodeSynodRecord(save.record).vote?.value.length ?? 0).toBeLessThan(21);
      }),
      { numRuns: 3000 },
    );
    expect(heeded).toBeGreaterThan(0);
  });

  it('from an enemy are refused or heeded by registers, which go on working', () => {
    const node = new RegisterNode({ id: 'n2', membership, seed: 1, valueBytesMax: 20, registersMax: 50 });
    let changes = 0;
    fc.assert(
      fc.property(hostile(registerMessageCodec, registerMessage), (bytes) => {
        const message = decoded(registerMessageCodec, bytes);
        if (message === undefined) return;
        node.step({ type: 'receive', message });
        if (message.key.length > 0)
          node.step({ type: 'change', id: ++changes, key: message.key, change: (now) => now });
        node.step({ type: 'tick' });
        for (const { state } of node.takeEffects()?.save?.records ?? [])
          expect(state.length).toBeLessThan(50);
      }),
      { numRuns: 3000 },
    );
    expect(changes).toBeGreaterThan(100);
  });
});
