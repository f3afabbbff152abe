/**
 * The shared vocabulary and seams of Synod: what an engine, a storage, a transport and a state machine owe each other,
 * and the ids, entries, events, errors, randomness and binary codecs that all of them speak. No dependencies, no
 * platform: it runs wherever JavaScript does.
 *
 * @example Write and read bytes that came from outside.
 * ```ts
 * import { ByteReader, ByteWriter } from '@synod/core';
 *
 * const writer = new ByteWriter();
 * writer.varint(300);
 * writer.string('leader');
 * const reader = new ByteReader(writer.take());
 * reader.varint(); // 300
 * reader.string(); // 'leader'
 * reader.end(); // throws DecodeError if anything followed
 * ```
 *
 * @packageDocumentation
 */
export { ByteReader, ByteWriter, compareBytes } from './bytes.js';
export type { Clock, Defer } from './clock.js';
export type {
  DurableWrite,
  GroupStorage,
  IncarnationRegister,
  NodeStorage,
  RecoveredState,
  SaveReceipt,
  SnapshotMeta,
  SnapshotReader,
  SnapshotWriter,
  StorageRoom,
} from './durable.js';
export { ElectionJournal, type LeadershipExplanation } from './election-journal.js';
export type {
  ConsensusEngine,
  Effects,
  EngineInput,
  EngineMessage,
  EngineStart,
  EngineTiming,
  MembershipChange,
  MessageCodec,
  ProposedCommand,
  ReadContext,
  ReadMode,
  ReadReady,
  Refusal,
  RefusalCode,
  SnapshotWork,
} from './engine.js';
export { type Entry, type EntryKind, entryKinds, type ProposalId } from './entry.js';
export {
  DecodeError,
  type Effect,
  InvalidArgumentError,
  InvariantViolation,
  invariant,
  isSynodError,
  StorageFullError,
  SynodError,
  type SynodErrorInit,
  unreachable,
} from './errors.js';
export type { EngineEvent, EngineEventType, Role } from './events.js';
export type { FileHandle, FileSystem } from './file-system.js';
export { type Fingerprint, FingerprintBuilder, type FingerprintView } from './fingerprint.js';
export {
  type EngineKind,
  type GroupId,
  type Incarnation,
  isIncarnation,
  isNodeId,
  type LogIndex,
  type LogPosition,
  logStart,
  type NodeId,
  nodeIdCharactersMax,
  parseInteger,
  parseNodeId,
  type Term,
} from './ids.js';
export {
  checkMembership,
  createMembership,
  type Member,
  type Membership,
  membersMax,
  readMembership,
  readNodeId,
  votersOf,
  writeMembership,
} from './membership.js';
export { naturalLogarithm } from './portable-logarithm.js';
export { MajorityQuorum, majority, type VoteResult } from './quorum.js';
export { Random } from './random.js';
export type { StateMachine, StateMachineRestore } from './state-machine.js';
export type { EngineStatus, PeerProgress } from './status.js';
export type {
  HelloRefusal,
  HelloRefusalCode,
  Lane,
  PeerAddress,
  PeerHello,
  Transport,
  TransportHandler,
} from './transport.js';
export { decodeUtf8, encodeUtf8 } from './utf8.js';
