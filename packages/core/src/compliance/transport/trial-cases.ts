/** How a list of trials becomes cases. */
import { TransportTrial } from './transport-trial.js';
import type { TransportCase, TransportUnderTest } from './transport-under-test.js';

/** What a case tries, by its name. */
export type Trials = Readonly<Record<string, (trial: TransportTrial) => Promise<void>>>;

/** Makes cases that end what they began, whatever comes of them. */
export function casesOf(underTest: TransportUnderTest, trials: Trials): readonly TransportCase[] {
  return Object.entries(trials).map(([name, attempt]) => ({
    name,
    run: async () => {
      const trial = new TransportTrial(underTest);
      try {
        await attempt(trial);
      } finally {
        await trial.end();
      }
    },
  }));
}
