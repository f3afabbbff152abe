/** What a Synod's node is made from. */
import { type Membership, type NodeId, parseInteger, parseNodeId } from '@synod/core';
import type { QuorumRule } from '../quorum-system.js';

/** Limits of a node. Each has a default. */
export interface SynodLimits {
  /** Ticks after which what was not answered is sent again, from 1. Default 4. */
  readonly resendTicks?: number;
  /**
   * Most ticks that a proposer waits when it is first outbid, from 1; the wait is drawn at random, and its bound doubles
   * each time. Default 2.
   */
  readonly backOffTicks?: number;
  /** Most ticks that a proposer ever waits when it is outbid, from `backOffTicks`. Default 64. */
  readonly backOffTicksMax?: number;
  /** Largest value in bytes. Larger ones are refused here, and not voted for when others propose them. Default 1 MiB. */
  readonly valueBytesMax?: number;
}

/** What a Synod's node is made from: who it is, what it remembers, and its limits. */
export interface SynodOptions extends SynodLimits {
  /** This node: one of the members. */
  readonly id: NodeId;
  /** Who takes part, the same on every node. Voters are acceptors; every member may propose and learn. */
  readonly membership: Membership;
  /** How quorums are made from the voters, the same on every node. Default: majorities in both phases. */
  readonly quorums?: QuorumRule;
  /** The last durable record of this node; absent only for one that never saved any. */
  readonly recovered?: Uint8Array;
  /** Seed of this node's back-off; different on each node. */
  readonly seed: number | string;
}

/** Limits with every default filled in. */
export type SynodSettings = Required<SynodLimits>;

/**
 * Checks options and fills in defaults.
 *
 * @throws InvalidArgumentError naming the first option that is out of range.
 */
export function settle(options: SynodOptions): SynodSettings {
  parseNodeId(options.id, 'id');
  const backOffTicks = parseInteger(options.backOffTicks ?? 2, 'backOffTicks', 1, 100_000);
  return {
    resendTicks: parseInteger(options.resendTicks ?? 4, 'resendTicks', 1, 100_000),
    backOffTicks,
    backOffTicksMax: parseInteger(
      options.backOffTicksMax ?? Math.max(64, backOffTicks),
      'backOffTicksMax',
      backOffTicks,
      100_000,
    ),
    valueBytesMax: parseInteger(options.valueBytesMax ?? 1024 * 1024, 'valueBytesMax', 0, 1024 ** 3),
  };
}
