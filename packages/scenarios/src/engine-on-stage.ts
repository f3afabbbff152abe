/** What a scenario must know of an engine beyond the contract that all engines share. */
import type {
  ConsensusEngine,
  EngineMessage,
  EngineStart,
  LogIndex,
  MessageCodec,
  NodeId,
  Term,
} from '@synod/core';

/** What a node's disk is said to hold before the scenario begins. */
export interface GivenState {
  /** Latest term or ballot. */
  readonly term: Term;
  /** Whom the node voted for in it. */
  readonly votedFor: NodeId | undefined;
  /** Through where it knew the log to be committed. */
  readonly commitIndex: LogIndex;
}

/** One engine, as scenarios use it. */
export interface EngineOnStage<Message extends EngineMessage> {
  /**
   * Makes an engine.
   *
   * @param start - Who it is and what its disk holds.
   * @param options - The engine's own options, as the words `name=value` of the `cluster` directive gave them.
   */
  create(start: EngineStart, options: ReadonlyMap<string, string>): ConsensusEngine<Message>;
  /** Every message goes through it on its way. */
  readonly codec: MessageCodec<Message>;
  /**
   * A message in words, beginning with its name, without sender and receiver.
   *
   * @param message - The message.
   */
  describeMessage(message: Message): string;
  /**
   * A saved hard state in words.
   *
   * @param bytes - What the engine saved.
   */
  describeHardState(bytes: Uint8Array): string;
  /**
   * The hard state of a disk that a `given` directive describes.
   *
   * @param state - What it shall say.
   */
  encodeHardState(state: GivenState): Uint8Array;
}
