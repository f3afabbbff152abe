/** What a phi-accrual detector says of its peers. */
import type { IntervalStatistics } from './suspicion-level.js';

/** A verdict that changed, with its reason. Times are in milliseconds by the detector's steady time. */
export type PhiEvent =
  /** A peer that was trusted is suspected. */
  | {
      readonly type: 'suspected';
      readonly peer: string;
      /** When it was found. */
      readonly atMs: number;
      /** The suspicion level. */
      readonly phi: number;
      /** How long nothing was heard, pauses of this process left out. */
      readonly silenceMs: number;
      /** What its intervals were like. */
      readonly intervals: IntervalStatistics;
      /** Why, for people. */
      readonly reason: string;
    }
  /** A peer that was suspected is trusted again. */
  | {
      readonly type: 'restored';
      readonly peer: string;
      /** When. */
      readonly atMs: number;
      /** How long it was suspected. */
      readonly suspectedForMs: number;
      /** Why, for people. */
      readonly reason: string;
    };

/** What is known of a peer. */
export interface PhiPeerStatus {
  /** Its name. */
  readonly peer: string;
  /** Whether it is suspected, as the last verdict said. */
  readonly suspected: boolean;
  /** The suspicion level now. */
  readonly phi: number;
  /** How long nothing was heard, pauses of this process left out. */
  readonly silenceMs: number;
  /** What its intervals were like. */
  readonly intervals: IntervalStatistics;
  /** Heartbeats heard. */
  readonly heartbeats: number;
  /** Times it was suspected. */
  readonly suspicions: number;
}
