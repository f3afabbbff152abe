/** Who allocates: V8's sampling heap profiler around a piece of work, summed up by function. */

import type { HeapProfiler } from 'node:inspector';
import { Session } from 'node:inspector';
import { type FunctionShare, type Sampled, sharesByFunction } from './function-shares.js';

/** One allocation in so many bytes is sampled. */
const samplingInterval = 4096;

/** What is dead counts as well: by default the profiler tells only of what is still alive. */
const sampling = {
  samplingInterval,
  includeObjectsCollectedByMajorGC: true,
  includeObjectsCollectedByMinorGC: true,
};

/**
 * Samples the allocations of a piece of work on the JavaScript heap. A function that V8 compiled into its caller counts
 * as that caller.
 *
 * @param work - Runs to its end without a break.
 * @param most - How many functions to name.
 * @returns The functions that allocated most, the greatest share first; amounts are bytes.
 */
export function allocators(work: () => void, most: number): readonly FunctionShare[] {
  const session = new Session();
  session.connect();
  let shares: readonly FunctionShare[] = [];
  try {
    session.post('HeapProfiler.enable');
    session.post('HeapProfiler.startSampling', sampling);
    work();
    // Without a connection to another thread the answer comes before `post` returns.
    session.post('HeapProfiler.stopSampling', (error, answer) => {
      if (error !== null) throw error;
      shares = sharesByFunction(samplesOf(answer.profile.head), most);
    });
  } finally {
    session.disconnect();
  }
  return shares;
}

function* samplesOf(node: HeapProfiler.SamplingHeapProfileNode): Generator<Sampled> {
  yield { frame: node.callFrame, amount: node.selfSize };
  for (const child of node.children) yield* samplesOf(child);
}
