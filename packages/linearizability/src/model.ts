/**
 * What a correct object does, one operation at a time: the sequential specification that a history is held against
 * (Herlihy and Wing 1990, section 2.2).
 */

/** A state that `Map` can tell from any other: what {@link Model.stateKey} maps states to. */
export type StateKey = string | number | bigint | boolean | null | undefined;

/**
 * An operation fits a state.
 *
 * @typeParam State - State of one partition.
 */
export interface Fitting<State> {
  /** Tells the steps apart. */
  readonly ok: true;
  /** The state that the operation leaves. */
  readonly state: State;
}

/** An operation does not fit a state: the object could not have answered that. */
export interface NotFitting {
  /** Tells the steps apart. */
  readonly ok: false;
}

/**
 * What a model says to an operation.
 *
 * @typeParam State - State of one partition.
 */
export type Step<State> = Fitting<State> | NotFitting;

/**
 * How operations of one kind behave in every state.
 *
 * - `reads`: where it fits, it leaves the state as it was. A read; a compare-and-set that was refused.
 * - `overwrites`: it fits every state, and leaves the same one whatever was before. A write.
 * - `changes`: it fits every state. An append, an increment that answers nothing.
 * - `depends`: anything else, or not known. A compare-and-set that was done.
 */
export type Behaviour = 'reads' | 'overwrites' | 'changes' | 'depends';

/**
 * A sequential object. All its functions are pure: states are values, never changed in place, and equal arguments give
 * equal results.
 *
 * @typeParam State - State of one partition.
 * @typeParam Input - What operations ask.
 * @typeParam Output - What operations answer.
 * @example A lock, for a history of acquisitions and releases that were answered true or false.
 * ```ts
 * const lock: Model<boolean, 'acquire' | 'release', boolean> = {
 *   init: () => false,
 *   step: (held, input, output = true) =>
 *     output === (held === (input === 'release')) ? { ok: true, state: output ? !held : held } : { ok: false },
 * };
 * ```
 */
export interface Model<State, Input, Output> {
  /** The state before the first operation of a partition. */
  init(): State;

  /**
   * Says whether an operation with this answer fits a state, and what state it leaves.
   *
   * @param state - State just before the operation takes effect.
   * @param input - What was asked.
   * @param output - What was answered; `undefined` when nobody knows: then the operation fits wherever it can be done.
   */
  step(state: State, input: Input, output: Output | undefined): Step<State>;

  /**
   * Maps a state to a value of its own: two states have the same key if and only if no operation can ever tell them
   * apart. Needed unless states are strings, numbers, bigints, booleans, `null` or `undefined` themselves.
   *
   * @param state - Any state that `init` or `step` gave.
   */
  stateKey?(state: State): StateKey;

  /**
   * Says how an operation with this answer behaves in every state. The search is far faster where it knows; `'depends'`
   * is always right.
   *
   * @param input - What was asked.
   * @param output - What was answered; `undefined` when nobody knows.
   */
  behaviour?(input: Input, output: Output | undefined): Behaviour;

  /**
   * Says whether an answer that does not fit the state yet may fit after other operations. A search that has gone astray
   * then turns back long before it meets the answer. Saying `true`, or nothing at all, is always right.
   *
   * @param state - The present state.
   * @param input - What was asked by an operation that does not fit every state.
   * @param output - What it was answered.
   * @param before - What is asked by all operations that may take effect before it: in any order, more than once, or
   * not at all.
   */
  mayFitLater?(state: State, input: Input, output: Output, before: readonly Input[]): boolean;

  /**
   * Names the part of the object that an operation touches, such as its key. Operations on different parts must not
   * affect each other: each part is then searched alone, which is what makes long histories possible (Horn and
   * Kroening, "Faster linearizability checking via P-compositionality", 2015). Without it there is one partition.
   *
   * @param input - What was asked.
   */
  partitionKey?(input: Input): string | number;

  /**
   * An operation in words, for pictures; without it, its JSON.
   *
   * @param input - What was asked.
   * @param output - What was answered; `undefined` when nobody knows.
   */
  describeOperation?(input: Input, output: Output | undefined): string;

  /**
   * A state in words, for pictures; without it, its JSON.
   *
   * @param state - Any state that `init` or `step` gave.
   */
  describeState?(state: State): string;
}
