/** The ways to detect failures that are compared, several settings of each. */
import type { Candidate } from './phi-accuracy.js';

/** Settings of one way, from the most hasty to the most patient: a curve. */
export interface Family {
  readonly name: string;
  readonly candidates: readonly Candidate[];
}

const thresholds = [1, 2, 3, 5, 8, 12];

/** All of them. Interval, window and least deviation are those that Akka has by default: 1 s, 1000 and 100 ms. */
export const families: readonly Family[] = [
  {
    name: 'fixed timeout',
    candidates: [1500, 2000, 2500, 3000, 4000, 5000, 6000, 8000].map((timeoutMs) => {
      return { name: `${timeoutMs} ms`, timeoutMs };
    }),
  },
  {
    name: 'phi, exact normal',
    candidates: thresholds.map((threshold) => phi('normal', threshold, 0)),
  },
  {
    name: 'phi, exact normal, pause of 3 s',
    candidates: thresholds.map((threshold) => phi('normal', threshold, 3000)),
  },
  {
    name: "phi, Akka's logistic, pause of 3 s",
    candidates: thresholds.map((threshold) => phi('logistic', threshold, 3000)),
  },
  {
    name: "phi, Cassandra's exponential",
    candidates: thresholds.map((threshold) => phi('exponential', threshold, 0)),
  },
];

function phi(
  form: 'normal' | 'logistic' | 'exponential',
  threshold: number,
  acceptablePauseMs: number,
): Candidate {
  return { name: `phi ${threshold}`, phi: { form, threshold, acceptablePauseMs, minDeviationMs: 100 } };
}
