/**
 * Runs a consensus engine for real: feeds it time, messages and commands, carries its effects out in the order that is
 * law, applies what is committed, takes and moves snapshots, and gives callers promises that always settle.
 *
 * @packageDocumentation
 */
export {
  AbortedError,
  type ChangeStep,
  ClosedError,
  CommandTooLargeError,
  ConflictError,
  GradualChangeError,
  IncarnationLostError,
  NotAdmittedError,
  NotLeaderError,
  NotReadyError,
  OutcomeUnknownError,
  OverloadedError,
  ReplicaFailedError,
  SupersededError,
  TimedOutError,
  UnsupportedError,
} from './errors.js';
export type { HostEvent, HostEventListener, RuntimeEvent } from './events.js';
export { changeMembershipWhenCaughtUp, type GradualChangeOptions } from './gradual-change.js';
export type { AdmissionStatus, HostOptions, HostStatus, ReplicaHost } from './host.js';
export type { ReplicaLimits } from './limits.js';
export type {
  Applied,
  BoundedAnswer,
  BoundedReadOptions,
  CallOptions,
  ChangeOptions,
  GroupOptions,
  ReadOptions,
  Replica,
  ReplicaMetrics,
  ReplicaState,
  ReplicaStatus,
} from './replica.js';
export { openReplicaHost } from './replica-host.js';
export { systemClock, systemDefer } from './system-clock.js';
