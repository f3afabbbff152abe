/** The Raft engine as scenarios see it: its options, and its messages in words. */
import { type EngineOnStage, tellEntries, tellPosition } from '@synod/scenarios';
import {
  createRaftEngine,
  decodeHardState,
  encodeHardState,
  type LeaseBound,
  type RaftMessage,
  raftMessageCodec,
} from '../src/index.js';

/** Puts Raft engines on the stage. */
export const raftOnStage: EngineOnStage<RaftMessage> = {
  create: (start, options) => {
    const limits = [...options].filter(([name]) => name !== 'seed');
    // Entries stay in the log behind a snapshot only where a scenario asks for it.
    return createRaftEngine({
      retainedEntries: 0,
      ...Object.fromEntries(limits.map(optionOf)),
      ...start,
    });
  },
  codec: raftMessageCodec,
  describeMessage: (message) => {
    const [name, ...rest] = wordsFor(message);
    return [`${name} term ${message.term}`, ...rest].join(', ');
  },
  describeHardState: (bytes) => {
    const { term, votedFor, commitIndex } = decodeHardState(bytes);
    return `term ${term}, vote ${votedFor ?? 'none'}, commit ${commitIndex}`;
  },
  encodeHardState: (state) => encodeHardState({ ...state, life: 1 }),
};

/** Options are numbers, but for switches (`true` or `false`) and `lease=2`, which turns leases on with that drift. */
function optionOf([name, value]: readonly [string, string]): [string, number | boolean | LeaseBound] {
  if (name === 'lease') return [name, { driftTicks: Number(value) }];
  return [name, value === 'true' || value === 'false' ? value === 'true' : Number(value)];
}

/** The message's name, then what it says beside its term. */
function wordsFor(message: RaftMessage): readonly string[] {
  switch (message.type) {
    case 'requestVote':
      return [
        message.preVote ? 'requestPreVote' : 'requestVote',
        `log ends at ${tellPosition({ index: message.lastLogIndex, term: message.lastLogTerm })}`,
        ...(message.transfer === true ? ['the leader wishes it'] : []),
      ];
    case 'vote':
      return [message.preVote ? 'preVote' : 'vote', message.granted ? 'granted' : 'refused'];
    case 'appendEntries': {
      const previous = tellPosition({ index: message.prevLogIndex, term: message.prevLogTerm });
      return [
        'appendEntries',
        `after ${previous}: ${tellEntries(message.entries)}`,
        `commit ${message.commitIndex}`,
        ...sessionOf(message),
      ];
    }
    case 'appendAccepted':
      return ['appendAccepted', `through ${message.matchIndex}`, ...sessionOf(message)];
    case 'appendRefused': {
      const hint = tellPosition({ index: message.hintIndex, term: message.hintTerm });
      return [
        'appendRefused',
        `after ${message.refusedIndex}`,
        `may agree at ${hint}`,
        ...sessionOf(message),
      ];
    }
    case 'heartbeat':
      return ['heartbeat', `commit ${message.commitIndex}`, ...roundOf(message.round), ...sessionOf(message)];
    case 'heartbeatAnswer':
      return [
        'heartbeatAnswer',
        ...roundOf(message.round),
        ...(message.snapshotWanted === undefined
          ? []
          : [`wants a snapshot through ${message.snapshotWanted}`]),
        ...sessionOf(message),
      ];
    case 'installSnapshot':
      return ['installSnapshot', `covers ${tellPosition(message.meta)}`, ...sessionOf(message)];
    case 'readRequest':
      return ['readRequest', `request ${message.request} of life ${message.life}`];
    case 'readAnswer': {
      const answer = message.index === undefined ? 'cannot be confirmed' : `read at ${message.index}`;
      return ['readAnswer', `request ${message.request} of life ${message.life}: ${answer}`];
    }
    default:
      return [plainName(message)];
  }
}

/** Rounds are told only once there were reads. */
function roundOf(round: number): readonly string[] {
  return round === 0 ? [] : [`read round ${round}`];
}

/** Sessions are told only of followers that joined while the leader led. */
function sessionOf({ session }: { readonly session?: number | undefined }): readonly string[] {
  return session === undefined ? [] : [`session ${session}`];
}

function plainName(message: { readonly type: string }): string {
  return message.type;
}
