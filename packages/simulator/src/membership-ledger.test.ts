import { ByteWriter, type Entry, type Member, type Membership, writeMembership } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { Coverage } from './coverage.js';
import { demandStep, MembershipLedger } from './membership-ledger.js';

/** Voters by number, and learners after a bar; the outgoing voters stand apart. */
function members(parts: string, ...outgoingVoters: string[]): Membership {
  const [voters = '', learners = ''] = parts.split('|');
  const part = (text: string, role: Member['role']) =>
    [...text].map((digit): Member => ({ id: `n${digit}`, ordinal: Number(digit), role }));
  const all = [...part(voters, 'voter'), ...part(learners, 'learner')];
  return { members: all.sort((left, right) => left.ordinal - right.ordinal), outgoingVoters };
}

function entry(index: number, term: number, membership: Membership): Entry {
  const writer = new ByteWriter();
  writeMembership(writer, membership);
  return { index, term, kind: 'membership', data: writer.take() };
}

describe('from one membership to the next', () => {
  const step = (before: Membership, after: Membership) => () => demandStep('n1', 7, before, after);

  it('voters change by way of a joint membership, which is left with the members that it names', () => {
    expect(step(members('123'), members('124', 'n1', 'n2', 'n3'))).not.toThrow();
    expect(step(members('124', 'n1', 'n2', 'n3'), members('124'))).not.toThrow();
    expect(step(members('123'), members('124'))).toThrow(/n1 n2 n4 at index 7, after n1 n2 n3/);
    expect(step(members('123'), members('124', 'n1', 'n2'))).toThrow(/membership/);
  });

  it('learners come and go at once, but not on the way out of a joint membership', () => {
    expect(step(members('123'), members('123|4'))).not.toThrow();
    expect(step(members('124', 'n1', 'n2', 'n3'), members('124|5'))).toThrow(/membership/);
  });

  it('nothing follows a joint membership but its end', () => {
    expect(step(members('124', 'n1', 'n2', 'n3'), members('125', 'n1', 'n2', 'n4'))).toThrow(/membership/);
  });

  it('an ordinal is for life', () => {
    const renumbered: Membership = {
      members: [...members('12').members, { id: 'n3', ordinal: 9, role: 'voter' }],
      outgoingVoters: [],
    };
    const taken: Membership = {
      members: [...members('123').members.slice(0, 2), { id: 'n9', ordinal: 3, role: 'learner' }],
      outgoingVoters: [],
    };
    expect(step(members('123'), renumbered)).toThrow(/membership/);
    expect(step(members('12|3'), taken)).toThrow(/membership/);
  });
});

describe('what memberships were committed', () => {
  it('is counted: who was promoted, and who came back in the term in which it had left', () => {
    const coverage = new Coverage();
    const ledger = new MembershipLedger(members('123'), coverage);
    ledger.applied(entry(1, 2, members('123|4')));
    ledger.applied(entry(2, 2, members('1234', 'n1', 'n2', 'n3')));
    expect(coverage.counts()).toEqual({});
    ledger.applied(entry(3, 2, members('1234')));
    expect(coverage.counts()).toEqual({ 'learner promoted': 1 });
    ledger.applied(entry(4, 3, members('123')));
    ledger.applied(entry(5, 3, members('123|4')));
    expect(coverage.counts()).toEqual({ 'learner promoted': 1, 'node rejoined in the same term': 1 });
    ledger.applied(entry(6, 3, members('123')));
    ledger.applied(entry(7, 4, members('123|4')));
    expect(coverage.counts()['node rejoined in the same term']).toBe(1);
  });

  it('answers who governs, and holds snapshots to it', () => {
    const ledger = new MembershipLedger(members('123'), new Coverage());
    ledger.applied(entry(5, 1, members('123|4')));
    expect(ledger.at(4)).toEqual(members('123'));
    expect(ledger.at(5)).toEqual(members('123|4'));
    expect(ledger.isMember('n4')).toBe(true);
    expect(() => ledger.snapshotTaken('n1', 5, members('123|4'))).not.toThrow();
    expect(() => ledger.snapshotTaken('n1', 4, members('123|4'))).toThrow(/snapshot through 4/);
  });
});
