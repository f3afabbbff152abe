/** What the caller puts under the storm: an engine, a state machine, and what clients ask of it. */
import type {
  ConsensusEngine,
  EngineMessage,
  EngineStart,
  Entry,
  Membership,
  MessageCodec,
  NodeId,
  Random,
  StateMachine,
  Term,
} from '@synod/core';
import type { OpenStorage } from './storage/open-storage.js';

/** What a message promises to others, in terms that every engine shares. */
export type Claim =
  /** The sender gives its vote of a term to a candidate. */
  | { readonly type: 'vote'; readonly term: Term; readonly candidate: NodeId }
  /** The sender stands for election: it has voted for itself in that term. */
  | { readonly type: 'candidacy'; readonly term: Term }
  /** The sender leads a term. */
  | { readonly type: 'leads'; readonly term: Term }
  /** The sender holds the leader's log through an index, and has seen that term. */
  | { readonly type: 'holds'; readonly term: Term; readonly through: number }
  /** The sender votes in no lower ballot than this one of a proposer's, which may be itself (Paxos). */
  | { readonly type: 'promise'; readonly term: Term; readonly proposer: NodeId }
  /** The sender has voted in slots, in one ballot (Paxos). */
  | {
      readonly type: 'accepted';
      readonly term: Term;
      readonly ranges: readonly { readonly from: number; readonly through: number }[];
    };

/** What a hard state holds, for the check that promises are durable. */
export interface DurablePromise {
  /** Latest term seen. */
  readonly term: Term;
  /** Who has this node's vote in it. */
  readonly votedFor: NodeId | undefined;
}

/** What must be known of an engine to judge it. */
export interface JudgedEngine<Message extends EngineMessage> {
  /**
   * Whether voters elect the candidate whose log is at least as far as theirs (Raft §5.4.1). The simulator then also
   * checks, at every commit, that no node without the entry could be elected. Default false.
   */
  readonly electsByLog?: boolean;
  /**
   * Tells the ballot of the vote for an entry on a disk. Given by engines that decide slot by slot (Paxos): then no log
   * has to match another, and votes are held against promises and against each other instead.
   *
   * @param hardState - The hard state on that disk.
   * @param entry - The entry.
   * @returns `undefined` where the slot is known there to be decided, and the ballot of the vote is not kept any more.
   */
  voteBallot?(hardState: Uint8Array | undefined, entry: Entry): Term | undefined;
  /**
   * Whether nodes that hold an entry durably are enough to decide it. Default: a majority of each set of voters that the
   * membership names. For engines with other quorums, in scripts without a calm: storms leave just majorities alive.
   *
   * @param membership - Who governs.
   * @param holds - Whether a node holds it.
   */
  decides?(membership: Membership, holds: (id: NodeId) => boolean): boolean;
  /** Its messages as bytes. */
  readonly codec: MessageCodec<Message>;
  /**
   * What a message promises. Without it, promises are not held against the disk.
   *
   * @param message - A message that is about to leave.
   */
  claim?(message: Message): Claim | undefined;
  /**
   * Reads a hard state.
   *
   * @param hardState - Bytes that the engine had saved.
   */
  readHardState?(hardState: Uint8Array): DurablePromise;
}

/** How far the clocks of a storm can be trusted. */
export interface ClockPromise {
  /**
   * By what share of their pace clocks differ at most, such as 0.1; `undefined` when they may do anything, and leases
   * must be off.
   */
  readonly clockDriftMax: number | undefined;
}

/** An engine to be simulated. */
export interface EngineUnderTest<Message extends EngineMessage> extends JudgedEngine<Message> {
  /**
   * Makes an engine.
   *
   * @param start - As in production.
   * @param settings - Randomness that stands at the same place for every node and life of one seed: draw limits and
   * timeouts from it, so that storms vary them.
   * @param clocks - What the storm promises of clocks: whether leases are safe in it.
   */
  create(start: EngineStart, settings: Random, clocks: ClockPromise): ConsensusEngine<Message>;
}

/** One request of a client and its answer, as the client saw it: an interval of time with a question and an answer. */
export interface ClientOperation<Input, Output> {
  /** Which client. One that gave up on an answer goes on under another number. */
  readonly process: number;
  /** What it asked. */
  readonly input: Input;
  /** The answer; `undefined` when none came. */
  readonly output: Output | undefined;
  /** When it asked, in microseconds. */
  readonly calledAt: number;
  /** When it had its answer; `Infinity` when nobody knows whether it took effect. */
  readonly returnedAt: number;
}

/** Whose turn it is to ask. */
export interface ClientTurn {
  /** Number of the client, from 1. A client that gave up on an answer has a new one. */
  readonly client: number;
  /** Number of the request of this client, from 1. */
  readonly sequence: number;
  /** The client's own randomness. */
  readonly random: Random;
}

/**
 * A state machine and its use.
 *
 * @typeParam Machine - The state machine.
 * @typeParam Input - What clients ask.
 * @typeParam Output - What they are answered: what `apply` returns, and `read`.
 */
export interface Workload<Machine extends StateMachine<Output>, Input, Output> {
  /** Makes an empty state machine. */
  createMachine(): Machine;
  /**
   * Draws a client's next request.
   *
   * @param turn - Whose turn it is.
   */
  next(turn: ClientTurn): Input;
  /**
   * The command that a request puts into the log, or `undefined` for one that only reads.
   *
   * @param input - The request.
   */
  encode(input: Input): Uint8Array | undefined;
  /**
   * Answers a request that only reads. Called on any node once its barrier is through.
   *
   * @param machine - The node's state machine.
   * @param input - The request.
   */
  read?(machine: Machine, input: Input): Output;
  /**
   * What a client does that got no answer: `repeat` sends the same bytes again (the state machine must recognise
   * them), `giveUp` leaves the outcome unknown and goes on as another client. Default `giveUp`.
   */
  readonly withoutAnswer?: 'repeat' | 'giveUp';
  /**
   * A rule that the state must keep after every command.
   *
   * @param machine - The state machine.
   * @returns What is wrong, or `undefined`.
   */
  check?(machine: Machine): string | undefined;
  /**
   * Judges everything that clients saw, at the end of a seed: a place for a linearizability check.
   *
   * @param history - All operations, in the order of their calls.
   * @returns What is wrong, or `undefined`.
   */
  judge?(history: readonly ClientOperation<Input, Output>[]): string | undefined;
}

/** Everything under test. */
export interface Subject<Message extends EngineMessage, Machine extends StateMachine<Output>, Input, Output> {
  /** The engine. */
  readonly engine: EngineUnderTest<Message>;
  /** The state machine and its use. */
  readonly workload: Workload<Machine, Input, Output>;
  /**
   * A real storage for every node, over a simulated drive. It answers with promises, so such a subject runs with
   * `runScriptOnStorage` and its like. Without it, nodes save to a fast model of a storage.
   */
  readonly storage?: OpenStorage;
}
