/** Where processor time goes: V8's sampling profiler around a piece of work, summed up by function. */

import type { Profiler } from 'node:inspector';
import { Session } from 'node:inspector';
import { type FunctionShare, type Sampled, sharesByFunction } from './function-shares.js';

/**
 * Profiles a piece of work.
 *
 * @param work - Runs to its end without a break.
 * @param most - How many functions to name.
 * @returns The functions in which most time was spent, the greatest share first; amounts are milliseconds.
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
      shares = sharesByFunction(samplesOf(answer.profile), most);
    });
  } finally {
    session.disconnect();
  }
  return shares;
}

function* samplesOf({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Generator<Sampled> {
  const byId = new Map(nodes.map((node) => [node.id, node.callFrame]));
  for (const [position, id] of samples.entries()) {
    const frame = byId.get(id);
    if (frame !== undefined) yield { frame, amount: (timeDeltas[position] ?? 0) / 1000 };
  }
}
