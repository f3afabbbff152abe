/**
 * Who is alive? Two answers without a clock, a socket or a timer. {@link PhiAccrualDetector} watches peers that send heartbeats
 * and says how sure it is that one has failed. {@link SwimMember} is a member of a group that probes itself and spreads by gossip
 * who joined, left and died, at a cost for each member that does not grow with the group.
 *
 * @example
 * ```ts
 * import { PhiAccrualDetector } from '@synod/failure-detector';
 *
 * const detector = new PhiAccrualDetector({ firstEstimateMs: 100 });
 * for (let now = 0; now <= 3000; now += 100) detector.heartbeat('n1', now);
 * for (const event of detector.verdicts(4000)) console.log(event.type, event.peer, event.reason);
 * ```
 *
 * @packageDocumentation
 */
export { PhiAccrualDetector } from './phi/phi-accrual-detector.js';
export type { PhiEvent, PhiPeerStatus } from './phi/phi-events.js';
export type { PhiOptions } from './phi/phi-options.js';
export { type IntervalStatistics, type PhiForm, suspicionLevel } from './phi/suspicion-level.js';
export { decodeSwimMessage, encodeSwimMessage, swimMessageBytesMax } from './swim/codec.js';
export type { MemberState, MemberUpdate, SwimMessage } from './swim/messages.js';
export type {
  LinkStatus,
  MemberStatus,
  SwimEffects,
  SwimEvent,
  SwimInput,
  SwimSend,
  SwimStatus,
} from './swim/swim-events.js';
export { SwimMember } from './swim/swim-member.js';
export type { KnownMember, SwimOptions } from './swim/swim-options.js';
