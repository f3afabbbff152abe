import {
  createMembership,
  type FingerprintView,
  logStart,
  MajorityQuorum,
  type NodeId,
  Random,
} from '@synod/core';
import { describe, expect, it } from 'vitest';
import { Lease } from './lease.js';
import type { RaftLog } from './log.js';
import { Outbox } from './outbox.js';
import { Progress } from './progress.js';
import { ReadBarriers } from './read-barriers.js';
import { cloneState, createState, type RaftState } from './state.js';
import { fingerprintOf } from './status.js';

type Change<Subject> = (subject: Subject) => void;

const entry = (index: number, term = 1) =>
  ({ index, term, kind: 'command', data: Uint8Array.of(index) }) as const;
const membership = createMembership(['n1', 'n2', 'n3']);
const otherMembership = createMembership(['n1', 'n2', 'n4']);

function newState(id: NodeId = 'n1'): RaftState {
  const state = createState({
    id,
    group: 0,
    membership,
    recovered: { discarded: logStart, entries: [] },
    seed: 7,
  });
  for (let index = 1; index <= 4; index++) state.log.append(entry(index));
  state.log.saved(state.log.takeUnsaved().receipt);
  return state;
}

function mutable<Value>(value: Value): { -readonly [Field in keyof Value]: Value[Field] } {
  return value;
}

/**
 * Fields that follow from others: membership, quorum and peers from memberships and id. All ticks count only from the
 * lease on, which is a field of its own.
 */
const derived: readonly (keyof RaftState)[] = ['membership', 'quorum', 'peers', 'ticks'];

/** One change of every field. A new field of the state does not compile here until it is decided upon. */
const stateChanges: Record<keyof RaftState, Change<RaftState>> = {
  id: (state) => {
    mutable(state).id = 'n2';
  },
  group: (state) => {
    mutable(state).group = 3;
  },
  settings: (state) => {
    mutable(state).settings = { ...state.settings, retainedEntries: 1 };
  },
  random: (state) => {
    state.random.uint32();
  },
  life: (state) => {
    mutable(state).life++;
  },
  dataLoss: (state) => {
    state.dataLoss = 'lost';
  },
  lifeDurable: (state) => {
    state.lifeDurable = !state.lifeDurable;
  },
  memberships: (state) => {
    state.memberships.reset({ index: 0, membership: otherMembership });
  },
  ticks: (state) => {
    state.ticks++;
  },
  ticksSinceLeader: (state) => {
    state.ticksSinceLeader--;
  },
  stalledSave: (state) => {
    state.stalledSave = 1;
  },
  stalledTicks: (state) => {
    state.stalledTicks++;
  },
  sessions: (state) => {
    state.sessions++;
  },
  lease: (state) => {
    state.lease = new Lease();
  },
  transfer: (state) => {
    state.transfer = { to: 'n2', ticks: 0, told: false };
  },
  changeProposal: (state) => {
    state.changeProposal = 0;
  },
  membership: (state) => {
    state.membership = otherMembership;
  },
  quorum: (state) => {
    state.quorum = new MajorityQuorum(otherMembership);
  },
  peers: (state) => {
    state.peers = [];
  },
  role: (state) => {
    state.role = 'candidate';
  },
  term: (state) => {
    state.term++;
  },
  votedFor: (state) => {
    state.votedFor = 'n3';
  },
  leader: (state) => {
    state.leader = 'n3';
  },
  log: (state) => {
    state.log.append(entry(5));
  },
  commitIndex: (state) => {
    state.commitIndex++;
  },
  emittedIndex: (state) => {
    state.emittedIndex++;
  },
  appliedIndex: (state) => {
    state.appliedIndex++;
  },
  snapshot: (state) => {
    state.snapshot = { index: 1, term: 1, membership };
  },
  hardStateChanged: (state) => {
    state.hardStateChanged = !state.hardStateChanged;
  },
  savedCommit: (state) => {
    state.savedCommit++;
  },
  electionElapsed: (state) => {
    state.electionElapsed++;
  },
  heartbeatElapsed: (state) => {
    state.heartbeatElapsed++;
  },
  electionTimeout: (state) => {
    state.electionTimeout++;
  },
  votes: (state) => {
    state.votes.set('n2', false);
  },
  progress: (state) => {
    state.progress.add(new Progress('n2', 1));
  },
  uncommittedBytes: (state) => {
    state.uncommittedBytes++;
  },
  reads: (state) => {
    state.reads.round++;
  },
  snapshotWanted: (state) => {
    state.snapshotWanted = true;
  },
  dropped: (state) => {
    state.dropped.set(3, { term: 1, proposal: 4 });
  },
  outbox: (state) => {
    state.outbox.answer({ context: 1, index: 1 });
  },
};

