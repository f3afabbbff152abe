/**
 * The Paxos family as pure, deterministic state machines: ballots, flexible quorums, and the protocols that stand on
 * them. Multi-Paxos stands behind the `ConsensusEngine` contract of `@synod/core`: a leader with one phase 1 for all
 * later slots, slots that are decided in any order, elections by whoever reaches a quorum, membership by stop-signs,
 * linearizable reads on every node, snapshots. None of it ever sees a clock, a socket, a file, a promise or a random source; whoever runs it carries out its
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
