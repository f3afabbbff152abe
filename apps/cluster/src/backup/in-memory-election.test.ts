import { createMembership, type Entry, logStart, type RecoveredState } from '@synod/core';
import { createMultiPaxosEngine, encodeHardState as encodePaxosState } from '@synod/paxos';
import { createRaftEngine, encodeHardState } from '@synod/raft';
import { describe, expect, it } from 'vitest';
import { InMemoryElection } from './in-memory-election.js';

const membership = createMembership(['n1', 'n2', 'n3']);

function entryOf(index: number, term: number, text: string): Entry {
  return { index, term, kind: 'command', data: Buffer.from(text) };
}

function raftDisk(commitIndex: number, term: number, entries: readonly Entry[]): RecoveredState {
  return {
    discarded: logStart,
    entries,
    hardState: encodeHardState({ term, votedFor: undefined, commitIndex, life: 1 }),
  };
}

function raftElection(disks: Readonly<Record<string, RecoveredState>>) {
  return new InMemoryElection(
    Object.entries(disks).map(([id, recovered]) =>
      createRaftEngine({ id, group: 0, membership, recovered, seed: id }),
    ),
  );
}

function paxosElection(disks: Readonly<Record<string, RecoveredState>>) {
  return new InMemoryElection(
    Object.entries(disks).map(([id, recovered]) =>
      createMultiPaxosEngine({ id, group: 0, membership, recovered, seed: id }),
    ),
  );
}

/** A Paxos ballot as the term of an entry. */
function ballot(round: number, ordinal: number): number {
  return round * 1024 + ordinal;
}

function commandsOf({ entries }: { readonly entries: readonly Entry[] }): readonly string[] {
  return entries.filter(({ kind }) => kind === 'command').map(({ data }) => Buffer.from(data).toString());
}

describe('what stopped nodes have acknowledged', () => {
  const a = entryOf(1, 1, 'a');
  const b = entryOf(2, 1, 'b');
  const c = entryOf(3, 2, 'c');

  it('has a write that a majority holds, though no disk knows that it is committed', () => {
    const log = raftElection({
      n1: raftDisk(1, 2, [a, b, c]),
      n2: raftDisk(1, 2, [a, b, c]),
      n3: raftDisk(0, 1, [a]),
    }).run();
    expect(log.confirmed).toBe(true);
    expect(commandsOf(log)).toEqual(['a', 'b', 'c']);
  });

  it('follows the protocol where disks contradict each other: the later term wins, not the longer log', () => {
    const stale = [a, b, entryOf(3, 1, 'x'), entryOf(4, 1, 'y'), entryOf(5, 1, 'z')];
    const log = raftElection({ n1: raftDisk(2, 1, stale), n2: raftDisk(2, 2, [a, b, c]) }).run();
    expect(log.confirmed).toBe(true);
    expect(commandsOf(log)).toEqual(['a', 'b', 'c']);
  });

  it('is only what is known to be committed when no majority is at hand, and says so', () => {
    const log = raftElection({ n1: raftDisk(2, 2, [a, b, c]) }).run();
    expect(log.confirmed).toBe(false);
    expect(commandsOf(log)).toEqual(['a', 'b']);
  });

  it.each(['raft', 'paxos'] as const)('of %s is found though a disk lies behind the other log', (kind) => {
    const [old, later] = kind === 'raft' ? [1, 2] : [ballot(1, 1), ballot(1, 2)];
    const at = { index: 10, term: later };
    const snapshot = { ...at, membership };
    const hardState = (term: number, committed: number) =>
      kind === 'raft'
        ? encodeHardState({ term, votedFor: 'n1', commitIndex: committed, life: 1 })
        : encodePaxosState({ promised: term, decided: committed, life: 1, votesAgain: [] });
    const ahead = [entryOf(11, later, 'k'), entryOf(12, later, 'l')];
    const behind = [entryOf(1, old, 'a'), entryOf(2, old, 'b')];
    const disks = {
      n1: { discarded: at, snapshot, entries: ahead, hardState: hardState(later, 11) },
      n2: { discarded: logStart, entries: behind, hardState: hardState(old, 2) },
    };
    const log = kind === 'raft' ? raftElection(disks).run() : paxosElection(disks).run();
    // n2 has the state from n1 now, but what it was made from is not on its disk.
    expect(log).toMatchObject({ id: 'n1', confirmed: true, snapshot });
    expect(commandsOf(log)).toEqual(['k', 'l']);
  });

  it('of Paxos has the vote of the highest ballot in each slot, as a proposer would find it', () => {
    const disk = (promised: number, decided: number, entries: readonly Entry[]): RecoveredState => ({
      discarded: logStart,
      entries,
      hardState: encodePaxosState({ promised, decided, life: 1, votesAgain: [] }),
    });
    const first = entryOf(1, ballot(1, 1), 'a');
    const disks = {
      n1: disk(ballot(1, 1), 1, [first, entryOf(2, ballot(1, 1), 'old')]),
      n3: disk(ballot(2, 2), 1, [first, entryOf(2, ballot(2, 2), 'new')]),
    };
    const log = paxosElection(disks).run();
    expect(log.confirmed).toBe(true);
    expect(commandsOf(log)).toEqual(['a', 'new']);
  });
});