/** Fields that only the passing of time gives a meaning to. */
const timed: readonly (keyof RaftState)[] = [
  'random',
  'electionElapsed',
  'heartbeatElapsed',
  'electionTimeout',
  'ticksSinceLeader',
  'stalledSave',
  'stalledTicks',
];

/** What a follower's progress can come to differ in, its private fields included. */
const progressChanges: Readonly<Record<string, Change<Progress>>> = {
  state: (progress) => {
    progress.state = 'snapshot';
  },
  matchIndex: (progress) => {
    progress.matchIndex++;
  },
  nextIndex: (progress) => {
    progress.nextIndex++;
  },
  probeSent: (progress) => {
    progress.probeSent = true;
  },
  wishUnderWay: (progress) => {
    progress.wishUnderWay = true;
  },
  sentCommit: (progress) => {
    progress.sentCommit++;
  },
  answeredRound: (progress) => {
    progress.answeredRound++;
  },
  heard: (progress) => {
    progress.heard = false;
  },
  silentTicks: (progress) => {
    progress.silentTicks++;
  },
  matchAtHeartbeat: (progress) => {
    progress.matchAtHeartbeat++;
  },
  id: (progress) => {
    mutable(progress).id = 'n3';
  },
  session: (progress) => {
    mutable(progress).session = 1;
  },
};

const logChanges: Readonly<Record<string, Change<RaftLog>>> = {
  'an entry without a save': (log) => log.append(entry(5)),
  'its term': (log) => log.append(entry(5, 2)),
  'its kind': (log) => log.append({ ...entry(5), kind: 'noop' }),
  'its bytes': (log) => log.append({ ...entry(5), data: Uint8Array.of(9) }),
  'its proposal': (log) => log.append({ ...entry(5), proposal: 0 }),
  'a truncation': (log) => {
    log.truncate(4);
  },
  'a truncation that was filled up': (log) => {
    log.truncate(4);
    log.append(entry(4));
  },
  'a deeper truncation that was filled up': (log) => {
    log.truncate(3);
    log.append(entry(3));
    log.append(entry(4));
  },
  'a discarded prefix': (log) => {
    log.discardThrough(2);
  },
  'a reset': (log) => {
    log.reset({ index: 2, term: 1 });
  },
  'a reset to another term': (log) => {
    log.reset({ index: 2, term: 2 });
  },
  'a save under way': (log) => {
    log.append(entry(5));
    log.takeUnsaved();
  },
  'a save under way that was overwritten': (log) => {
    log.append(entry(5));
    log.takeUnsaved();
    log.truncate(5);
    log.append(entry(5));
    log.takeUnsaved();
  },
  'the same in one save': (log) => {
    log.takeUnsaved();
    log.append(entry(5));
    log.takeUnsaved();
  },
};

const readChanges: Readonly<Record<string, Change<ReadBarriers>>> = {
  'a read that waits': (reads) => {
    reads.waiting.push({ type: 'local', context: 1 });
  },
  'another read': (reads) => {
    reads.waiting.push({ type: 'local', context: 2 });
  },
  "a follower's read": (reads) => {
    reads.waiting.push({ type: 'follower', id: 'n2', life: 1, request: 1 });
  },
  "another follower's read": (reads) => {
    reads.waiting.push({ type: 'follower', id: 'n3', life: 1, request: 1 });
  },
  'a round under way': (reads) => {
    reads.waiting.push({ type: 'local', context: 1 });
    reads.startRound(0);
  },
  'a round at another index': (reads) => {
    reads.waiting.push({ type: 'local', context: 1 });
    reads.startRound(1);
  },
  'a round that was confirmed': (reads) => {
    reads.waiting.push({ type: 'local', context: 1 });
    reads.startRound(0);
    reads.confirm(1);
  },
  'a read to be forwarded': (reads) => {
    reads.unforwarded.push(1);
  },
  'a forwarded read': (reads) => {
    reads.unforwarded.push(1);
    reads.forward();
  },
  'a forwarded read that waited for a tick': (reads) => {
    reads.unforwarded.push(1);
    reads.forward();
    reads.expireForwarded(3);
  },
  'a forwarded read that was answered': (reads) => {
    reads.unforwarded.push(1);
    reads.forward();
    reads.answered(1);
  },
};

