/**
 * What members tell each other (Das, Gupta and Motivala, "SWIM", DSN 2002, §3.1 and §4.1): pings, answers, requests to ping for
 * another, and on the back of each of them news of members.
 */
import type { NodeId } from '@synod/core';

/**
 * What a member is taken for.
 *
 * - `alive`: it says so itself.
 * - `suspect`: somebody's probe of it failed; it may refute (SWIM §4.2).
 * - `dead`: a suspicion of it ran out unrefuted.
 * - `left`: it said that it goes.
 */
export type MemberState = 'alive' | 'suspect' | 'dead' | 'left';

/** News of a member. */
export interface MemberUpdate {
  /** The member. */
  readonly id: NodeId;
  /** Where it is reached: 1 to 255 printable ASCII characters without spaces, such as `10.0.0.7:7946`. */
  readonly address: string;
  /** What it is taken for. */
  readonly state: MemberState;
  /** In which of its incarnations; only the member itself raises it (SWIM §4.2). */
  readonly incarnation: number;
  /** Who says so: whose probe failed, whose suspicion ran out; the member itself when it is alive or left. */
  readonly by: NodeId;
}

/** A message between members. */
export type SwimMessage =
  /** Are you there? Whoever is not `target` does not answer. */
  | {
      readonly type: 'ping';
      readonly from: NodeId;
      readonly sequence: number;
      readonly target: NodeId;
      readonly updates: readonly MemberUpdate[];
    }
  /** I am; or, to who asked to ping for it: `target` is. `sequence` is that of the request. */
  | {
      readonly type: 'ack';
      readonly from: NodeId;
      readonly sequence: number;
      readonly target: NodeId;
      readonly updates: readonly MemberUpdate[];
    }
  /** I heard your request to ping, but not yet its target: so the fault is not yours (Lifeguard §IV-A). */
  | {
      readonly type: 'nack';
      readonly from: NodeId;
      readonly sequence: number;
      readonly target: NodeId;
      readonly updates: readonly MemberUpdate[];
    }
  /** Ping `target` for me: I do not reach it. */
  | {
      readonly type: 'pingRequest';
      readonly from: NodeId;
      readonly sequence: number;
      readonly target: NodeId;
      readonly updates: readonly MemberUpdate[];
    }
  /** All that I know, or a part of it that fits into a message; you may be asked for the same. */
  | {
      readonly type: 'sync';
      readonly from: NodeId;
      readonly wantsReply: boolean;
      readonly updates: readonly MemberUpdate[];
    }
  /** News alone. */
  | { readonly type: 'gossip'; readonly from: NodeId; readonly updates: readonly MemberUpdate[] };

const ranks: Readonly<Record<MemberState, number>> = { alive: 0, suspect: 1, dead: 2, left: 3 };

/** Greatest length of an address, in characters. */
export const addressCharactersMax = 255;

/** Greatest incarnation: far above any clock in milliseconds, and far below what a number can count. */
export const incarnationMax = 2 ** 48;

const addressPattern = /^[!-~]{1,255}$/;

/**
 * Tells whether a text may stand as an address.
 *
 * @param text - Any.
 */
export function isMemberAddress(text: unknown): text is string {
  return typeof text === 'string' && addressPattern.test(text);
}

/**
 * Whether news overrides what is known: a later incarnation always does, within one the graver word (SWIM §4.2; that the dead
 * may come back with a later incarnation is not in the paper). Any order of the same news leads to the same end.
 *
 * @param news - What was told.
 * @param known - What is known.
 */
export function overrides(
  news: Pick<MemberUpdate, 'incarnation' | 'state'>,
  known: Pick<MemberUpdate, 'incarnation' | 'state'>,
): boolean {
  if (news.incarnation !== known.incarnation) return news.incarnation > known.incarnation;
  return ranks[news.state] > ranks[known.state];
}
