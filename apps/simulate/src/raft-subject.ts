/** Raft under the storm: its engine with drawn limits, and what its messages promise. */
import type { ConsensusEngine, EngineStart, Random } from '@synod/core';
import {
  createRaftEngine,
  decodeHardState,
  type RaftLimits,
  type RaftMessage,
  raftMessageCodec,
} from '@synod/raft';
import {
  type Claim,
  type ClockPromise,
  type DurablePromise,
  type EngineUnderTest,
  registerWorkload,
} from '@synod/simulator';
import { HistoryJudge } from './history-judge.js';
import { leaseWithin, pick, type StormSubject } from './storm-subject.js';

/** Makes an engine, as `createRaftEngine` does: the real one, or one with a planted bug. */
export type MakeRaftEngine = (options: EngineStart & RaftLimits) => ConsensusEngine<RaftMessage>;

/** What storms over Raft are run on. */
export type RaftSubject = StormSubject<RaftMessage>;

/**
 * Raft with the register machine.
 *
 * @param make - Makes the engines.
 */
export function raftSubject(make: MakeRaftEngine = createRaftEngine): RaftSubject {
  const judge = new HistoryJudge();
  return {
    engine: raftUnderTest(make),
    workload: { ...registerWorkload(), judge: (history) => judge.judge(history) },
    judge,
    recordedLimits: (settings, clocks) => ({ ...drawLimits(settings, clocks) }),
  };
}

function raftUnderTest(make: MakeRaftEngine): EngineUnderTest<RaftMessage> {
  return {
    create: (start, settings, clocks) => make({ ...drawLimits(settings, clocks), ...start }),
    codec: raftMessageCodec,
    electsByLog: true,
    claim: claimOf,
    readHardState,
  };
}

function drawLimits(random: Random, { clockDriftMax }: ClockPromise): RaftLimits {
  const heartbeatTicks = random.integer(1, 4);
  // A lease is what remains of an election timeout: where leases are on, it is long enough for one.
  const leastTicks = pick(random, clockDriftMax === undefined ? [3, 3, 10] : [5, 5, 10]);
  const electionTicks = Math.max(leastTicks, heartbeatTicks * random.integer(3, 8));
  return {
    heartbeatTicks,
    electionTicks,
    ...leaseWithin(electionTicks, clockDriftMax),
    promotionLagEntriesMax: 20,
    retainedEntries: pick(random, [0, 0, 3, 20]),
    appendsInFlightMax: pick(random, [1, 2, 8, 64]),
    // One entry an append, several, or all.
    appendBytesMax: pick(random, [1, 1, 400, 1_000_000]),
    // One append or command at a time however large, a few, or as good as all.
    bytesInFlightMax: pick(random, [1, 400, 1_000_000]),
    uncommittedBytesMax: pick(random, [1, 400, 1_000_000, 1_000_000]),
  };
}

/** What a message tells others to rely on (Raft, figure 2: what is durable "before responding to RPCs"). */
function claimOf(message: RaftMessage): Claim | undefined {
  switch (message.type) {
    case 'requestVote':
      return message.preVote ? undefined : { type: 'candidacy', term: message.term };
    case 'vote':
      return message.granted && !message.preVote
        ? { type: 'vote', term: message.term, candidate: message.to }
        : undefined;
    case 'appendEntries':
    case 'heartbeat':
    case 'installSnapshot':
      return { type: 'leads', term: message.term };
    case 'appendAccepted':
      return { type: 'holds', term: message.term, through: message.matchIndex };
    case 'appendRefused':
    case 'heartbeatAnswer':
    case 'readRequest':
    case 'readAnswer':
    case 'timeoutNow':
      return undefined;
  }
}

/** What hard states hold, so that each is read once only. */
const promises = new WeakMap<Uint8Array, DurablePromise>();

function readHardState(bytes: Uint8Array): DurablePromise {
  const known = promises.get(bytes);
  if (known !== undefined) return known;
  const promise = decodeHardState(bytes);
  promises.set(bytes, promise);
  return promise;
}