type OutboxMethods = {
  [Key in keyof Outbox]: Outbox[Key] extends (...args: never[]) => unknown ? Key : never;
}[keyof Outbox];

const outboxChanges: Record<Exclude<keyof Outbox, OutboxMethods>, Change<Outbox>> = {
  sendNow: (outbox) => {
    outbox.send(heartbeat);
  },
  sendAfterSave: (outbox) => {
    outbox.sendWhenSaved(heartbeat);
  },
  committed: (outbox) => {
    outbox.handOut([entry(1)]);
  },
  reads: (outbox) => {
    outbox.answer({ context: 1, index: 1 });
  },
  refused: (outbox) => {
    outbox.refuse({ subject: { type: 'transfer' }, code: 'NO_LEADER', effect: 'none', reason: '' });
  },
  snapshots: (outbox) => {
    outbox.workOn({ type: 'install', meta: { index: 1, term: 1, membership } });
  },
  events: (outbox) => {
    outbox.report({ type: 'dataLossFound', reason: '' });
  },
};
const heartbeat = { from: 'n1', to: 'n2', type: 'heartbeat', term: 1, commitIndex: 0, round: 0 } as const;

function digests<Subject>(
  make: () => Subject,
  addTo: (state: RaftState, subject: Subject) => void,
  changes: Readonly<Record<string, Change<Subject>>>,
  view: FingerprintView = {},
): string[] {
  const unchanged: Change<Subject> = () => undefined;
  return [unchanged, ...Object.values(changes)].map((change) => {
    const state = newState();
    const subject = make();
    change(subject);
    addTo(state, subject);
    return fingerprintOf(state, view);
  });
}

