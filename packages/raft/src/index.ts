/**
 * Raft as a pure, deterministic state machine behind the `ConsensusEngine` contract of `@synod/core`: leader election
 * with pre-vote and check-quorum, pipelined log replication, membership by joint consensus, leadership transfer,
 * linearizable reads on every node, snapshots. It never
 * sees a clock, socket, file or random source; whoever runs it carries out its effects.
 *
 * @remarks Follows "In Search of an Understandable Consensus Algorithm (Extended Version)" by Ongaro and Ousterhout,
 * with pre-vote and read index from Ongaro's dissertation. To run it against real time, disks and sockets use
 * `@synod/replica`.
 *
 * @packageDocumentation
 */
export { raftMessageCodec } from './codec.js';
export { decodeHardState, encodeHardState, type HardState } from './hard-state.js';
export type {
  AppendAccepted,
  AppendEntries,
  AppendRefused,
  Heartbeat,
  HeartbeatAnswer,
  InstallSnapshot,
  RaftMessage,
  ReadAnswer,
  ReadRequest,
  RequestVote,
  TimeoutNow,
  Vote,
} from './messages.js';
export type { LeaseBound, RaftLimits, RaftOptions } from './options.js';
export { type QuorumRecovery, type QuorumRecoveryOptions, recoverQuorum } from './quorum-recovery.js';
export { createRaftEngine } from './raft-engine.js';
