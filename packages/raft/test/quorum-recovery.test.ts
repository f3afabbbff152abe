import {
  createMembership,
  type Entry,
  encodeUtf8,
  logStart,
  type Member,
  type Membership,
  type NodeId,
  type RecoveredState,
} from '@synod/core';
import { MemoryNodeStorage } from '@synod/core/memory';
import { describe, expect, it } from 'vitest';
import { createRaftEngine, decodeHardState, encodeHardState, recoverQuorum } from '../src/index.js';

const five = createMembership(['n1', 'n2', 'n3', 'n4', 'n5']);

/** A log of commands, one term each. */
function recoveredWith(terms: readonly number[], commitIndex = 0): RecoveredState {
  const entries = terms.map(
    (term, offset): Entry => ({
      index: offset + 1,
      term,
      kind: 'command',
      data: encodeUtf8(`command ${offset + 1}`),
    }),
  );
  const term = terms.at(-1) ?? 1;
  return {
    hardState: encodeHardState({ term: term + 2, votedFor: 'n3', commitIndex, life: 4 }),
    discarded: logStart,
    entries,
  };
}

function recover(
  recovered: RecoveredState,
  survivors: readonly NodeId[],
  id = 'n1',
  membership: Membership = five,
) {
  return recoverQuorum({ id, group: 0, membership, recovered, survivors });
}

/** What a storage recovers after the write. */
async function after(recovered: RecoveredState, survivors: readonly NodeId[], id = 'n1') {
  const storage = new MemoryNodeStorage('0'.repeat(32));
  const { write } = recover(recovered, survivors, id);
  const { hardState, entries } = recovered;
  const receipt = { sequence: 1, last: undefined };
  await storage.group(0).save({ receipt, entries, ...(hardState === undefined ? {} : { hardState }) });
  await storage.group(0).save(write);
  return storage.reopen().group(0).recover();
}

function engineOf(id: NodeId, recovered: RecoveredState) {
  return createRaftEngine({ id, group: 0, seed: id, membership: five, recovered });
}

describe('recoverQuorum', () => {
  it('lets one survivor of five lead alone, with all that it had', async () => {
    const engine = engineOf('n1', await after(recoveredWith([1, 1, 2], 2), ['n1']));
    expect(engine.status().membership.members.map(({ id }) => id)).toEqual(['n1']);
    engine.step({ type: 'campaign' });
    const elected = engine.takeEffects();
    if (elected?.save !== undefined) engine.step({ type: 'saved', receipt: elected.save.receipt });
    const led = engine.takeEffects();
    if (led?.save !== undefined) engine.step({ type: 'saved', receipt: led.save.receipt });
    const committed = [elected, led, engine.takeEffects()].flatMap((effects) => effects?.committed ?? []);
    expect(engine.status().role).toBe('leader');
    expect(committed.map(({ kind }) => kind)).toEqual([
      'command',
      'command',
      'command',
      'membership',
      'noop',
    ]);
  });

  it('takes a new term, and gives no vote in it', () => {
    const { write, logEnd, entry, commitIndex } = recover(recoveredWith([1, 1, 2], 2), ['n1']);
    expect(logEnd).toEqual({ index: 3, term: 2 });
    expect(entry).toEqual({ index: 4, term: 5 });
    expect(commitIndex).toBe(2);
    expect(write.truncateFrom).toBeUndefined();
    expect(decodeHardState(write.hardState ?? new Uint8Array())).toMatchObject({
      term: 5,
      votedFor: undefined,
      commitIndex: 2,
    });
  });

  it('changed on one of two survivors, makes the other vote for it and follow it', async () => {
    const nodes = new Map([
      ['n1', engineOf('n1', await after(recoveredWith([1, 1, 2]), ['n1', 'n2']))],
      // Its last entry is not in the log of the other, and nobody can have counted on it.
      ['n2', engineOf('n2', recoveredWith([1, 1, 1, 1]))],
    ]);
    nodes.get('n1')?.step({ type: 'campaign' });
    for (let round = 0; round < 20; round++) {
      for (const engine of nodes.values()) {
        const effects = engine.takeEffects();
        if (effects?.save !== undefined) engine.step({ type: 'saved', receipt: effects.save.receipt });
        for (const message of [...(effects?.sendNow ?? []), ...(effects?.sendAfterSave ?? [])])
          nodes.get(message.to)?.step({ type: 'receive', message });
      }
    }
    const [first, second] = [...nodes.values()].map((engine) => engine.status());
    expect(first).toMatchObject({ role: 'leader', commitIndex: 5, lastIndex: 5 });
    expect(second).toMatchObject({ leader: 'n1', commitIndex: 5, lastIndex: 5 });
    expect(second?.membership.members.map(({ id }) => id)).toEqual(['n1', 'n2']);
  });

  it('keeps ordinals, and makes a learner that survives a voter', () => {
    const members: Member[] = [...five.members, { id: 'n6', ordinal: 9, role: 'learner' }];
    const { after: left } = recover(recoveredWith([1]), ['n2', 'n6'], 'n2', { members, outgoingVoters: [] });
    expect(left).toEqual({
      members: [
        { id: 'n2', ordinal: 2, role: 'voter' },
        { id: 'n6', ordinal: 9, role: 'voter' },
      ],
      outgoingVoters: [],
    });
  });

  it('follows the members that the snapshot says, and puts the log right that a crash left beside it', () => {
    const three = createMembership(['n1', 'n2', 'n3']);
    const recovered = { ...recoveredWith([1, 1]), snapshot: { index: 40, term: 2, membership: three } };
    const { write, before, entry } = recover(recovered, ['n1']);
    expect(before).toEqual(three);
    expect(entry.index).toBe(41);
    expect(write.discardThrough).toEqual({ index: 40, term: 2 });
  });

  it('of a joint state needs majorities of both for it not to be needed', () => {
    const joint = { members: five.members.slice(0, 3), outgoingVoters: ['n3', 'n4', 'n5'] };
    expect(() => recover(recoveredWith([1]), ['n1', 'n2'], 'n1', joint)).not.toThrow();
  });

  it.each([
    ['survivors that are a quorum', ['n1', 'n2', 'n3'], 'n1', /n1, n2, n3 are still a quorum: start them/],
    ['a survivor that is no member', ['n1', 'n7'], 'n1', /survivor n7 is no member: the members are n1, n2/],
    ['a survivor that stands twice', ['n1', 'n1'], 'n1', /survivor n1 is named twice/],
    ['a node that is none of the survivors', ['n2'], 'n1', /n1 is none of the survivors/],
    ['no survivors', [], 'n1', /n1 is none of the survivors/],
    ['a name that is none', ['n 1'], 'n1', /survivor/],
  ])('refuses %s', (_, survivors, id, reason) => {
    expect(() => recover(recoveredWith([1]), survivors, id)).toThrow(reason);
  });

  it('refuses a storage that holds nothing', () => {
    expect(() => recover({ discarded: logStart, entries: [] }, ['n1'])).toThrow(/holds nothing of the group/);
  });
});
