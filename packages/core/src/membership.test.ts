import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter } from './bytes.js';
import { DecodeError, InvalidArgumentError } from './errors.js';
import {
  checkMembership,
  createMembership,
  type Member,
  type Membership,
  readMembership,
  votersOf,
  writeMembership,
} from './membership.js';

function encode(membership: Membership): Uint8Array {
  const writer = new ByteWriter();
  writeMembership(writer, membership);
  return writer.take();
}

function member(id: string, ordinal: number, role: Member['role'] = 'voter'): Member {
  return { id, ordinal, role };
}

describe('a membership', () => {
  it('numbers its voters in the order given', () => {
    const { members } = createMembership(['n2', 'n1']);
    expect(members).toEqual([member('n2', 1), member('n1', 2)]);
    expect(votersOf(createMembership(['n2', 'n1']))).toEqual(['n2', 'n1']);
  });

  it('is refused when empty, repeated, malformed or numbered wrongly', () => {
    const refused: (() => unknown)[] = [
      () => createMembership([]),
      () => createMembership(['a', 'a']),
      () => createMembership(['a b']),
      () => createMembership(Array.from({ length: 1024 }, (_, number) => `n${number}`)),
      () => checkMembership({ members: [member('a', 0)], outgoingVoters: [] }),
      () => checkMembership({ members: [member('a', 1024)], outgoingVoters: [] }),
      () => checkMembership({ members: [member('a', 1), member('b', 1)], outgoingVoters: [] }),
      () => checkMembership({ members: [member('a', 1, 'learner')], outgoingVoters: [] }),
      () => checkMembership({ members: [member('b', 2), member('a', 1)], outgoingVoters: [] }),
      () => checkMembership({ members: [member('a', 1)], outgoingVoters: ['b', 'b'] }),
    ];
    for (const make of refused) expect(make, make.toString()).toThrow(InvalidArgumentError);
  });

  it('keeps these bytes, since logs and snapshots hold them', () => {
    const membership: Membership = {
      members: [member('n1', 1), member('n2', 300, 'learner')],
      outgoingVoters: ['n3'],
    };
    expect(Buffer.from(encode(membership)).toString('hex')).toBe(
      '02026e31010102' + '6e32ac0200' + '01026e33',
    );
  });

  it('is read back as it was written', () => {
    const ids = fc.uniqueArray(fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(ids, fc.nat(), fc.boolean(), (names, seed, isJoint) => {
        const members = names.map((id, position) =>
          member(id, position + 1, (seed >> position) % 2 === 0 || position === 0 ? 'voter' : 'learner'),
        );
        const membership: Membership = { members, outgoingVoters: isJoint ? names.slice(0, 2) : [] };
        const reader = new ByteReader(encode(membership));
        expect(readMembership(reader)).toEqual(membership);
        reader.end();
      }),
    );
  });

  it('is read from arbitrary or damaged bytes or refused with a DecodeError', () => {
    const whole = encode({ ...createMembership(['n1', 'n2', 'n3']), outgoingVoters: ['n1'] });
    const damaged = fc
      .tuple(
        fc.nat({ max: whole.length - 1 }),
        fc.integer({ min: 0, max: 255 }),
        fc.nat({ max: whole.length }),
      )
      .map(([at, value, length]) => {
        const bytes = whole.slice(0, length);
        if (at < length) bytes[at] = value;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 40 })), (bytes) => {
        try {
          checkMembership(readMembership(new ByteReader(bytes)));
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('with a role that does not exist is refused, so that every form has one meaning', () => {
    const bytes = encode(createMembership(['n1', 'n2']));
    bytes[bytes.length - 2] = 7;
    expect(() => readMembership(new ByteReader(bytes))).toThrow(/byte 7 stands where 0 or 1 is expected/);
  });
});
