/** The changes that every role makes to the state: promising a ballot, changing role, telling what happened. */
import { type EngineEvent, invariant, type NodeId, type Role, type Term } from '@synod/core';
import { answerFollower, refuseRead } from './callers.js';
import type { MultiPaxosMessage } from './messages.js';
import { priorityMax } from './options.js';
import { quorumsOf } from './quorums.js';
import type { PaxosState, Proposer } from './state.js';

/** A node that proposes nothing. */
export function blankProposer(): Proposer {
  return {
    ballot: 0,
    save: 0,
    promisers: new Map(),
    refusers: new Set(),
    adopted: new Map(),
    mustAsk: false,
    established: false,
    adoptedThrough: 0,
    nextSlot: 0,
    stopSign: 0,
    queue: [],
  };
}

/** The members that govern after the last decided slot, and what follows from them. */
export function governing({
  memberships,
  settings,
  id,
}: Pick<PaxosState, 'memberships' | 'settings' | 'id'>): Pick<
  PaxosState,
  'membership' | 'quorums' | 'peers'
> {
  const { membership } = memberships.latest;
  const peers = membership.members.map((member) => member.id).filter((member) => member !== id);
  return { membership, quorums: quorumsOf(membership, settings.quorums), peers };
}

/** What the node is when it neither leads nor stands. */
export function restingRole(state: PaxosState): Role {
  return mayLead(state) ? 'follower' : 'learner';
}

/** Whether this node may stand: as a voter of the members that it knows to govern. */
export function mayLead({ id, quorums }: PaxosState): boolean {
  return quorums.isVoter(id);
}

/** Lets the next heartbeat leave at the end of the turn: somebody is to hear at once who leads. */
export function speakUp(state: PaxosState): void {
  state.heartbeatElapsed = state.settings.heartbeatTicks;
}

/** Tells what happened. */
export function report(state: PaxosState, event: EngineEvent): void {
  state.outbox.events.push(event);
}

/** Puts a message aside, and says so. */
export function ignore(state: PaxosState, message: MultiPaxosMessage, reason: string): void {
  report(state, { type: 'messageIgnored', from: message.from, message: message.type, reason });
}

/**
 * Ends this node's part: its disk lost something that it had acknowledged, most likely because an older copy of its
 * directory was put back. It forgot promises with it, so it must neither promise nor vote again.
 */
export function haltForDataLoss(state: PaxosState, reason: string): void {
  if (state.dataLoss !== undefined) return;
  state.dataLoss = reason;
  report(state, { type: 'dataLossFound', reason });
  becomeFollower(state, undefined, reason);
}

/** Promises a higher ballot: whatever this node proposed in a lower one is given up. */
export function adoptBallot(state: PaxosState, ballot: Term, reason: string): void {
  invariant(ballot > state.promised, 'promises only grow');
  report(state, { type: 'termChanged', from: state.promised, to: ballot, reason });
  state.promised = ballot;
  state.hardStateChanged = true;
  state.acknowledgements.clear();
  state.owesAnswer = false;
  noteBallot(state, ballot);
}

/** Notes a ballot that was heard of. */
export function noteBallot(state: PaxosState, ballot: Term): void {
  if (ballot > state.highestHeard) state.highestHeard = ballot;
}

/** Follows a leader, or waits for one. */
export function becomeFollower(state: PaxosState, leader: NodeId | undefined, reason: string): void {
  changeRole(state, restingRole(state), reason);
  setLeader(state, leader);
}

/** Plays another part. Whatever belongs to the old one is dropped; what waited for it is refused. */
export function changeRole(state: PaxosState, role: Role, reason: string): void {
  const isOther = role !== state.role;
  if (isOther)
    report(state, { type: 'roleChanged', from: state.role, to: role, term: state.promised, reason });
  if (state.role === 'leader' && role !== 'leader') leaveOffice(state, reason);
  state.role = role;
  state.probed.clear();
  if (role !== 'candidate' && role !== 'leader') state.proposer = blankProposer();
  state.progress.clear();
  state.lease = undefined;
  state.uncommittedBytes = 0;
  state.heartbeatElapsed = 0;
  if (isOther) resetElectionClock(state);
}

function leaveOffice(state: PaxosState, reason: string): void {
  endTransfer(state, false, reason);
  for (const reader of state.reads.abandonLed()) {
    if (reader.type === 'follower') answerFollower(state, reader, undefined);
    else refuseRead(state, reader.context, 'this node stopped leading before the read was confirmed');
  }
  const { queue } = state.proposer;
  state.proposer.queue = [];
  for (const { proposal } of queue) {
    state.outbox.refused.push({
      subject: { type: 'proposal', proposal },
      code: 'NO_LEADER',
      effect: 'none',
      reason: `this node stopped leading before the command had a slot: ${reason}`,
    });
  }
}

/** Ends a transfer of leadership, if one is under way. */
export function endTransfer(state: PaxosState, stillLeads: boolean, reason: string): void {
  const { transfer } = state;
  if (transfer === undefined) return;
  state.transfer = undefined;
  report(state, { type: 'transferEnded', to: transfer.to, stillLeads, reason });
}

/** Names the leader. Reads that were forwarded to another one are refused. */
export function setLeader(state: PaxosState, leader: NodeId | undefined): void {
  if (leader !== undefined) state.yielded = false;
  if (state.leader === leader) return;
  state.leader = leader;
  report(state, { type: 'leaderChanged', leader, term: state.promised });
  for (const context of state.reads.abandonForwarded())
    refuseRead(state, context, 'the leader changed before the read was confirmed');
}

/** Starts the wait for an election timeout anew, with a new random length. */
export function resetElectionClock(state: PaxosState): void {
  const { electionTicks, electionSpreadTicks, priority } = state.settings;
  const least = electionTicks + Math.ceil(((priorityMax - priority) * electionTicks) / 2);
  state.electionElapsed = 0;
  state.electionTimeout = state.random.integer(least, least + (electionSpreadTicks ?? electionTicks));
}
