/** The messages of both engines in words, for tables that people read. */
import { decodeUtf8, type Entry } from '@synod/core';
import type { MultiPaxosMessage } from '@synod/paxos';
import type { RaftMessage } from '@synod/raft';

/** A message of Raft. */
export function raftWords(message: RaftMessage): string {
  switch (message.type) {
    case 'requestVote':
      return `${message.preVote ? `would you vote for me in term ${message.term}?` : `vote for me in term ${message.term}!`} My log ends at ${message.lastLogIndex} of term ${message.lastLogTerm}`;
    case 'vote':
      return `${message.granted ? 'yes' : 'no'}${message.preVote ? '' : `, my vote of term ${message.term}`}`;
    case 'appendEntries': {
      const { prevLogIndex, prevLogTerm, commitIndex } = message;
      const what = message.entries.length === 0 ? 'does your log agree' : `append ${values(message.entries)}`;
      return `${what}, after ${prevLogIndex} of term ${prevLogTerm}; committed through ${commitIndex}`;
    }
    case 'appendAccepted':
      return `my log is yours through ${message.matchIndex}`;
    case 'appendRefused':
      return `my log is not yours at ${message.refusedIndex}; look at ${message.hintIndex} of term ${message.hintTerm}`;
    case 'heartbeat':
      return `I lead term ${message.term}; committed through ${message.commitIndex}`;
    case 'heartbeatAnswer':
      return `heard, in term ${message.term}`;
    case 'installSnapshot':
      return `take this snapshot through ${message.meta.index}`;
    case 'readRequest':
      return 'through where must I have applied to read?';
    case 'readAnswer':
      return message.index === undefined ? 'I cannot say' : `through ${message.index}`;
    case 'timeoutNow':
      return 'stand now: I hand over';
  }
}

/** A message of Multi-Paxos. */
export function paxosWords(message: MultiPaxosMessage): string {
  switch (message.type) {
    case 'probe':
      return `would you promise me a ballot? I know what is decided through ${message.decided}`;
    case 'probeAnswer':
      return `${message.willing ? 'yes' : 'no'}; I know what is decided through ${message.decided}, and voted through ${message.last}`;
    case 'nominate':
      return message.transfer ? 'stand now: I hand over' : 'stand yourself: you know more than I do';
    case 'prepare':
      return `prepare ballot ${ballot(message.ballot)} for all slots from ${message.slot}`;
    case 'promise': {
      const votes = message.votes.map((vote) => `${value(vote.entry)} of ballot ${ballot(vote.ballot)}`);
      return `promised ballot ${ballot(message.ballot)}; my votes: ${votes.join(', ') || 'none'}`;
    }
    case 'nack':
      return `ballot ${ballot(message.refused)} is too low: I promised ${ballot(message.ballot)}`;
    case 'accept':
      return message.entries.length === 0
        ? `decided through ${message.decided}`
        : `accept in ballot ${ballot(message.ballot)}: ${values(message.entries)}; decided through ${message.decided}`;
    case 'accepted': {
      const slots = message.ranges.map(({ from, through }) =>
        from === through ? from : `${from} to ${through}`,
      );
      const voted =
        slots.length === 0 ? '' : `voted in ballot ${ballot(message.ballot)}, slot ${slots.join(', ')}; `;
      return `${voted}I know what is decided through ${message.decided}`;
    }
    case 'heartbeat':
      return `I lead with ballot ${ballot(message.ballot)}; decided through ${message.decided}`;
    case 'heartbeatAnswer':
      return `heard; I know what is decided through ${message.decided}`;
    case 'installSnapshot':
      return `take this snapshot through ${message.meta.index}`;
    case 'learn':
      return `what is decided from slot ${message.slot} on?`;
    case 'learned':
      return `decided: ${values(message.entries)}`;
    case 'readRequest':
    case 'votesRequest':
      return 'through where must I have applied to read?';
    case 'readAnswer':
      return message.index === undefined ? 'I cannot say' : `through ${message.index}`;
    case 'votesAnswer':
      return `I voted through ${message.last}`;
  }
}

/** A ballot is its round times 1024 plus the ordinal of its proposer. */
function ballot(number: number): string {
  return `${Math.floor(number / 1024)}.n${number % 1024}`;
}

function values(entries: readonly Entry[]): string {
  return entries.map(value).join(', ');
}

function value({ index, kind, data }: Entry): string {
  return `${index} = ${kind === 'command' ? decodeUtf8(data) : kind}`;
}
