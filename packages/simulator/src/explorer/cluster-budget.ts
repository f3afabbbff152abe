/** How much can happen in an exploration of a cluster, and where a state keeps what is left of it. */
import { InvalidArgumentError } from '@synod/core';

/** How much can happen in an exploration. Everything is explored within it, and nothing beyond. */
export interface ClusterBudget {
  /** Nodes of the cluster, at most 7. Default 3. */
  readonly nodes?: number;
  /** Commands that clients propose to leaders. Default 2. */
  readonly commands?: number;
  /** Election timeouts that pass, over all nodes. Default 1. */
  readonly campaigns?: number;
  /** Crashes with a restart, over all nodes. Default 0. */
  readonly crashes?: number;
  /** Messages that arrive once more than they were sent. Default 0. */
  readonly duplicates?: number;
  /** Rounds of heartbeats, over all leaders. Default 0. */
  readonly heartbeats?: number;
  /**
   * Messages that get lost between two nodes in front of others that arrive; only for a network of `links`, since in
   * an unordered one any message can stay away for ever at no cost. Default 0.
   */
  readonly drops?: number;
  /**
   * `unordered`: a message can arrive at any time after it was sent, or never. `links`: messages from one node to
   * another arrive in order, or not at all; those to a node that dies are lost. Default `unordered`.
   */
  readonly network?: 'unordered' | 'links';
  /**
   * `atOnce`: what a node saves is durable before anything else happens. `later`: saves end when they end, and a crash
   * can find them under way. Default `later`.
   */
  readonly saves?: 'atOnce' | 'later';
}

/** Places of the budget in a state, after the nodes. */
export const left = {
  commands: 0,
  campaigns: 1,
  crashes: 2,
  duplicates: 3,
  heartbeats: 4,
  drops: 5,
} as const;
export const budgetLength = 6;

/**
 * Fills in what was not said.
 *
 * @throws InvalidArgumentError naming the first number that is out of range.
 */
export function settle(budget: ClusterBudget): Required<ClusterBudget> {
  const settled = {
    nodes: 3,
    commands: 2,
    campaigns: 1,
    crashes: 0,
    duplicates: 0,
    heartbeats: 0,
    drops: 0,
    network: 'unordered',
    saves: 'later',
    ...budget,
  } as const;
  for (const [name, value] of Object.entries(settled)) {
    if (typeof value !== 'number') continue;
    const [least, most] = name === 'nodes' ? [1, 7] : [0, 255];
    if (!Number.isSafeInteger(value) || value < least || value > most) {
      throw new InvalidArgumentError(`${name} is ${value}: it must be an integer from ${least} to ${most}`);
    }
  }
  return settled;
}
