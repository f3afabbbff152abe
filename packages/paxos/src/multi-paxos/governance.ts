/** Other members govern from a decided slot on: quorums, peers and this node's own part follow at once. */
import type { LogIndex, Membership } from '@synod/core';
import { Progress } from './progress.js';
import { reasonUnfit } from './quorums.js';
import {
  becomeFollower,
  changeRole,
  governing,
  haltForDataLoss,
  mayLead,
  report,
  restingRole,
  speakUp,
} from './roles.js';
import type { PaxosState } from './state.js';

/** Lets the members of a decided entry govern the slots after it. */
export function governAfter(
  state: PaxosState,
  index: LogIndex,
  membership: Membership,
  reason: string,
): void {
  state.memberships.append({ index, membership });
  follow(state, index, reason);
}

/** Lets the members that a snapshot carries govern the slots after it. */
export function governBySnapshot(
  state: PaxosState,
  index: LogIndex,
  membership: Membership,
  reason: string,
): void {
  state.memberships.reset({ index, membership });
  follow(state, index, reason);
}

function follow(state: PaxosState, index: LogIndex, reason: string): void {
  const unfit = reasonUnfit(state.memberships.latest.membership, state.settings.quorums);
  if (unfit !== undefined)
    return haltForDataLoss(state, `its rule for quorums is not that of the group: ${unfit}`);
  Object.assign(state, governing(state));
  state.votersKnow = false;
  const { membership } = state;
  report(state, { type: 'membershipChanged', membership, index, reason });
  switch (state.role) {
    case 'leader':
      state.lease?.restart();
      state.reads.restart();
      for (const peer of state.peers) {
        if (!state.progress.has(peer)) state.progress.set(peer, new Progress());
      }
      state.proposer.established = false;
      state.proposer.mustAsk = true;
      return speakUp(state);
    case 'candidate':
      state.proposer.mustAsk = true;
      return mayLead(state) ? undefined : becomeFollower(state, undefined, reason);
    default:
      if (state.role !== restingRole(state)) changeRole(state, restingRole(state), reason);
  }
}
