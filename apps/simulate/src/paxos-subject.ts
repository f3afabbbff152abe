/** Multi-Paxos under the storm: its engine with drawn limits, and what its messages promise. */
import type { ConsensusEngine, EngineStart, Entry, Random, Term } from '@synod/core';
import {
  createMultiPaxosEngine,
  decodeHardState,
  type HardState,
  type MultiPaxosLimits,
  type MultiPaxosMessage,
  multiPaxosMessageCodec,
} from '@synod/paxos';
import { type Claim, type ClockPromise, type EngineUnderTest, registerWorkload } from '@synod/simulator';
import { HistoryJudge } from './history-judge.js';
import { leaseWithin, pick, type StormSubject } from './storm-subject.js';

/** Makes an engine, as `createMultiPaxosEngine` does: the real one, or one with a planted bug. */
export type MakePaxosEngine = (options: EngineStart & MultiPaxosLimits) => ConsensusEngine<MultiPaxosMessage>;

/**
 * Multi-Paxos with the register machine.
 *
 * @param make - Makes the engines.
 */
export function paxosSubject(
  make: MakePaxosEngine = createMultiPaxosEngine,
): StormSubject<MultiPaxosMessage> {
  const judge = new HistoryJudge();
  return {
    engine: paxosUnderTest(make),
    workload: { ...registerWorkload(), judge: (history) => judge.judge(history) },
    judge,
    recordedLimits: (settings, clocks) => ({ ...drawLimits(settings, clocks) }),
  };
}

function paxosUnderTest(make: MakePaxosEngine): EngineUnderTest<MultiPaxosMessage> {
  return {
    create: (start, settings, clocks) => make({ ...drawLimits(settings, clocks), ...start }),
    codec: multiPaxosMessageCodec,
    claim: claimOf,
    readHardState: (bytes) => ({ term: hardStateIn(bytes).promised, votedFor: undefined }),
    voteBallot,
  };
}

function drawLimits(random: Random, { clockDriftMax }: ClockPromise): MultiPaxosLimits {
  const heartbeatTicks = random.integer(1, 4);
  const electionTicks = Math.max(pick(random, [3, 3, 10]), heartbeatTicks * random.integer(3, 8));
  return {
    heartbeatTicks,
    electionTicks,
    ...leaseWithin(electionTicks, clockDriftMax),
    promotionLagEntriesMax: 20,
    retainedEntries: pick(random, [0, 0, 3, 20]),
    acceptsInFlightMax: pick(random, [1, 2, 8, 64]),
    // One value a message, several, or all.
    acceptBytesMax: pick(random, [1, 1, 400, 1_000_000]),
    windowSlotsMax: pick(random, [1, 3, 20, 1000]),
  };
}

/** What a message tells others to rely on (Paxos Made Simple §2.5: what is stable "before sending the message"). */
function claimOf(message: MultiPaxosMessage): Claim | undefined {
  switch (message.type) {
    case 'prepare':
      return { type: 'promise', term: message.ballot, proposer: message.from };
    case 'promise':
      return { type: 'promise', term: message.ballot, proposer: message.to };
    case 'accept':
    case 'heartbeat':
      return { type: 'leads', term: message.ballot };
    case 'accepted':
      return { type: 'accepted', term: message.ballot, ranges: message.ranges };
    case 'heartbeatAnswer':
      return message.accepted <= message.decided
        ? undefined
        : {
            type: 'accepted',
            term: message.ballot,
            ranges: [{ from: message.decided + 1, through: message.accepted }],
          };
    case 'probe':
    case 'probeAnswer':
    case 'nominate':
    case 'nack':
    case 'installSnapshot':
    case 'learn':
    case 'learned':
    case 'readRequest':
    case 'readAnswer':
    case 'votesRequest':
    case 'votesAnswer':
      return undefined;
  }
}

/** What hard states hold, so that each is read once only. */
const hardStates = new WeakMap<Uint8Array, HardState>();

function hardStateIn(bytes: Uint8Array): HardState {
  const known = hardStates.get(bytes);
  if (known !== undefined) return known;
  const hardState = decodeHardState(bytes);
  hardStates.set(bytes, hardState);
  return hardState;
}

/**
 * Mostly the ballot that first proposed the value; for adopted values the hard state knows better, until their slots are
 * decided.
 */
function voteBallot(bytes: Uint8Array | undefined, { index, term }: Entry): Term | undefined {
  if (bytes === undefined) return term;
  const { decided, votesAgain } = hardStateIn(bytes);
  if (index <= decided) return undefined;
  const again = votesAgain.find(({ from, through }) => from <= index && index <= through);
  return Math.max(term, again?.ballot ?? 0);
}
