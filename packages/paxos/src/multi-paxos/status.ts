/** What the engine says of itself: for people, and as a digest for explorers and trace hashes. */
import {
  type EngineStatus,
  type Fingerprint,
  FingerprintBuilder,
  type FingerprintView,
  type Membership,
  type NodeId,
  type PeerProgress,
} from '@synod/core';
import { leaseTicksLeft } from './leasing.js';
import { pendingReads } from './reads.js';
import type { PaxosState } from './state.js';

/** The state as a status. */
export function statusOf(state: PaxosState): EngineStatus {
  const peers: PeerProgress[] = [];
  for (const [id, progress] of state.progress) {
    peers.push({
      id,
      matchIndex: progress.matchIndex,
      nextIndex: progress.nextIndex,
      state: progress.state,
      inFlight: progress.inFlight,
      inFlightBytes: progress.inFlightBytes,
      silentTicks: progress.silentTicks,
    });
  }
  const { slots } = state;
  return {
    kind: 'paxos',
    id: state.id,
    group: state.group,
    role: state.role,
    term: state.promised,
    leader: state.leader,
    commitIndex: state.commitIndex,
    appliedIndex: state.appliedIndex,
    durableIndex: slots.durableIndex,
    firstIndex: slots.firstIndex,
    lastIndex: slots.lastIndex,
    snapshot: { index: state.snapshot?.index ?? 0, term: state.snapshot?.term ?? 0 },
    membership: state.membership,
    appliedMembership: state.memberships.at(state.appliedIndex) ?? state.membership,
    membershipIndex: state.memberships.latest.index,
    ...(state.role === 'leader' ? { awaitsPromises: !state.proposer.established } : {}),
    ...(state.transfer === undefined ? {} : { transferTo: state.transfer.to }),
    ...(state.settings.lease === undefined ? {} : { leaseTicksLeft: leaseTicksLeft(state) }),
    peers,
    pendingReads: pendingReads(state),
    explanation: explain(state),
  };
}

function explain(state: PaxosState): string {
  if (state.dataLoss !== undefined) return `takes no part any more: ${state.dataLoss}`;
  const { proposer, probed, commitIndex } = state;
  switch (state.role) {
    case 'leader': {
      if (!proposer.established) return 'leads; awaits the promises of the members that govern now';
      const waiting = proposer.nextSlot - 1 - commitIndex + proposer.queue.length;
      if (waiting === 0) return 'leads, and everything is decided';
      const stop =
        proposer.stopSign > commitIndex ? '; nothing is proposed beyond a change of membership' : '';
      return `leads; ${waiting === 1 ? '1 value awaits its' : `${waiting} values await their`} decision${stop}`;
    }
    case 'pre-candidate': {
      const willing = [...probed.values()].filter((voter) => voter.willing).length;
      return `probes: ${willing} others would promise`;
    }
    case 'candidate': {
      const promised = [...proposer.promisers.values()].filter(({ complete }) => complete).length;
      return `prepares ballot ${proposer.ballot}: ${promised} others have promised`;
    }
    case 'follower':
    case 'learner':
      if (state.leader !== undefined) return `follows ${state.leader}`;
      return `knows no leader; may stand in ${state.electionTimeout - state.electionElapsed} ticks`;
  }
}

