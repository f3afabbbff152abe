/** Verdicts over many histories. */
import type { Judgement } from './history-judge.js';

/** How many histories got which verdict. */
export interface HistoryCounts {
  /** Histories with an order that explains every answer. */
  readonly linearizable: number;
  /** Histories without one. */
  readonly notLinearizable: number;
  /** Histories whose judge ran out of budget: neither proved nor refuted. */
  readonly unknown: number;
  /** Operations of all judged histories. */
  readonly operations: number;
}

/** Counts verdicts. */
export class HistoryTally {
  #linearizable = 0;
  #notLinearizable = 0;
  #unknown = 0;
  #operations = 0;

  /** Adds a run; `undefined` for one that broke another rule before it was judged. */
  add(judgement: Judgement | undefined): void {
    if (judgement === undefined) return;
    this.#operations += judgement.operations;
    if (judgement.verdict === 'linearizable') this.#linearizable++;
    else if (judgement.verdict === 'unknown') this.#unknown++;
    else this.#notLinearizable++;
  }

  /** The counts so far. */
  counts(): HistoryCounts {
    return {
      linearizable: this.#linearizable,
      notLinearizable: this.#notLinearizable,
      unknown: this.#unknown,
      operations: this.#operations,
    };
  }
}
