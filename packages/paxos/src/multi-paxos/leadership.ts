/**
 * Who leads. A node that misses its leader first probes: it asks whether a phase-1 quorum would promise, and disturbs
 * nobody. Nodes that hear a leader would not, so as long as a leader is heard by a phase-2 quorum no other can arise,
 * whatever links are cut; and whoever reaches enough nodes that miss it can lead, wherever the newest votes are, since
 * promises bring them. That is what OmniPaxos' ballot leader election gives (EuroSys 2023, §5), asked for only when a
 * leader is missed. Among those that could lead the most advanced is preferred: others let it stand before them once.
 */
import { invariant, type NodeId, type Term } from '@synod/core';
import { nextBallot } from '../ballot.js';
import { hearsLeader } from './acceptor.js';
import { announce, askToLearn } from './catch-up.js';
import { mustKeepLease } from './leasing.js';
import type { Nominate, Probe, ProbeAnswer } from './messages.js';
import { askForPromises } from './proposing.js';
import {
  adoptBallot,
  becomeFollower,
  blankProposer,
  changeRole,
  ignore,
  mayLead,
  noteBallot,
  report,
  resetElectionClock,
  setLeader,
} from './roles.js';
import type { PaxosState } from './state.js';

/** One tick of a node that does not lead. */
export function tickElection(state: PaxosState): void {
  state.electionElapsed++;
  if (state.electionElapsed >= state.electionTimeout)
    return campaign(state, 'the election timeout passed without a leader');
  if (state.role !== 'candidate' || ++state.heartbeatElapsed < state.settings.heartbeatTicks) return;
  state.heartbeatElapsed = 0;
  askForPromises(state);
}

/** Probes whether this node could lead, if it may at all. */
export function campaign(state: PaxosState, reason: string): void {
  resetElectionClock(state);
  if (state.role === 'leader' || mustKeepLease(state)) return;
  if (!mayLead(state) || diskStalls(state)) {
    setLeader(state, undefined);
    return mayLead(state) ? undefined : announce(state);
  }
  setLeader(state, undefined);
  changeRole(state, 'pre-candidate', reason);
  state.probed.clear();
  state.probe++;
  report(state, { type: 'campaignStarted', term: ownNextBallot(state), preVote: true, reason });
  for (const peer of state.peers) {
    if (!state.quorums.isVoter(peer)) continue;
    state.outbox.sendNow.push({
      from: state.id,
      to: peer,
      type: 'probe',
      ballot: state.promised,
      probe: state.probe,
      decided: state.commitIndex,
    });
  }
  countProbed(state);
}

/** The ballot that this node would propose in: above all that it heard of. */
function ownNextBallot(state: PaxosState): Term {
  const own = state.membership.members.find(({ id }) => id === state.id);
  invariant(own !== undefined, 'only a member stands');
  return nextBallot(state.highestHeard, own.ordinal);
}

/** Whether a save takes longer than a leader's disk may. */
export function diskStalls(state: PaxosState): boolean {
  return state.stalledTicks >= state.settings.saveTicksMax;
}

/** Answers whether this node would promise. */
export function receiveProbe(state: PaxosState, message: Probe): void {
  askToLearn(state, message.from, message.decided);
  const willing = !hearsLeader(state) && !mustKeepLease(state);
  report(state, {
    type: 'voteAnswered',
    candidate: message.from,
    term: message.ballot,
    preVote: true,
    granted: willing,
    reason: willing ? 'no leader was heard lately' : `${state.leader ?? 'a leader'} was heard lately`,
  });
  state.outbox.sendNow.push({
    from: state.id,
    to: message.from,
    type: 'probeAnswer',
    ballot: state.promised,
    probe: message.probe,
    willing,
    decided: state.commitIndex,
    last: state.slots.lastIndex,
  });
}

