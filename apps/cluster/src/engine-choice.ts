/** The engines that a node can run. They stand behind one contract, so all that differs between them stands here. */
import {
  type ConsensusEngine,
  type EngineKind,
  type EngineMessage,
  type EngineStart,
  InvalidArgumentError,
  type MessageCodec,
} from '@synod/core';
import type { RecordedOptions } from '@synod/core/recording';
import { createMultiPaxosEngine, formatBallot, multiPaxosMessageCodec } from '@synod/paxos';
import { createRaftEngine, raftMessageCodec } from '@synod/raft';

/** An engine with what its messages need. */
export interface EngineChoice<Message extends EngineMessage> {
  /** Its messages as bytes. */
  readonly codec: MessageCodec<Message>;
  /**
   * Makes one.
   *
   * @param options - What it is made from: its start, and limits that every engine knows.
   */
  create(options: EngineStart & RecordedOptions): ConsensusEngine<Message>;
}

/** What is done with an engine, whichever it is. */
export type EngineUse<Result> = <Message extends EngineMessage>(choice: EngineChoice<Message>) => Result;

const raft = { codec: raftMessageCodec, create: createRaftEngine };
const paxos = { codec: multiPaxosMessageCodec, create: createMultiPaxosEngine };

/**
 * Does something with the engine of a kind.
 *
 * @param kind - Which one.
 * @param use - What is done.
 */
export function withEngine<Result>(kind: EngineKind, use: EngineUse<Result>): Result {
  return kind === 'raft' ? use(raft) : use(paxos);
}

/**
 * Reads the name of an engine.
 *
 * @param text - As the command line has it.
 * @throws InvalidArgumentError when there is no such engine.
 */
export function parseEngineKind(text: string): EngineKind {
  if (text === 'raft' || text === 'paxos') return text;
  throw new InvalidArgumentError(`--engine is ${JSON.stringify(text)}: give raft or paxos`);
}

/**
 * A term with its noun: `term 5` of Raft, `ballot 3.1` of Paxos for round 3 of the first member.
 *
 * @param kind - The engine whose term it is.
 * @param term - The term.
 */
export function termWords(kind: string | undefined, term: number): string {
  return kind === 'paxos' ? `ballot ${formatBallot(term)}` : `term ${term}`;
}
