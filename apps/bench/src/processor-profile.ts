/** Where processor time goes: V8's sampling profiler around a piece of work, summed up by function. */

import type { Profiler } from 'node:inspector';
import { Session } from 'node:inspector';
import * as path from 'node:path';

/** One function and the share of the time that was spent in it, without what it calls. */
export interface FunctionShare {
  readonly name: string;
  /** The file and line of the built program, or nothing for parts of V8 such as its garbage collector. */
  readonly place: string;
  readonly percent: number;
}

/**
 * Profiles a piece of work.
 *
 * @param work - Runs to its end without a break.
 * @param most - How many functions to name.
 * @returns The functions in which most time was spent, the greatest share first.
 */
export function profile(work: () => void, most: number): readonly FunctionShare[] {
  const session = new Session();
  session.connect();
  let shares: readonly FunctionShare[] = [];
  try {
    session.post('Profiler.enable');
    session.post('Profiler.setSamplingInterval', { interval: 200 });
    session.post('Profiler.start');
    work();
    // Without a connection to another thread the answer comes before `post` returns.
    session.post('Profiler.stop', (error, answer) => {
      if (error !== null) throw error;
      shares = sharesOf(answer.profile);
    });
  } finally {
    session.disconnect();
  }
  return shares.slice(0, most);
}

function sharesOf({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): readonly FunctionShare[] {
  const byId = new Map(nodes.map((node) => [node.id, node.callFrame]));
  const times = new Map<string, { readonly name: string; readonly place: string; time: number }>();
  let total = 0;
  for (const [position, id] of samples.entries()) {
    const frame = byId.get(id);
    const time = timeDeltas[position] ?? 0;
    // The profiler's own start and stop are no part of the work.
    if (frame === undefined || frame.functionName === 'dispatch') continue;
    total += time;
    const name = frame.functionName === '' ? '(anonymous)' : frame.functionName;
    const place = frame.url === '' ? '' : `${fileOf(frame.url)}:${frame.lineNumber + 1}`;
    const key = `${name} ${place}`;
    const known = times.get(key);
    if (known === undefined) times.set(key, { name, place, time });
    else known.time += time;
  }
  return [...times.values()]
    .sort((left, right) => right.time - left.time)
    .map(({ name, place, time }) => ({ name, place, percent: (time / total) * 100 }));
}

/** The last three parts of its path: which package it belongs to. */
function fileOf(url: string): string {
  return url.split('/').slice(-3).join(path.posix.sep);
}
