/** What a SWIM member says of its group and of itself, and what it wants done. */
import type { NodeId } from '@synod/core';
import type { MemberState, SwimMessage } from './messages.js';

/** A change that a member learnt of, or made. */
export type SwimEvent =
  /** A member that was not known. */
  | {
      readonly type: 'joined';
      readonly member: NodeId;
      readonly incarnation: number;
      readonly address: string;
    }
  /** A member is suspected. */
  | {
      readonly type: 'suspected';
      readonly member: NodeId;
      readonly incarnation: number;
      /** Whose probe failed. */
      readonly by: NodeId;
      /** Why, for people. */
      readonly reason: string;
    }
  /** Another member suspects a suspect on its own. */
  | { readonly type: 'confirmed'; readonly member: NodeId; readonly by: NodeId }
  /** A suspect said that it is alive, in a later incarnation. */
  | { readonly type: 'refuted'; readonly member: NodeId; readonly incarnation: number }
  /** A member is declared dead. */
  | {
      readonly type: 'died';
      readonly member: NodeId;
      readonly incarnation: number;
      /** Whose suspicion ran out. */
      readonly by: NodeId;
      /** Everyone who is known to have suspected it. */
      readonly accusers: readonly NodeId[];
      /** Why, for people. */
      readonly reason: string;
    }
  /** A member said that it goes: it did not die. */
  | { readonly type: 'left'; readonly member: NodeId; readonly incarnation: number }
  /** A member that was dead, or had left, is back in a later incarnation. */
  | {
      readonly type: 'returned';
      readonly member: NodeId;
      readonly incarnation: number;
      readonly from: MemberState;
    }
  /** A member that died, or left, long ago is forgotten. */
  | { readonly type: 'reclaimed'; readonly member: NodeId }
  /** This member was taken for suspect, dead or gone, and says in a later incarnation that it is alive. */
  | {
      readonly type: 'accused';
      readonly by: NodeId;
      readonly as: MemberState;
      /** The incarnation in which it answers. */
      readonly incarnation: number;
    }
  /** A member does not answer this one, but answers others: one link is broken, or one way of it. */
  | { readonly type: 'linkBroken'; readonly member: NodeId; readonly through: NodeId }
  /** A member whose link was broken answers this one again. */
  | { readonly type: 'linkRestored'; readonly member: NodeId }
  /** This member takes itself for slower, or less slow, than it should be (Lifeguard §IV-A). */
  | { readonly type: 'healthChanged'; readonly score: number; readonly reason: string };

/** A message to be sent. */
export interface SwimSend {
  /** Where to. */
  readonly address: string;
  /** What: {@link encodeSwimMessage} makes bytes of it. */
  readonly message: SwimMessage;
}

/** Everything to be done after a step. */
export interface SwimEffects {
  /** Messages to send, as datagrams: any of them may get lost, doubled or overtaken. */
  readonly send: readonly SwimSend[];
  /** What happened and why. */
  readonly events: readonly SwimEvent[];
}

/** Everything that can happen to a member. `now` is the time in milliseconds, by any clock that mostly goes forwards. */
export type SwimInput =
  /**
   * Time passed. Step it at {@link SwimMember.wakeAtMs}, or a few times in each `pingTimeoutMs`. `pausedMs` says that this process
   * stood still for so long until now: every wait is as much longer.
   */
  | { readonly type: 'tick'; readonly now: number; readonly pausedMs?: number }
  /** A message came; `address` is where an answer to it reaches the sender, if it is known. */
  | {
      readonly type: 'receive';
      readonly now: number;
      readonly message: SwimMessage;
      readonly address?: string;
    }
  /** Join the group of those who answer at some of these addresses. Asked again each period until somebody does. */
  | { readonly type: 'join'; readonly now: number; readonly addresses: readonly string[] }
  /** Say goodbye: others will know that this member left and did not die. It is over then; step nothing more. */
  | { readonly type: 'leave'; readonly now: number };

/** What is known of a member. */
export interface MemberStatus {
  /** The member. */
  readonly id: NodeId;
  /** Where it is reached. */
  readonly address: string;
  /** What it is taken for. */
  readonly state: MemberState;
  /** Its latest known incarnation. */
  readonly incarnation: number;
  /** Since when it has been taken for that, by this member's steady time. */
  readonly sinceMs: number;
  /** Who suspects it, or suspected it before it died: the pairwise view of one incarnation. At most 16 are kept. */
  readonly accusers: readonly NodeId[];
  /** How this member reaches it. */
  readonly link: LinkStatus;
}

/** What this member's own probes of another found. */
export interface LinkStatus {
  /**
   * - `unknown`: not probed yet.
   * - `direct`: it answered the last probe.
   * - `indirect`: it answered only others that pinged it for this member.
   * - `none`: nobody reached it.
   */
  readonly reach: 'unknown' | 'direct' | 'indirect' | 'none';
  /** Time of the last direct answer's round trip; `undefined` before the first. */
  readonly roundTripMs: number | undefined;
}

/** What a member knows of itself and its group. */
export interface SwimStatus {
  /** This member. */
  readonly id: NodeId;
  /** Its incarnation. */
  readonly incarnation: number;
  /** Its local health score: 0 is healthy (Lifeguard §IV-A). */
  readonly healthScore: number;
  /** Whether it said goodbye. */
  readonly left: boolean;
  /** All members that it knows but itself, the dead included. */
  readonly members: readonly MemberStatus[];
  /** Updates that wait to be passed on. */
  readonly gossipWaiting: number;
  /** News of further members that were not taken because `membersMax` are known. */
  readonly membersRefused: number;
}
