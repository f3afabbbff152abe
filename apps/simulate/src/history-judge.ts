/** Judges what clients saw: is there an order of their operations that explains every answer? */
import { checkHistory, type Operation, type Verdict } from '@synod/linearizability';
import type { ClientOperation, RegisterAnswer, RegisterRequest } from '@synod/simulator';
import { registerModel } from './register-model.js';

/** What was judged of one history. */
export interface Judgement {
  /** The verdict. `unknown` is never a pass: it is counted and shown. */
  readonly verdict: Verdict;
  /** Operations of the history. */
  readonly operations: number;
}

/** What one history may cost, in operations tried: some hundred times what a history of a storm takes. */
const stepsMax = 500_000;

type RegisterOperation = ClientOperation<RegisterRequest, RegisterAnswer>;

/** A judge of register histories, which remembers its latest judgement. */
export class HistoryJudge {
  #latest: Judgement | undefined;

  /** Takes the judgement of the run that just ended; `undefined` when it never came to one. */
  take(): Judgement | undefined {
    const latest = this.#latest;
    this.#latest = undefined;
    return latest;
  }

  /**
   * Judges a history.
   *
   * @param history - All operations of a run.
   * @returns What is wrong, or `undefined`.
   */
  judge(history: readonly RegisterOperation[]): string | undefined {
    // A read that was never answered says nothing.
    const telling = history.filter(
      ({ input, returnedAt }) => input.type !== 'get' || returnedAt < Number.POSITIVE_INFINITY,
    );
    const { verdict, failure } = checkHistory(registerModel, telling, { stepsMax });
    this.#latest = { verdict, operations: history.length };
    return failure === undefined ? undefined : describe(failure.operation);
  }
}

function describe({
  process,
  input,
  output,
  calledAt,
  returnedAt,
}: Operation<RegisterRequest, RegisterAnswer>): string {
  const answer = output === undefined ? 'done' : JSON.stringify(output);
  const asked = input.type === 'get' ? '' : ` ${JSON.stringify(input.value)}`;
  return (
    `no order of the operations explains what client ${process} was answered: ${input.type} ${input.key}${asked}, ` +
    `called at ${(calledAt / 1_000_000).toFixed(6)} s and answered ${answer} at ${(returnedAt / 1_000_000).toFixed(6)} s`
  );
}
