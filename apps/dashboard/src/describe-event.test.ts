import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeEvent } from './describe-event.js';

function words(
  type: string,
  details: Readonly<Record<string, unknown>> = {},
  node = 'n1',
): string | undefined {
  return describeEvent({ id: undefined, node, timeMs: undefined, type, details })?.text;
}

describe('events in words', () => {
  it('name the leader, the term and the reason', () => {
    expect(
      words('roleChanged', { from: 'candidate', to: 'leader', term: 5, reason: 'has 2 of 3 votes' }),
    ).toBe('becomes leader of term 5: has 2 of 3 votes');
    expect(
      words('roleChanged', { from: 'leader', to: 'follower', term: 6, reason: 'n2 has a newer term' }),
    ).toBe('steps down in term 6: n2 has a newer term');
    expect(words('leaderChanged', { leader: 'n2', term: 5 })).toBe('follows n2 in term 5');
    expect(words('leaderChanged', { term: 5 })).toBe('knows no leader in term 5');
  });

  it('tell a pre-vote from a vote, and a refusal with its reason', () => {
    expect(
      words('voteAnswered', { candidate: 'n2', term: 5, preVote: true, granted: false, reason: 'n3 leads' }),
    ).toBe('would refuse n2 its vote in term 5: n3 leads');
    expect(words('voteAnswered', { candidate: 'n2', term: 5, preVote: false, granted: true })).toBe(
      'votes for n2 in term 5',
    );
  });

  it('tell of a snapshot where it ends', () => {
    expect(words('snapshotInstalled', { at: { index: 100, term: 3 }, from: 'n2' })).toBe(
      'installs a snapshot through index 100 from n2',
    );
    expect(words('snapshotSendEnded', { peer: 'n3', delivered: false, reason: 'connection lost' })).toBe(
      'could not deliver its snapshot to n3: connection lost',
    );
  });

  it('leave out what comes with every write', () => {
    const routine = ['entriesAppended', 'commitAdvanced', 'readConfirmed', 'saved', 'applied'];
    expect(
      routine.filter((type) => describeEvent({ id: 1, node: 'n1', timeMs: 0, type, details: {} })),
    ).toEqual([]);
  });

  it('put the type of an unknown event into words and show a failure as trouble', () => {
    const event = { id: 1, node: 'n1', timeMs: 0, type: 'diskStallDetected', details: { reason: '2 s' } };
    expect(describeEvent(event)).toMatchObject({
      text: 'disk stall detected: 2 s',
      topic: 'nodes',
      weight: 'plain',
    });
    expect(describeEvent({ ...event, type: 'snapshotWriteFailed' })).toMatchObject({
      topic: 'snapshots',
      weight: 'trouble',
    });
  });

  it('survive any details', () => {
    const types = [
      'roleChanged',
      'voteAnswered',
      'appendRefused',
      'snapshotInstalled',
      'refusedByPeer',
      'nodeHealthy',
      '__proto__',
    ];
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.dictionary(fc.string(), fc.jsonValue()), (type, details) => {
        expect(words(type, details)).not.toBe('');
      }),
    );
  });
});
