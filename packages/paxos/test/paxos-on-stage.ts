/** The Multi-Paxos engine as scenarios see it: its options, and its messages in words. */
import type { Term } from '@synod/core';
import { type EngineOnStage, tellEntries, tellPosition } from '@synod/scenarios';
import {
  createMultiPaxosEngine,
  decodeHardState,
  type LeaseBound,
  type MultiPaxosMessage,
  multiPaxosMessageCodec,
  type QuorumRule,
  type SlotRange,
  type Vote,
} from '../src/index.js';
import { encodeHardState } from '../src/multi-paxos/hard-state.js';

/** Puts Multi-Paxos engines on the stage. */
export const paxosOnStage: EngineOnStage<MultiPaxosMessage> = {
  create: (start, options) => {
    const limits = [...options].filter(([name]) => name !== 'seed');
    // Slots stay behind a snapshot only where a scenario asks for it.
    return createMultiPaxosEngine({
      retainedEntries: 0,
      ...Object.fromEntries(limits.map(optionOf)),
      ...start,
    });
  },
  codec: multiPaxosMessageCodec,
  describeMessage: (message) => {
    const [name, ...rest] = wordsFor(message);
    return [`${name} ballot ${message.ballot}`, ...rest].join(', ');
  },
  describeHardState: (bytes) => {
    const { promised, decided, votesAgain } = decodeHardState(bytes);
    const again = votesAgain.map(({ from, through, ballot }) => `${slots(from, through)} in ${ballot}`);
    return [
      `promise ${promised}`,
      `decided ${decided}`,
      ...(again.length === 0 ? [] : [`votes again for ${again.join(', ')}`]),
    ].join(', ');
  },
  encodeHardState: ({ term, commitIndex }) =>
    encodeHardState({ promised: term, decided: commitIndex, life: 1, votesAgain: [] }),
};

/** Options are numbers, but for `lease=2`, which turns leases on with that drift, and `quorums=4+2`, the sizes of both phases. */
function optionOf([name, value]: readonly [string, string]): [string, number | LeaseBound | QuorumRule] {
  if (name === 'lease') return [name, { driftTicks: Number(value) }];
  if (name !== 'quorums') return [name, Number(value)];
  const [phase1 = 0, phase2 = 0] = value.split('+').map(Number);
  return [name, { type: 'sizes', phase1, phase2 }];
}

/** The message's name, then what it says beside its ballot. */
function wordsFor(message: MultiPaxosMessage): readonly string[] {
  switch (message.type) {
    case 'probe':
      return ['probe', `decided ${message.decided}`];
    case 'probeAnswer':
      return [
        'probeAnswer',
        message.willing ? 'would promise' : 'would not promise',
        `decided ${message.decided}`,
        `last slot ${message.last}`,
      ];
    case 'nominate':
      return ['nominate', ...(message.transfer ? ['the leader wishes it'] : [])];
    case 'prepare':
      return ['prepare', `from slot ${message.slot}`, ...tellHandedOver(message.handedOver)];
    case 'promise':
      return [
        'promise',
        `from slot ${Math.max(message.slot, message.first)}: ${tellVotes(message.votes)}`,
        `decided ${message.decided}`,
        ...(message.next === undefined ? [] : [`more from slot ${message.next}`]),
      ];
    case 'nack':
      return ['nack', `refuses ballot ${message.refused}`];
    case 'accept':
      return ['accept', tellEntries(message.entries), `decided ${message.decided}`];
    case 'accepted':
      return ['accepted', tellRanges(message.ranges), `decided ${message.decided}`];
    case 'learned':
      return ['learned', tellEntries(message.entries), `decided ${message.decided}`];
    case 'learn':
      return ['learn', `from slot ${message.slot}`];
    default:
      return otherWordsFor(message);
  }
}

function otherWordsFor(message: MultiPaxosMessage): readonly string[] {
  switch (message.type) {
    case 'heartbeat':
      return ['heartbeat', `decided ${message.decided}`, `round ${message.round}`];
    case 'heartbeatAnswer':
      return [
        'heartbeatAnswer',
        `accepted ${message.accepted}`,
        `decided ${message.decided}`,
        `round ${message.round}`,
      ];
    case 'installSnapshot':
      return ['installSnapshot', `covers ${tellPosition(message.meta)}`];
    case 'readRequest':
      return ['readRequest', `request ${message.request} of life ${message.life}`];
    case 'readAnswer': {
      const answer = message.index === undefined ? 'cannot be confirmed' : `read at ${message.index}`;
      return ['readAnswer', `request ${message.request} of life ${message.life}: ${answer}`];
    }
    default:
      return [message.type];
  }
}

function tellHandedOver(by: Term): readonly string[] {
  return by === 0 ? [] : [`handed over by the leader of ${by}`];
}

function tellVotes(votes: readonly Vote[]): string {
  if (votes.length === 0) return 'no votes';
  return votes
    .map(({ entry, ballot }) => `${tellEntries([entry])}${ballot === entry.term ? '' : ` in ${ballot}`}`)
    .join(', ');
}

function tellRanges(ranges: readonly SlotRange[]): string {
  return ranges.length === 0
    ? 'no slots'
    : ranges.map(({ from, through }) => slots(from, through)).join(', ');
}

function slots(from: number, through: number): string {
  return from === through ? `${from}` : `${from}..${through}`;
}
