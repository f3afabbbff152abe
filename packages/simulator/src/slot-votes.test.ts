import { createMembership, type Entry } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { isQuorum } from './membership-ledger.js';
import { SlotVotes } from './slot-votes.js';

const membership = createMembership(['n1', 'n2', 'n3']);
const entry: Entry = { index: 1, term: 5, kind: 'command', data: new Uint8Array(0) };

describe('votes slot by slot', () => {
  it('lets nobody lead a ballot that no quorum promised', () => {
    const votes = new SlotVotes(isQuorum);
    votes.promised('n1', 5, 'n1');
    expect(() => votes.leads('n1', 5, [membership])).toThrow(/promised by a quorum/);
    votes.promised('n2', 5, 'n1');
    expect(() => votes.leads('n1', 5, [membership])).not.toThrow();
  });

  it('counts promises of the ballot that is led only', () => {
    const votes = new SlotVotes(isQuorum);
    votes.promised('n1', 5, 'n1');
    votes.promised('n2', 4, 'n1');
    expect(() => votes.leads('n1', 5, [membership])).toThrow(/only n1 promised/);
  });

  it('lets nothing be applied that no quorum voted for', () => {
    const votes = new SlotVotes(isQuorum);
    votes.promised('n1', 5, 'n1');
    votes.promised('n2', 5, 'n1');
    expect(() => votes.applied(entry, membership, () => 0)).toThrow(/voted by a quorum/);
  });

  it('asks nothing of a node that is alone', () => {
    expect(() => new SlotVotes(isQuorum).applied(entry, createMembership(['n1']), () => 0)).not.toThrow();
  });
});
