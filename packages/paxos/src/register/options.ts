/** What a node of registers is made from. */
import { type Membership, type NodeId, parseInteger, parseNodeId } from '@synod/core';
import type { QuorumRule } from '../quorum-system.js';
import type { RecoveredRegisters } from './effects.js';

/** Limits of a node. Each has a default. */
export interface RegisterLimits {
  /** Ticks after which what was not answered is sent again, from 1. Default 4. */
  readonly resendTicks?: number;
  /** Most ticks that a proposer waits when it is first outbid, from 1; doubled each time. Default 2. */
  readonly backOffTicks?: number;
  /** Most ticks that a proposer ever waits when it is outbid, from `backOffTicks`. Default 64. */
  readonly backOffTicksMax?: number;
  /** Longest key in UTF-16 code units, from 1. Default 512. */
  readonly keyLengthMax?: number;
  /** Largest value in bytes. Larger ones are refused here, and not voted for when others propose them. Default 1 MiB. */
  readonly valueBytesMax?: number;
  /** Registers that this node keeps, from 1. What would make one more is not answered. Default 1 000 000. */
  readonly registersMax?: number;
  /** Changes that may wait at this node, from 1; more are refused with `OVERLOADED`. Default 100 000. */
  readonly pendingMax?: number;
  /** Changes of one key that are carried out in one round, from 1. Default 1000. */
  readonly batchMax?: number;
  /** Keys for which this node remembers that its next ballot is promised, from 0. Default 10 000. */
  readonly promisedKeysMax?: number;
  /** Rounds of ballots that are made durable at once as used, from 1: a restart skips what is left. Default 1000. */
  readonly reservedRounds?: number;
}

/** What a node is made from: who it is, what it remembers, and its limits. */
export interface RegisterOptions extends RegisterLimits {
  /** This node: one of the members. */
  readonly id: NodeId;
  /** Who takes part, the same on every node. Voters are acceptors; every member may change registers. */
  readonly membership: Membership;
  /** How quorums are made from the voters, the same on every node. Default: majorities in both phases. */
  readonly quorums?: QuorumRule;
  /** What the storage found; absent only for a node that never saved anything. */
  readonly recovered?: RecoveredRegisters;
  /** Seed of this node's back-off; different on each node. */
  readonly seed: number | string;
}

/** Limits with every default filled in. */
export type RegisterSettings = Required<RegisterLimits>;

/**
 * Checks options and fills in defaults.
 *
 * @throws InvalidArgumentError naming the first option that is out of range.
 */
export function settle(options: RegisterOptions): RegisterSettings {
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
    keyLengthMax: parseInteger(options.keyLengthMax ?? 512, 'keyLengthMax', 1, 65_536),
    valueBytesMax: parseInteger(options.valueBytesMax ?? 1024 * 1024, 'valueBytesMax', 0, 1024 ** 3),
    registersMax: parseInteger(options.registersMax ?? 1_000_000, 'registersMax', 1),
    pendingMax: parseInteger(options.pendingMax ?? 100_000, 'pendingMax', 1),
    batchMax: parseInteger(options.batchMax ?? 1000, 'batchMax', 1, 1_000_000),
    promisedKeysMax: parseInteger(options.promisedKeysMax ?? 10_000, 'promisedKeysMax', 0),
    reservedRounds: parseInteger(options.reservedRounds ?? 1000, 'reservedRounds', 1, 1_000_000),
  };
}