/** The state as a digest: of everything that can change what the engine ever does. What follows from the rest is left out. */
export function fingerprintOf(state: PaxosState, view: FingerprintView): Fingerprint {
  const digest = new FingerprintBuilder();
  const name = view.rename ?? ownName;
  const nameOf = (id: NodeId | undefined) => (id === undefined ? undefined : name(id));
  digest.text(name(state.id)).number(state.group);
  for (const limit of Object.values(state.settings)) digest.plain(limit);
  digest.number(state.life).boolean(state.lifeDurable).text(state.dataLoss);
  digest.number(state.memberships.known.length);
  for (const { index, membership } of state.memberships.known)
    addMembership(digest.number(index), membership, view);
  digest.text(state.role).number(state.promised).number(state.highestHeard).text(nameOf(state.leader));
  state.slots.addTo(digest, view);
  digest.number(state.commitIndex).number(state.emittedIndex).number(state.appliedIndex);
  digest.boolean(state.snapshot !== undefined);
  if (state.snapshot !== undefined) {
    digest.number(state.snapshot.index).number(state.snapshot.term);
    addMembership(digest, state.snapshot.membership, view);
  }
  digest.boolean(state.hardStateChanged).number(state.savedDecided).number(state.uncommittedBytes);
  digest.boolean(state.votersKnow).boolean(state.yielded).boolean(state.owesAnswer).number(state.probe);
  digest.number(state.acknowledgements.ranges.length);
  for (const { from, through } of state.acknowledgements.ranges) digest.number(from).number(through);
  if (view.untimed !== true) {
    digest.number(state.electionElapsed).number(state.heartbeatElapsed).number(state.electionTimeout);
    digest.number(state.ticksSinceLeader).number(state.stalledTicks);
    digest.number(state.learnPause).number(state.raisePause);
    digest.boolean(state.stalledSave === state.slots.oldestSave);
    for (const word of state.random.state()) digest.number(word);
  } else digest.boolean(state.learnPause > 0);
  addProposer(digest, state, name);
  addLeadership(digest, state, view);
  digest.number(state.progress.size);
  for (const [id, progress] of named(state.progress, name)) progress.addTo(digest.text(id), view);
  state.reads.addTo(digest, view);
  state.quorumReads.addTo(digest, view);
  digest.number(state.replaced.size);
  for (const [index, { term, proposal }] of state.replaced)
    digest.number(index).number(term).number(proposal);
  digest.number(state.offered.size);
  for (const [id, index] of named(state.offered, name)) digest.text(id).number(index);
  state.outbox.addTo(digest);
  return digest.digest();
}

function addProposer(
  digest: FingerprintBuilder,
  { proposer, probed, slots }: PaxosState,
  name: (id: NodeId) => string,
): void {
  digest.number(probed.size);
  for (const [id, { willing, decided, last }] of named(probed, name))
    digest.text(id).boolean(willing).number(decided).number(last);
  digest
    .number(proposer.ballot)
    .boolean(proposer.save === Number.POSITIVE_INFINITY)
    .number(slots.savesThrough(proposer.save))
    .boolean(proposer.established)
    .number(proposer.adoptedThrough);
  digest.boolean(proposer.mustAsk).number(proposer.nextSlot).number(proposer.stopSign);
  digest.number(proposer.promisers.size);
  for (const [id, { position, complete, decided }] of named(proposer.promisers, name))
    digest.text(id).number(position).boolean(complete).number(decided);
  digest.number(proposer.refusers.size);
  for (const id of [...proposer.refusers].map(name).sort()) digest.text(id);
  digest.number(proposer.adopted.size);
  const adopted = [...proposer.adopted.values()].sort((left, right) => left.entry.index - right.entry.index);
  for (const { entry, ballot } of adopted) digest.number(ballot).plain(entry);
  digest.number(proposer.queue.length);
  for (const { kind, proposal, data } of proposer.queue) digest.text(kind).number(proposal).bytes(data);
}

function addLeadership(digest: FingerprintBuilder, state: PaxosState, view: FingerprintView): void {
  const { lease, transfer, ticks } = state;
  digest.boolean(lease !== undefined);
  lease?.addTo(digest, ticks, view);
  digest.boolean(transfer !== undefined);
  if (transfer === undefined) return;
  digest.text(view.rename === undefined ? transfer.to : view.rename(transfer.to)).boolean(transfer.told);
  if (view.untimed !== true) digest.number(transfer.ticks);
}

function ownName(id: NodeId): string {
  return id;
}

/** Under their new names, and in the order of these: the order in which answers came in makes no difference. */
function named<Value>(
  values: ReadonlyMap<NodeId, Value>,
  name: (id: NodeId) => string,
): readonly (readonly [string, Value])[] {
  const renamed = [...values].map(([id, value]) => [name(id), value] as const);
  return renamed.sort(([left], [right]) => (left < right ? -1 : 1));
}

/** Ordinals stay also when nodes are renamed: ballots are made from them, so who is who is no mere name in Paxos. */
function addMembership(
  digest: FingerprintBuilder,
  { members, outgoingVoters }: Membership,
  { rename = ownName }: FingerprintView,
): void {
  digest.number(members.length).number(outgoingVoters.length);
  for (const { id, ordinal, role } of members) digest.text(rename(id)).number(ordinal).text(role);
  for (const id of outgoingVoters) digest.text(rename(id));
}