/** Counts an answer to the probe under way. */
export function receiveProbeAnswer(state: PaxosState, message: ProbeAnswer): void {
  noteBallot(state, message.ballot);
  askToLearn(state, message.from, message.decided);
  if (state.role !== 'pre-candidate' || message.probe !== state.probe)
    return ignore(state, message, `no answer to probe ${message.probe} is awaited`);
  const { from, willing, decided, last } = message;
  report(state, { type: 'voteReceived', voter: from, term: message.ballot, preVote: true, granted: willing });
  state.probed.set(from, { willing, decided, last });
  countProbed(state);
}

/** A phase-1 quorum must be willing, and a phase-2 quorum must be within reach. */
function countProbed(state: PaxosState): void {
  const { quorums, probed, id } = state;
  const willing = quorums.phase1((voter) => (voter === id ? true : probed.get(voter)?.willing));
  if (willing === 'lost') return becomeFollower(state, undefined, 'too many nodes hear a leader');
  const reached = quorums.phase2((voter) => (voter === id || probed.has(voter) ? true : undefined));
  if (willing !== 'won' || reached !== 'won') return;
  const better = state.yielded ? undefined : mostAdvanced(state);
  if (better === undefined) return prepare(state, 'enough nodes would promise');
  state.yielded = true;
  becomeFollower(state, undefined, `${better} is more advanced`);
  // A probe and a prepare take it two round trips. If it reaches too few nodes this one leads after all, and soon.
  state.electionTimeout = Math.ceil(state.settings.electionTicks / 2);
  nominate(state, better, false);
}

/** Whoever knows more than this node, of those that would promise. */
function mostAdvanced(state: PaxosState): NodeId | undefined {
  let best: NodeId | undefined;
  let decidedMost = state.commitIndex;
  let lastMost = state.slots.lastIndex;
  for (const [id, { willing, decided, last }] of state.probed) {
    if (!willing || decided < decidedMost || (decided === decidedMost && last <= lastMost)) continue;
    best = id;
    decidedMost = decided;
    lastMost = last;
  }
  return best;
}

/** Asks another node to stand. */
export function nominate(state: PaxosState, to: NodeId, transfer: boolean): void {
  state.outbox.sendNow.push({ from: state.id, to, type: 'nominate', ballot: state.promised, transfer });
}

/** Another node thinks this one better placed, or a leader hands over to it. */
export function receiveNominate(state: PaxosState, message: Nominate): void {
  noteBallot(state, message.ballot);
  if (state.role === 'leader') return ignore(state, message, 'this node leads already');
  if (!mayLead(state)) return ignore(state, message, 'this node has no vote');
  if (message.transfer) {
    if (message.from !== state.leader)
      return ignore(state, message, `${message.from} does not lead this node`);
    return prepare(state, `${message.from} hands its leadership over`, message.ballot);
  }
  const isOfLeader = message.from === state.leader;
  if (state.role === 'candidate' || (hearsLeader(state) && !isOfLeader))
    return ignore(state, message, 'this node stands already, or hears a leader');
  state.yielded = true;
  campaign(state, `${message.from} finds this node better placed`);
}

/** Phase 1 of a new ballot of this node's own, above all that were heard of. */
export function prepare(state: PaxosState, reason: string, handedOver: Term = 0): void {
  const ballot = ownNextBallot(state);
  adoptBallot(state, ballot, reason);
  changeRole(state, 'candidate', reason);
  resetElectionClock(state);
  setLeader(state, undefined);
  state.proposer = { ...blankProposer(), ballot, save: Number.POSITIVE_INFINITY };
  report(state, { type: 'campaignStarted', term: ballot, preVote: false, reason });
  askForPromises(state, handedOver);
}

/**
 * Whoever drives this node knows that the leader is gone: it would promise another now. Where a lease may be broken it
 * takes no notice.
 */
export function forgetLeader(state: PaxosState): void {
  if (state.leader === undefined || state.leader === state.id || state.settings.lease !== undefined) return;
  setLeader(state, undefined);
}
