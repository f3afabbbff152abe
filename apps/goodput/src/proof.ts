/** The long runs: nothing lost, nothing doubled, order kept; and what that costs. */
import { type ExchangeOutcome, exchange } from './exchange.js';
import type { Weather } from './lossy-link.js';

/** One long run. */
export interface ProofRun {
  readonly loss: number;
  readonly outcome: ExchangeOutcome;
  /** Useful blocks in what the link could carry. */
  readonly goodput: number;
  /** Of the bound of selective repeat, 1 - loss. */
  readonly ofBound: number;
  /** Data segments for each block, of the least that this loss allows, 1 / (1 - loss). */
  readonly amplification: number;
}

const losses: readonly number[] = [0.01, 0.05, 0.2];
const restartLoss = 0.2;

/** Runs with loss, reordering, copies and damage, at three rates of loss. */
export function proveDelivery(blocks: number, seed: number): readonly ProofRun[] {
  return losses.map((loss) => prove(loss, blocks, seed, []));
}

/** One run in which the sender stops twice and the receiver once, and each comes back with what it had saved. */
export function proveRestarts(blocks: number, seed: number): ProofRun {
  return prove(restartLoss, blocks, seed, [0.25, 0.5, 0.75]);
}

function prove(loss: number, blocks: number, seed: number, restartsAt: readonly number[]): ProofRun {
  const weather: Weather = {
    loss,
    duplication: 0.02,
    reordering: 0.05,
    reorderMsMax: 20,
    corruption: 0.001,
    delayMs: 50,
    slotMs: 0,
  };
  const outcome = exchange({
    blocks,
    seed,
    there: { ...weather, slotMs: 1 },
    back: weather,
    sender: { windowBlocks: 1024, inFlightBlocks: 128, timeoutMinMs: 200, firstSequence: 0 },
    receiver: { windowBlocks: 1024, acknowledgeDelayMs: 5 },
    restartsAt,
  });
  const goodput = outcome.delivered / outcome.elapsedMs;
  const amplification = (outcome.sent / outcome.delivered) * (1 - loss);
  return { loss, outcome, goodput, ofBound: goodput / (1 - loss), amplification };
}
