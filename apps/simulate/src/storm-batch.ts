/** A range of seeds over all cores. Each seed runs whole in one worker, so the split over cores changes nothing. */
import { Worker } from 'node:worker_threads';
import type { FaultKind } from '@synod/simulator';
import type { EngineName } from './storm-subject.js';
import type { StorageName } from './wal-subject.js';
import type { SeedOrder, SeedResult } from './worker.js';

/** What to run. */
export interface Batch {
  readonly first: number;
  /** Last seed; none when the batch goes on until it has enough. */
  readonly last: number;
  readonly ticks: number | undefined;
  readonly faults: readonly FaultKind[];
  readonly nodes: number | undefined;
  readonly engine: EngineName;
  readonly storage: StorageName;
  readonly workers: number;
}

/**
 * Runs all seeds, or until one fails.
 *
 * @param batch - What to run.
 * @param onResult - Hears every seed's result, in no order, and tells whether to go on.
 * @returns The failed seed with the lowest number among those that were run, or `undefined`.
 */
export async function runBatch(
  batch: Batch,
  onResult: (result: SeedResult) => boolean,
): Promise<SeedResult | undefined> {
  let next = batch.first;
  let isEnough = false;
  let failed: SeedResult | undefined;
  const take = (): SeedOrder | undefined => {
    if (next > batch.last || isEnough || failed !== undefined) return undefined;
    const { ticks, faults, nodes, engine, storage } = batch;
    return { seed: next++, ticks, faults, nodes, engine, storage };
  };
  const size = Math.min(batch.workers, batch.last - batch.first + 1);
  const shares = Array.from({ length: size }, () =>
    runShare(take, (result) => {
      if (!onResult(result)) isEnough = true;
      const isFirst = failed === undefined || result.seed < failed.seed;
      if (result.finding !== undefined && isFirst) failed = result;
    }),
  );
  await Promise.all(shares);
  return failed;
}

function runShare(take: () => SeedOrder | undefined, onResult: (result: SeedResult) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./worker.js', import.meta.url));
    const order = () => {
      const seed = take();
      if (seed === undefined) worker.terminate().then(() => resolve(), reject);
      else worker.postMessage(seed);
    };
    worker.on('message', (result: SeedResult) => {
      onResult(result);
      order();
    });
    worker.on('error', reject);
    order();
  });
}
