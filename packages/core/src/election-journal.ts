/**
 * Why there is no leader, or none that gets anything done: what nodes told of their elections, brought together. The
 * nodes' events say who asked for which votes and who refused them why; their states say who is there and who follows.
 */
import { unreachable } from './errors.js';
import type { EngineEvent } from './events.js';
import type { NodeId, Term } from './ids.js';
import { MajorityQuorum, majority } from './quorum.js';
import type { EngineStatus } from './status.js';

/** Whether somebody leads, and the reasons. */
export interface LeadershipExplanation {
  /** The node that leads a majority of those heard; `undefined` when there is none. */
  readonly leader: NodeId | undefined;
  /** Sentences for people, those that explain most first. Empty when a leader leads and everything is committed. */
  readonly reasons: readonly string[];
}

interface Campaign {
  readonly term: Term;
  readonly preVote: boolean;
  readonly reason: string;
  /** What voters answered, by voter. */
  readonly answers: Map<NodeId, { readonly granted: boolean; readonly reason: string }>;
}

/**
 * Keeps what matters of the last election of each node, and explains.
 *
 * @remarks Its memory is bounded by the number of nodes: a node's next campaign replaces its last. Events of one node
 * come in their order; a voter's answer is kept only if the campaign that it answers was taken in before.
 *
 * @example
 * ```ts
 * const journal = new ElectionJournal();
 * // for every event of every node that you hear of:
 * journal.take('n1', event);
 * // later:
 * const { leader, reasons } = journal.explain([statusOfN2]);
 * // reasons: 'only 1 of 3 voters are heard of, and 2 are needed: n1, n3 are not', ...
 * ```
 */
export class ElectionJournal {
  readonly #campaigns = new Map<NodeId, Campaign>();
  readonly #losses = new Map<NodeId, string>();
  #steppedDown: { readonly node: NodeId; readonly term: Term; readonly reason: string } | undefined;

  /**
   * Takes one event in; those that have nothing to do with elections are passed over.
   *
   * @param node - Whose event it is.
   * @param event - What it told.
   */
  take(node: NodeId, event: EngineEvent): void {
    switch (event.type) {
      case 'campaignStarted': {
        const { term, preVote, reason } = event;
        this.#campaigns.set(node, { term, preVote, reason, answers: new Map() });
        return;
      }
      case 'voteAnswered': {
        const campaign = this.#campaigns.get(event.candidate);
        if (campaign === undefined || campaign.term !== event.term || campaign.preVote !== event.preVote)
          return;
        campaign.answers.set(node, { granted: event.granted, reason: event.reason });
        return;
      }
      case 'roleChanged':
        if (event.from === 'leader') this.#steppedDown = { node, term: event.term, reason: event.reason };
        return;
      case 'dataLossFound':
        this.#losses.set(node, event.reason);
        return;
      default:
        return;
    }
  }

  /**
   * Explains who leads or why nobody does.
   *
   * @param statuses - States of the nodes that can be asked now, each once; whoever is missing counts as not heard of.
   */
  explain(statuses: readonly EngineStatus[]): LeadershipExplanation {
    const leader = leaderAmong(statuses);
    if (leader !== undefined) return { leader: leader.id, reasons: whatBlocksCommits(leader) };
    return {
      leader: undefined,
      reasons: [
        ...whoIsMissing(statuses),
        ...[...this.#losses].map(([node, reason]) => `${node} takes no part any more: ${reason}`),
        ...this.#whatCampaignsMet(),
        ...this.#whoLedLast(),
        ...statuses.map(({ id, explanation }) => `${id} ${explanation}`),
      ],
    };
  }

  #whatCampaignsMet(): readonly string[] {
    const latest = [...this.#campaigns].sort(([, left], [, right]) => right.term - left.term);
    return latest.map(([node, { term, preVote, reason, answers }]) => {
      const votes = preVote ? 'pre-votes' : 'votes';
      const refusals = [...answers].filter(([, { granted }]) => !granted);
      const told = refusals.map(([voter, answer]) => `; ${voter} refused: ${answer.reason}`).join('');
      const given = [...answers].filter(([, { granted }]) => granted).map(([voter]) => voter);
      return `${node} asked for ${votes} for term ${term} (${reason}): given by ${given.join(', ') || 'nobody else'}${told}`;
    });
  }

  #whoLedLast(): readonly string[] {
    if (this.#steppedDown === undefined) return [];
    const { node, term, reason } = this.#steppedDown;
    return [`${node} was the last leader, until term ${term}: ${reason}`];
  }
}

/** The leader of the latest term, if a majority of the voters of each configuration is heard of and follows it. */
function leaderAmong(statuses: readonly EngineStatus[]): EngineStatus | undefined {
  const leaders = statuses.filter(({ role }) => role === 'leader');
  const latest = leaders.sort((left, right) => right.term - left.term)[0];
  if (latest === undefined) return undefined;
  const followers = statuses.filter(({ leader, term }) => leader === latest.id && term === latest.term);
  const isFollowed = new MajorityQuorum(latest.membership).configurations.every(
    (voters) =>
      voters.filter((id) => followers.some((node) => node.id === id)).length >= majority(voters.length),
  );
  return isFollowed ? latest : undefined;
}

function whoIsMissing(statuses: readonly EngineStatus[]): readonly string[] {
  const newest = [...statuses].sort((left, right) => right.lastIndex - left.lastIndex)[0];
  if (newest === undefined) return ['no node is heard of'];
  return new MajorityQuorum(newest.membership).configurations.flatMap((voters) => {
    const missing = voters.filter((id) => !statuses.some((status) => status.id === id));
    const there = voters.length - missing.length;
    if (there >= majority(voters.length)) return [];
    return [
      `only ${there} of ${voters.length} voters are heard of, and ${majority(voters.length)} are needed: ${missing.join(', ')} are not`,
    ];
  });
}

/** What a leader waits for, entry and followers. */
function whatBlocksCommits({
  id,
  commitIndex,
  lastIndex,
  durableIndex,
  peers,
}: EngineStatus): readonly string[] {
  if (commitIndex === lastIndex) return [];
  const next = commitIndex + 1;
  const own = durableIndex < next ? [`${id} itself has it not on disk yet`] : [];
  const others = peers
    .filter(({ matchIndex }) => matchIndex < next)
    .map(
      ({ id: peer, matchIndex, state, silentTicks }) =>
        `${peer} holds the log through ${matchIndex} (${wordsFor(state)}, silent for ${silentTicks} ticks)`,
    );
  return [`${id} leads, but entry ${next} is not committed: ${[...own, ...others].join('; ')}`];
}

function wordsFor(state: EngineStatus['peers'][number]['state']): string {
  switch (state) {
    case 'probe':
      return 'being probed';
    case 'replicate':
      return 'being streamed to';
    case 'snapshot':
      return 'being sent a snapshot';
    default:
      return unreachable(state);
  }
}
