/** Raft with the register machine, as the package's own tests run it. */
import { createRaftEngine, type RaftMessage, raftMessageCodec } from '@synod/raft';
import {
  type EngineUnderTest,
  type RegisterAnswer,
  type RegisterMachine,
  type RegisterRequest,
  registerWorkload,
  type Subject,
} from '../src/index.js';

export const raft: EngineUnderTest<RaftMessage> = {
  create: (start) => createRaftEngine({ ...start, retainedEntries: 100 }),
  codec: raftMessageCodec,
  electsByLog: true,
};

export const registersOnRaft: Subject<RaftMessage, RegisterMachine, RegisterRequest, RegisterAnswer> = {
  engine: raft,
  workload: registerWorkload(),
};