describe('fingerprint', () => {
  it('is the same for a state, its copy, and a state with the same history', () => {
    const state = newState();
    expect(fingerprintOf(cloneState(state), {})).toBe(fingerprintOf(state, {}));
    expect(fingerprintOf(newState(), {})).toBe(fingerprintOf(state, {}));
  });

  it.each(Object.entries(stateChanges))(
    'changes with %s, unless that follows from the rest',
    (field, change) => {
      const state = newState();
      const changed = cloneState(state);
      if (field === 'random') mutable(changed).random = new Random(8);
      change(changed);
      const isDerived = derived.some((name) => name === field);
      expect(fingerprintOf(changed, {}) === fingerprintOf(state, {})).toBe(isDerived);
      const isTimed = timed.some((name) => name === field);
      const view = { untimed: true };
      expect(fingerprintOf(changed, view) === fingerprintOf(state, view)).toBe(isDerived || isTimed);
    },
  );

  it('tells apart all that a log can go through', () => {
    const make = () => newState().log;
    const adopt = (state: RaftState, log: RaftLog) => {
      mutable(state).log = log;
    };
    const all = digests(make, adopt, logChanges);
    expect(new Set(all).size).toBe(all.length);
  });

  it('tells apart all that the progress of a follower can go through', () => {
    const fields = Object.keys(new Progress('n2', 1));
    expect(Object.keys(progressChanges).sort()).toEqual(fields.sort());
    const streamed: Change<Progress> = (progress) => {
      progress.replicate();
      progress.sent(2, 10);
      progress.nextIndex = 1;
    };
    const changes = {
      ...progressChanges,
      replicating: (progress: Progress) => progress.replicate(),
      'an append in flight': streamed,
      'a longer append in flight': (progress: Progress) => {
        progress.replicate();
        progress.sent(3, 10);
        progress.nextIndex = 1;
      },
      'a larger append in flight': (progress: Progress) => {
        progress.replicate();
        progress.sent(3, 20);
        progress.nextIndex = 1;
      },
    };
    const adopt = (state: RaftState, progress: Progress) => state.progress.add(progress);
    const all = digests(() => new Progress('n2', 1), adopt, changes);
    expect(new Set(all).size).toBe(all.length);
  });

  it('tells apart all that a lease and a transfer can go through', () => {
    const changes: Readonly<Record<string, Change<RaftState>>> = {
      'a lease': (state) => {
        state.lease = new Lease();
      },
      'one that is over': (state) => {
        state.lease = new Lease();
        state.lease.ended = true;
      },
      'a round under way': (state) => {
        state.lease = new Lease();
        state.lease.sent(1, 0);
      },
      'an older round under way': (state) => {
        state.ticks = 3;
        state.lease = new Lease();
        state.lease.sent(1, 0);
      },
      'an answered round': (state) => {
        state.lease = new Lease();
        state.lease.sent(1, 0);
        state.lease.confirmed(1);
      },
      'a transfer': (state) => {
        state.transfer = { to: 'n2', ticks: 0, told: false };
      },
      'to another node': (state) => {
        state.transfer = { to: 'n3', ticks: 0, told: false };
      },
      'an older transfer': (state) => {
        state.transfer = { to: 'n2', ticks: 1, told: false };
      },
      'one that was told': (state) => {
        state.transfer = { to: 'n2', ticks: 0, told: true };
      },
    };
    const all = digests(
      () => undefined,
      () => undefined,
      {},
    ).concat(
      Object.values(changes).map((change) => {
        const state = newState();
        change(state);
        return fingerprintOf(state, {});
      }),
    );
    expect(new Set(all).size).toBe(all.length);
  });

  it('tells apart all that reads can go through', () => {
    const adopt = (state: RaftState, reads: ReadBarriers) => {
      state.reads = reads;
    };
    const all = digests(() => new ReadBarriers(), adopt, readChanges);
    expect(new Set(all).size).toBe(all.length);
  });

  it('tells apart effects that were not taken', () => {
    const adopt = (state: RaftState, outbox: Outbox) => {
      mutable(state).outbox = outbox;
    };
    const all = digests(() => new Outbox(), adopt, outboxChanges);
    expect(new Set(all).size).toBe(all.length);
  });

  it('without time counts no saves, and knows a save under way from none', () => {
    const savedOften = newState();
    savedOften.log.saved(savedOften.log.takeUnsaved().receipt);
    const saving = cloneState(savedOften);
    saving.log.takeUnsaved();
    const view = { untimed: true };
    expect(fingerprintOf(savedOften, {})).not.toBe(fingerprintOf(newState(), {}));
    expect(fingerprintOf(savedOften, view)).toBe(fingerprintOf(newState(), view));
    expect(fingerprintOf(saving, view)).not.toBe(fingerprintOf(savedOften, view));
  });

  it('the order in which votes came in makes no difference', () => {
    const [left, right] = [newState(), newState()];
    left.votes = new Map([
      ['n2', true],
      ['n3', false],
    ]);
    right.votes = new Map([
      ['n3', false],
      ['n2', true],
    ]);
    expect(fingerprintOf(right, {})).toBe(fingerprintOf(left, {}));
  });

  it('under other names is that of the node which plays the part', () => {
    const swap = (id: NodeId) => (id === 'n1' ? 'n2' : id === 'n2' ? 'n1' : id);
    const playing = (id: NodeId, other: NodeId) => {
      const state = newState(id);
      state.votedFor = other;
      state.leader = other;
      state.votes.set(other, true);
      state.progress.add(new Progress(other, 2));
      state.reads.waiting.push({ type: 'follower', id: other, life: 1, request: 1 });
      return state;
    };
    const rename = (id: NodeId) => id;
    const seen = fingerprintOf(playing('n2', 'n1'), { rename: swap });
    expect(seen).toBe(fingerprintOf(playing('n1', 'n2'), { rename }));
    expect(seen).not.toBe(fingerprintOf(playing('n2', 'n3'), { rename: swap }));
  });
});
