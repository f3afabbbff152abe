import { ballotOf } from '@synod/paxos';
import { describe, expect, it } from 'vitest';
import { termWords } from './term-words.js';

describe('termWords', () => {
  it('counts terms of Raft, and takes ballots of Paxos apart', () => {
    expect(termWords('raft', 1234)).toBe('term 1,234');
    expect(termWords('paxos', ballotOf(3, 1))).toBe('ballot 3.1');
  });

  it('says that a term is not known', () => {
    expect(termWords('raft', undefined)).toBe('term ?');
    expect(termWords(undefined, 7)).toBe('term 7');
  });
});
