/** Rare situations as engines tell them. */
import type { EngineEvent } from '@synod/core';
import type { Coverage } from './coverage.js';

/** Counts what an event shows to have been reached. */
export function reachEvent(coverage: Coverage, event: EngineEvent): void {
  switch (event.type) {
    case 'roleChanged':
      if (event.to === 'leader') coverage.reach('leader elected');
      else if (event.from === 'candidate') coverage.reach('election lost');
      else if (event.from === 'leader') coverage.reach('leader stepped down');
      return;
    case 'voteAnswered':
      if (!event.granted) coverage.reach(event.preVote ? 'pre-vote refused' : 'vote refused');
      return;
    case 'appendRefused':
      return coverage.reach('append refused');
    case 'logTruncated':
      return coverage.reach('log truncated');
    case 'snapshotOffered':
      return coverage.reach('snapshot offered');
    case 'snapshotWanted':
      return coverage.reach('snapshot asked for');
    case 'snapshotInstalled':
      return coverage.reach('snapshot installed');
    case 'logDiscarded':
      return coverage.reach('log discarded');
    case 'readConfirmed':
      return coverage.reach('read confirmed');
    case 'dataLossFound':
      return coverage.reach('data loss found');
    case 'messageIgnored':
      return coverage.reach('message ignored');
    case 'membershipChanged':
      return coverage.reach(
        event.membership.outgoingVoters.length > 0 ? 'joint membership' : 'members changed',
      );
    case 'transferEnded':
      return coverage.reach(event.stillLeads ? 'leadership kept' : 'leadership handed over');
    case 'termChanged':
    case 'leaderChanged':
    case 'campaignStarted':
    case 'voteReceived':
    case 'entriesAppended':
    case 'progressChanged':
    case 'commitAdvanced':
    case 'transferStarted':
      return;
  }
}
