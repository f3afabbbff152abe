/** Why a replica does what it does, or does nothing, in words. */
import type { StorageRoom } from '@synod/core';
import type { ReplicaState } from './replica.js';

/** What decides about it, besides the engine. */
export interface Situation {
  readonly state: ReplicaState;
  readonly failure: Error | undefined;
  readonly admissionGap: () => string;
  readonly room: StorageRoom | undefined;
  readonly isRestoring: boolean;
}

/** Explains the situation; `ofEngine` is what the engine says of itself. */
export function explain(ofEngine: string, situation: Situation): string {
  const { state, failure, admissionGap, room, isRestoring } = situation;
  if (failure !== undefined) return failure.message;
  if (state === 'closed') return 'it is closed';
  if (state === 'waitingForAdmission') return admissionGap();
  if (room?.isFull === true)
    return `its disk is full: it takes no proposals until there is room; ${ofEngine}`;
  if (isRestoring) return 'its state machine is being restored from a snapshot';
  return ofEngine;
}
