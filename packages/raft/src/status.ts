/** What the engine says of itself: for people, and as a digest for explorers and trace hashes. */
import {
  type EngineStatus,
  type Fingerprint,
  FingerprintBuilder,
  majority,
  type PeerProgress,
} from '@synod/core';
import type { RaftState } from './state.js';

/** The state as a status. */
export function statusOf(state: RaftState): EngineStatus {
  const peers: PeerProgress[] = [];
  for (const [id, progress] of state.progress) {
    peers.push({
      id,
      matchIndex: progress.matchIndex,
      nextIndex: progress.nextIndex,
      state: progress.state,
      inFlight: progress.inFlight,
      silentTicks: progress.silentTicks,
    });
  }
  return {
    kind: 'raft',
    id: state.id,
    group: state.group,
    role: state.role,
    term: state.term,
    leader: state.leader,
    commitIndex: state.commitIndex,
    appliedIndex: state.appliedIndex,
    durableIndex: state.log.durableIndex,
    firstIndex: state.log.firstIndex,
    lastIndex: state.log.lastIndex,
    snapshot: { index: state.snapshot?.index ?? 0, term: state.snapshot?.term ?? 0 },
    membership: state.membership,
    peers,
    pendingReads: state.reads.pending,
    explanation: explain(state),
  };
}

function explain(state: RaftState): string {
  if (state.dataLoss !== undefined) return `takes no part any more: ${state.dataLoss}`;
  switch (state.role) {
    case 'leader': {
      if (state.commitIndex === state.log.lastIndex) return 'leads, and everything is committed';
      const waiting = state.log.lastIndex - state.commitIndex;
      const silent = [...state.progress].filter(
        ([, progress]) => progress.silentTicks > state.settings.heartbeatTicks * 2,
      );
      const unheard = silent.length === 0 ? '' : `; not heard lately: ${silent.map(([id]) => id).join(', ')}`;
      return `leads; ${waiting === 1 ? '1 entry' : `${waiting} entries`} from index ${state.commitIndex + 1} on await a quorum${unheard}`;
    }
    case 'pre-candidate':
    case 'candidate': {
      const votes = [...state.votes.values()].filter((granted) => granted).length;
      const needed = majority(state.quorum.configurations[0]?.length ?? 1);
      const kind = state.role === 'candidate' ? 'votes' : 'pre-votes';
      return `campaigns: has ${votes} of ${needed} ${kind}`;
    }
    case 'follower':
    case 'learner':
      if (state.leader !== undefined) return `follows ${state.leader}`;
      return `knows no leader; may campaign in ${state.electionTimeout - state.electionElapsed} ticks`;
  }
}

/** The state as a digest: equal for equal states. Effects that were not taken are not part of it. */
export function fingerprintOf(state: RaftState): Fingerprint {
  const digest = new FingerprintBuilder();
  digest
    .text(state.id)
    .number(state.group)
    .text(state.role)
    .number(state.term)
    .text(state.votedFor)
    .text(state.leader);
  digest.number(state.commitIndex).number(state.emittedIndex).number(state.appliedIndex).number(state.life);
  digest.text(state.dataLoss);
  digest.number(state.electionElapsed).number(state.electionTimeout).number(state.heartbeatElapsed);
  const { log } = state;
  digest
    .number(log.discarded.index)
    .number(log.discarded.term)
    .number(log.lastIndex)
    .number(log.durableIndex);
  for (let index = log.firstIndex; index <= log.lastIndex; index++) {
    const entry = log.entryAt(index);
    if (entry !== undefined) digest.number(entry.term).text(entry.kind).bytes(entry.data);
  }
  for (const [id, granted] of state.votes) digest.text(id).number(granted ? 1 : 0);
  for (const [id, progress] of state.progress) {
    digest.text(id).text(progress.state).number(progress.matchIndex).number(progress.nextIndex);
    digest
      .number(progress.inFlight)
      .number(progress.probeSent ? 1 : 0)
      .number(progress.answeredRound);
  }
  digest.number(state.reads.round).number(state.reads.pending);
  for (const word of state.random.state()) digest.number(word);
  return digest.digest();
}
