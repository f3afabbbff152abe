/** What an engine must never forget, in words, whichever engine it was. */
import { decodeHardState as decodePaxosState, formatBallot } from '@synod/paxos';
import { decodeHardState as decodeRaftState } from '@synod/raft';

/**
 * A hard state in words.
 *
 * @param bytes - As an engine saved it. The records of the engines begin with different bytes.
 */
export function hardStateWords(bytes: Uint8Array): string {
  try {
    const { term, votedFor, commitIndex, life } = decodeRaftState(bytes);
    return `raft: term ${term}, vote for ${votedFor ?? 'nobody'}, committed through ${commitIndex}, life ${life}`;
  } catch {
    return paxosWords(bytes);
  }
}

function paxosWords(bytes: Uint8Array): string {
  try {
    const { promised, decided, life, votesAgain } = decodePaxosState(bytes);
    const again = votesAgain.length === 0 ? '' : `, ${votesAgain.length} ranges voted for again`;
    return `paxos: promised ballot ${formatBallot(promised)}, decided through ${decided}, life ${life}${again}`;
  } catch {
    return `${bytes.length} bytes of no engine that this release knows: ${Buffer.from(bytes).toString('hex')}`;
  }
}
