/** What V8's sampling profilers found, summed up by function. */

import type { Runtime } from 'node:inspector';
import * as path from 'node:path';

/** One function and its share of what was sampled, without what it calls. */
export interface FunctionShare {
  readonly name: string;
  /** The file and line of the built program, or nothing for parts of V8 such as its garbage collector. */
  readonly place: string;
  /** How much was sampled in it: milliseconds or bytes. */
  readonly amount: number;
  readonly percent: number;
}

/** One sample, or several at the same place of the call tree. */
export interface Sampled {
  readonly frame: Runtime.CallFrame;
  readonly amount: number;
}

/**
 * Sums samples up by function.
 *
 * @param samples - In any order.
 * @param most - How many functions to name.
 * @returns The functions with the greatest amounts, the greatest first. Percentages are of all samples.
 */
export function sharesByFunction(samples: Iterable<Sampled>, most: number): readonly FunctionShare[] {
  const sums = new Map<string, { readonly name: string; readonly place: string; amount: number }>();
  let total = 0;
  for (const { frame, amount } of samples) {
    // The profilers' own start and stop are no part of the work.
    if (frame.functionName === 'dispatch') continue;
    total += amount;
    const name = frame.functionName === '' ? '(anonymous)' : frame.functionName;
    const place = frame.url === '' ? '' : `${fileOf(frame.url)}:${frame.lineNumber + 1}`;
    const key = `${name} ${place}`;
    const known = sums.get(key);
    if (known === undefined) sums.set(key, { name, place, amount });
    else known.amount += amount;
  }
  return [...sums.values()]
    .sort((left, right) => right.amount - left.amount)
    .slice(0, most)
    .map((sum) => ({ ...sum, percent: (sum.amount / total) * 100 }));
}

/** The last three parts of its path: which package it belongs to. */
function fileOf(url: string): string {
  return url.split('/').slice(-3).join(path.posix.sep);
}
