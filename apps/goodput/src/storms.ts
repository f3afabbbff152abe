/** Many storms, one seed each. */
import { runStorm, type StormOutcome } from './storm.js';

/** What a batch came to: what its storms did together. */
export interface StormSum extends Omit<StormOutcome, 'broken'> {
  readonly storms: number;
  /** What was broken, by seed; empty when every rule held. */
  readonly broken: readonly string[];
}

/** Runs the storms of seeds `first` to `last`. */
export function runStorms(
  first: number,
  last: number,
  onProgress: (seed: number) => void = () => {},
): StormSum {
  const broken: string[] = [];
  const sum = {
    blocks: 0,
    sent: 0,
    corrupt: 0,
    duplicates: 0,
    reconnects: 0,
    senderRestarts: 0,
    receiverRestarts: 0,
  };
  for (let seed = first; seed <= last; seed++) {
    const outcome = runStorm(seed);
    if (outcome.broken !== undefined) broken.push(outcome.broken);
    sum.blocks += outcome.blocks;
    sum.sent += outcome.sent;
    sum.corrupt += outcome.corrupt;
    sum.duplicates += outcome.duplicates;
    sum.reconnects += outcome.reconnects;
    sum.senderRestarts += outcome.senderRestarts;
    sum.receiverRestarts += outcome.receiverRestarts;
    onProgress(seed);
  }
  return { storms: last - first + 1, broken, ...sum };
}
