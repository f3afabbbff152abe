/**
 * The Paxos family as pure, deterministic state machines: ballots, flexible quorums, and the protocols that stand on
 * them: one value chosen once, registers without a leader, and Multi-Paxos behind the `ConsensusEngine` contract of
 * `@synod/core`. None of it ever sees a clock, a socket, a file, a promise or a random source; whoever runs it carries out its
 * effects.
 *
 * @packageDocumentation
 */
export { ballotOf, formatBallot, isBallot, nextBallot, ordinalOf, roundMax, roundOf } from './ballot.js';
export { multiPaxosMessageCodec } from './multi-paxos/codec.js';
export {
  decodeHardState,
  encodeHardState,
  type HardState,
  type VotesAgain,
} from './multi-paxos/hard-state.js';
export type {
  Accept,
  Accepted,
  Heartbeat,
  HeartbeatAnswer,
  InstallSnapshot,
  Learn,
  Learned,
  MultiPaxosMessage,
  Nack,
  Nominate,
  Prepare,
  Probe,
  ProbeAnswer,
  PromiseGiven,
  ReadAnswer,
  ReadRequest,
  Vote,
  VotesAnswer,
  VotesRequest,
} from './multi-paxos/messages.js';
export { createMultiPaxosEngine } from './multi-paxos/multi-paxos-engine.js';
export type { LeaseBound, MultiPaxosLimits, MultiPaxosOptions } from './multi-paxos/options.js';
export type { SlotRange } from './multi-paxos/slot-ranges.js';
export { DisjointQuorumsError, type QuorumRule, QuorumSystem, weightMax } from './quorum-system.js';
export {
  compareAndSetRegister,
  type RegisterChange,
  readRegister,
  writeRegister,
} from './register/changes.js';
export { registerMessageCodec } from './register/codec.js';
export type {
  ChangeId,
  RecoveredRegisters,
  RegisterAnswer,
  RegisterEffects,
  RegisterInput,
  RegisterRecord,
  RegisterSave,
  RegisterStatus,
} from './register/effects.js';
export type {
  RegisterAccept,
  RegisterAccepted,
  RegisterMessage,
  RegisterPrepare,
  RegisterPromise,
  RegisterRefused,
  RegisterVote,
} from './register/messages.js';
export type { RegisterLimits, RegisterOptions } from './register/options.js';
export { RegisterNode } from './register/register-node.js';
export { synodMessageCodec } from './synod/codec.js';
export type { SynodEffects, SynodInput, SynodOutcome, SynodSave, SynodStatus } from './synod/effects.js';
export type {
  SynodAccept,
  SynodAccepted,
  SynodDecided,
  SynodMessage,
  SynodPrepare,
  SynodPromise,
  SynodRefused,
  SynodVote,
} from './synod/messages.js';
export type { SynodLimits, SynodOptions } from './synod/options.js';
export { SynodNode } from './synod/synod-node.js';
export { decodeSynodRecord, type SynodRecord } from './synod/synod-record.js';
