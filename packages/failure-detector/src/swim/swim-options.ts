/** What can be set about SWIM membership, with the range and the reason of every limit. */
import { InvalidArgumentError, type NodeId, parseInteger, parseNodeId, type Random } from '@synod/core';
import { swimMessageBytesMax } from './codec.js';
import { incarnationMax, isMemberAddress } from './messages.js';

/** A member that is known from the start. */
export interface KnownMember {
  /** Its id. */
  readonly id: NodeId;
  /** Where it is reached. */
  readonly address: string;
}

/** Who a member is, and its settings. Times are in milliseconds. All members should have the same. */
export interface SwimOptions {
  /** This member: unique in the group, and the same after a restart. */
  readonly id: NodeId;
  /** Where others reach it: 1 to 255 printable ASCII characters without spaces. */
  readonly address: string;
  /** Decides whom it probes and asks, and when it begins. */
  readonly random: Random;
  /**
   * First incarnation, 0 to 2^48. 0 will do: others tell a restarted member which one it had, and it takes a later one. The
   * time in milliseconds since 1970 spares it that. Default 0.
   */
  readonly incarnation?: number;
  /**
   * Members to begin with, as from a configuration that all share: taken for alive in incarnation 0 until something else is heard,
   * and not passed on. This member may be among them. Default none.
   */
  readonly knownMembers?: readonly KnownMember[];
  /** Protocol period: it probes one member in each (SWIM §3.1). 10 to 3 600 000. Default 1000. */
  readonly periodMs?: number;
  /** How long it waits for an answer before it asks others to ping; less than the period. Default half the period. */
  readonly pingTimeoutMs?: number;
  /** Members asked to ping for it: k of SWIM §3.1. 0 to 100. Default 3. */
  readonly indirectPeers?: number;
  /**
   * Least time that a suspect has to refute, in periods times max(1, log10 of the number of members): α of Lifeguard §IV-B. 0
   * declares dead at once, as SWIM does without suspicion. 0 to 100. Default 4.
   */
  readonly suspicionMultiplier?: number;
  /**
   * By how much longer that is as long as nobody else suspects the member: β of Lifeguard §IV-B. 1 is SWIM's fixed time. 1 to
   * 100. Default 6.
   */
  readonly suspicionMaxMultiplier?: number;
  /** How many others must suspect too for the least time: K of Lifeguard §IV-B. 1 to 10. Default 3. */
  readonly suspicionConfirmations?: number;
  /**
   * Greatest local health score: at s the member probes s + 1 times as slowly and waits s + 1 times as long (Lifeguard §IV-A).
   * 0 turns it off. 0 to 100. Default 8.
   */
  readonly localHealthMax?: number;
  /** Whether a ping of a suspect tells it first of all that it is one (Lifeguard §IV-C). Default `true`. */
  readonly buddySystem?: boolean;
  /** Each update leaves a member this times log10(members + 1), rounded up, times: λ of SWIM §4.1. 1 to 100. Default 4. */
  readonly retransmitMultiplier?: number;
  /** Largest message, in bytes; news that do not fit wait for the next. 1000 to 65 507. Default 1400. */
  readonly messageBytesMax?: number;
  /**
   * How often it exchanges all it knows with another, the dead included: so that halves of a group which were cut off find
   * each other again. 0 turns it off. Default 30 times the period.
   */
  readonly syncEveryMs?: number;
  /** How long who died or left is remembered. Default a day. */
  readonly deadRetentionMs?: number;
  /** Members known at a time, the dead included; more are not taken. 1 to 1 000 000. Default 10 000. */
  readonly membersMax?: number;
}

/**
 * Checks an address that a caller gave.
 *
 * @param address - The address.
 * @param subject - What it is, for the message.
 * @throws InvalidArgumentError when it is not 1 to 255 printable ASCII characters without spaces.
 */
export function checkMemberAddress(address: string, subject: string): void {
  if (isMemberAddress(address)) return;
  throw new InvalidArgumentError(
    `${subject} is ${JSON.stringify(address)}: it must be 1 to 255 printable ASCII characters without spaces`,
  );
}

/** Settings with every default filled in. */
export type SwimSettings = Required<SwimOptions>;

const msMax = 1e12;

/**
 * Fills in defaults and checks ranges.
 *
 * @param options - As the caller gave them.
 * @throws InvalidArgumentError when one is out of its range.
 */
export function parseSwimOptions(options: SwimOptions): SwimSettings {
  checkMemberAddress(options.address, 'address');
  for (const known of options.knownMembers ?? []) {
    parseNodeId(known.id, 'id of a known member');
    checkMemberAddress(known.address, `address of ${known.id}`);
  }
  const periodMs = parseInteger(options.periodMs ?? 1000, 'periodMs', 10, 3_600_000);
  const integer = (value: number | undefined, fallback: number, name: string, least: number, most: number) =>
    parseInteger(value ?? fallback, name, least, most);
  return {
    id: parseNodeId(options.id, 'id'),
    address: options.address,
    random: options.random,
    incarnation: integer(options.incarnation, 0, 'incarnation', 0, incarnationMax),
    knownMembers: options.knownMembers ?? [],
    periodMs,
    pingTimeoutMs: integer(options.pingTimeoutMs, Math.floor(periodMs / 2), 'pingTimeoutMs', 1, periodMs - 1),
    indirectPeers: integer(options.indirectPeers, 3, 'indirectPeers', 0, 100),
    suspicionMultiplier: integer(options.suspicionMultiplier, 4, 'suspicionMultiplier', 0, 100),
    suspicionMaxMultiplier: integer(options.suspicionMaxMultiplier, 6, 'suspicionMaxMultiplier', 1, 100),
    suspicionConfirmations: integer(options.suspicionConfirmations, 3, 'suspicionConfirmations', 1, 10),
    localHealthMax: integer(options.localHealthMax, 8, 'localHealthMax', 0, 100),
    buddySystem: options.buddySystem ?? true,
    retransmitMultiplier: integer(options.retransmitMultiplier, 4, 'retransmitMultiplier', 1, 100),
    messageBytesMax: integer(options.messageBytesMax, 1400, 'messageBytesMax', 1000, swimMessageBytesMax),
    syncEveryMs: integer(options.syncEveryMs, 30 * periodMs, 'syncEveryMs', 0, msMax),
    deadRetentionMs: integer(options.deadRetentionMs, 86_400_000, 'deadRetentionMs', 0, msMax),
    membersMax: integer(options.membersMax, 10_000, 'membersMax', 1, 1_000_000),
  };
}
