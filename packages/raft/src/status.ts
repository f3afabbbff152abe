/** What the engine says of itself: for people, and as a digest for explorers and trace hashes. */
import {
  type EngineStatus,
  type Fingerprint,
  FingerprintBuilder,
  type FingerprintView,
  type Membership,
  majority,
  type NodeId,
  type PeerProgress,
} from '@synod/core';
import { leaseTicksLeft } from './leasing.js';
import type { RaftState } from './state.js';

/** The state as a status. */
export function statusOf(state: RaftState): EngineStatus {
  const peers: PeerProgress[] = [];
  for (const progress of state.progress.all) {
    peers.push({
      id: progress.id,
      matchIndex: progress.matchIndex,
      nextIndex: progress.nextIndex,
      state: progress.state,
      inFlight: progress.inFlight,
      inFlightBytes: progress.inFlightBytes,
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
    appliedMembership: state.memberships.at(state.appliedIndex) ?? state.membership,
    membershipIndex: state.memberships.latest.index,
    ...(state.transfer === undefined ? {} : { transferTo: state.transfer.to }),
    ...(state.settings.lease === undefined ? {} : { leaseTicksLeft: leaseTicksLeft(state) }),
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
      const silent = state.progress.all.filter(
        (progress) => progress.silentTicks > state.settings.heartbeatTicks * 2,
      );
      const unheard =
        silent.length === 0 ? '' : `; not heard lately: ${silent.map(({ id }) => id).join(', ')}`;
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

/**
 * The state as a digest: of everything that can change what the engine ever does. What follows from the rest (quorum,
 * peers) is left out. Each class folds in its own fields; whoever adds a field to the state folds it in here.
 */
export function fingerprintOf(state: RaftState, view: FingerprintView): Fingerprint {
  const digest = new FingerprintBuilder();
  const name = view.rename ?? ownName;
  digest.text(name(state.id)).number(state.group);
  for (const limit of Object.values(state.settings)) digest.plain(limit);
  digest.number(state.life).boolean(state.lifeDurable).text(state.dataLoss);
  digest.number(state.memberships.known.length);
  for (const { index, membership } of state.memberships.known)
    addMembership(digest.number(index), membership, view);
  digest.text(state.role).number(state.term);
  digest.text(state.votedFor === undefined ? undefined : name(state.votedFor));
  digest.text(state.leader === undefined ? undefined : name(state.leader));
  state.log.addTo(digest, view);
  digest.number(state.commitIndex).number(state.emittedIndex).number(state.appliedIndex);
  digest.boolean(state.snapshot !== undefined);
  if (state.snapshot !== undefined) {
    digest.number(state.snapshot.index).number(state.snapshot.term);
    addMembership(digest, state.snapshot.membership, view);
  }
  digest
    .boolean(state.snapshotWanted)
    .boolean(state.hardStateChanged)
    .number(state.savedCommit)
    .number(state.uncommittedBytes);
  if (view.untimed !== true) {
    digest.number(state.electionElapsed).number(state.heartbeatElapsed).number(state.electionTimeout);
    digest.number(state.ticksSinceLeader).number(state.stalledTicks);
    digest.boolean(state.stalledSave === state.log.oldestSave);
    for (const word of state.random.state()) digest.number(word);
  }
  addLeadership(digest, state, view);
  digest.number(state.votes.size);
  for (const [id, granted] of named(state.votes, name)) digest.text(id).boolean(granted);
  digest.number(state.progress.size);
  const followers = state.progress.all.map((progress) => [progress.id, progress] as const);
  for (const [id, progress] of named(followers, name)) progress.addTo(digest.text(id), view);
  state.reads.addTo(digest, view);
  digest.number(state.dropped.size);
  for (const [index, { term, proposal }] of state.dropped) digest.number(index).number(term).number(proposal);
  state.outbox.addTo(digest);
  return digest.digest();
}

function addLeadership(digest: FingerprintBuilder, state: RaftState, view: FingerprintView): void {
  const { lease, transfer, changeProposal, sessions, ticks } = state;
  digest.number(sessions).boolean(lease !== undefined);
  lease?.addTo(digest, ticks, view);
  digest.boolean(changeProposal !== undefined).number(changeProposal ?? 0);
  digest.boolean(transfer !== undefined);
  if (transfer === undefined) return;
  digest.text(view.rename === undefined ? transfer.to : view.rename(transfer.to)).boolean(transfer.told);
  if (view.untimed !== true) digest.number(transfer.ticks);
}

function ownName(id: NodeId): string {
  return id;
}

/** Under their new names, and in the order of these: the order in which votes came in makes no difference. */
function named<Value>(
  values: Iterable<readonly [NodeId, Value]>,
  name: (id: NodeId) => string,
): readonly (readonly [string, Value])[] {
  const renamed = [...values].map(([id, value]) => [name(id), value] as const);
  return renamed.sort(([left], [right]) => (left < right ? -1 : 1));
}

/** A renamed membership has no ordinals: they are given by node, and Raft decides nothing by them. */
function addMembership(
  digest: FingerprintBuilder,
  { members, outgoingVoters }: Membership,
  { rename }: FingerprintView,
): void {
  digest.number(members.length).number(outgoingVoters.length);
  if (rename === undefined) {
    for (const { id, ordinal, role } of members) digest.text(id).number(ordinal).text(role);
    for (const id of outgoingVoters) digest.text(id);
    return;
  }
  for (const member of members.map(({ id, role }) => `${role} ${rename(id)}`).sort()) digest.text(member);
  for (const id of outgoingVoters.map(rename).sort()) digest.text(id);
}
