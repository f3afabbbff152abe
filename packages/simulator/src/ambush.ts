/**
 * What ambushes wait for: the moments at which a failure hurts most, read from what engines tell. A storm by the clock
 * meets the milliseconds after an election once in a thousand seeds; one that waits for them meets them every time.
 */
import type { EngineEvent } from '@synod/core';
import type { Situation } from './script.js';

/**
 * The situation that an event shows, if any.
 *
 * @param event - What an engine told.
 * @param isLeader - Whether its node leads.
 */
export function situationOf(event: EngineEvent, isLeader: boolean): Situation | undefined {
  switch (event.type) {
    case 'roleChanged':
      return event.to === 'leader' ? 'leads' : undefined;
    case 'entriesAppended':
      return isLeader ? 'proposes' : 'appends';
    case 'commitAdvanced':
      return 'commits';
    case 'campaignStarted':
      return event.preVote ? 'canvasses' : 'campaigns';
    case 'voteAnswered':
      return event.granted && !event.preVote ? 'votes' : undefined;
    case 'logTruncated':
      return 'truncates';
    case 'snapshotInstalled':
      return 'installs';
    case 'membershipChanged':
      return 'changesMembers';
    case 'logDiscarded':
      return 'discards';
    default:
      return undefined;
  }
}
