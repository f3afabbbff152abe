/** The contract of a replicated state machine: the user's part. */
import type { LogIndex } from './ids.js';

/** Takes a snapshot's bytes in order and replaces the state with them at the end. */
export interface StateMachineRestore {
  /**
   * Takes the next bytes.
   *
   * @param chunk - Valid for the length of the call.
   */
  write(chunk: Uint8Array): void;
  /** Replaces the state with what the snapshot holds. Until now the old state stood. */
  finish(): void;
}

/**
 * A deterministic state machine. Every node applies the same commands in the same order and must come to the same
 * state: no clock, no randomness, no iteration over unordered things.
 *
 * @example A counter.
 * ```ts
 * class Counter implements StateMachine<number> {
 *   #total = 0;
 *   apply(_index: number, command: Uint8Array): number {
 *     this.#total += command[0] ?? 0;
 *     return this.#total;
 *   }
 *   snapshot(): Iterable<Uint8Array> {
 *     return [new Uint8Array(new Float64Array([this.#total]).buffer)];
 *   }
 *   restore(): StateMachineRestore {
 *     const bytes: number[] = [];
 *     return {
 *       write: (chunk) => bytes.push(...chunk),
 *       finish: () => (this.#total = new Float64Array(new Uint8Array(bytes).buffer)[0] ?? 0),
 *     };
 *   }
 * }
 * ```
 */
export interface StateMachine<Result> {
  /**
   * Applies one committed command.
   *
   * @remarks Must not throw: an invalid command is an outcome, to be given as a result. A throw stops the node, as it
   * would stop every other node at the same command.
   * @param index - Its index in the log; ascending, not always by one.
   * @param command - Its bytes. Not copied: do not change them, and copy what you keep if it is a part of them.
   * @returns What the proposer gets.
   */
  apply(index: LogIndex, command: Uint8Array): Result;
  /**
   * The whole state as bytes, in pieces of any size. Must describe the moment of the call, even if commands are
   * applied while it is read.
   */
  snapshot(): Iterable<Uint8Array>;
  /** Begins replacing the whole state by a snapshot. */
  restore(): StateMachineRestore;
}
