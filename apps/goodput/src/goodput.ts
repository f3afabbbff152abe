/** Goodput of our sender and receiver as each of the three schemes, for many rates of loss. */
import type { ReceiverOptions, SenderOptions } from '@synod/integrity';
import { type Scheme, schemes, theoreticalGoodput } from './arq-theory.js';
import { exchange } from './exchange.js';
import { calm } from './lossy-link.js';

/** The way to the other end, in blocks: an answer comes 101 blocks after a block began to leave. */
export const delayFrames = 50;

/** The rates of loss that are measured. */
const measuredLosses: readonly number[] = [0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3];

/** Goodput of one scheme at one rate of loss, as shares of what the link could carry. */
export interface Goodput {
  readonly scheme: Scheme;
  readonly loss: number;
  readonly measured: number;
  readonly theoretical: number;
}

interface Ends {
  readonly sender: Partial<SenderOptions>;
  readonly receiver: Partial<ReceiverOptions>;
  /** Share of the blocks that is worth exchanging: the slower schemes take longer for each. */
  readonly share: number;
}

/** Nobody gives up, and no budget limits what is repeated. */
const persistent = { jitter: 0, deadAfterMs: 1e9, retryBudget: { perBlock: 100, burst: 1_000_000 } } as const;

/** Losses are found by later arrivals; a timeout of two round trips is for what those do not find. */
const pipelined = { ...persistent, timeoutMinMs: 202, timeoutMaxMs: 404 } as const;

/** Somewhat above the 101 blocks that fit on the way there and back. */
const inFlightBlocks = 128;

/** Just so many, for whatever is under way behind a loss has to go again. */
const goBackBlocks = 104;

const endsOf: Readonly<Record<Scheme, Ends>> = {
  // As in the theory, a timeout is a round trip and does not double.
  stopAndWait: {
    sender: { ...persistent, timeoutMinMs: 1, timeoutMaxMs: 102, windowBlocks: 1 },
    receiver: { windowBlocks: 1, acknowledgeDelayMs: 0 },
    share: 0.05,
  },
  goBackN: {
    sender: { ...pipelined, windowBlocks: goBackBlocks },
    receiver: { windowBlocks: goBackBlocks, acknowledgeEvery: 2, acknowledgeDelayMs: 5, selective: false },
    share: 0.5,
  },
  selectiveRepeat: {
    sender: { ...pipelined, windowBlocks: 1024, inFlightBlocks },
    receiver: { windowBlocks: 1024, acknowledgeDelayMs: 5 },
    share: 1,
  },
};

/**
 * Measures all schemes at all rates of loss. Blocks and acknowledgements are lost alike; nothing is reordered, as in the
 * theory.
 */
export function measureGoodput(blocks: number, seed: number): readonly Goodput[] {
  return schemes.flatMap((scheme) => measuredLosses.map((loss) => measureOne(scheme, loss, blocks, seed)));
}

function measureOne(scheme: Scheme, loss: number, blocks: number, seed: number): Goodput {
  const { sender, receiver, share } = endsOf[scheme];
  const weather = { ...calm, loss, delayMs: delayFrames };
  const outcome = exchange({
    blocks: Math.max(100, Math.round(blocks * share)),
    seed,
    there: { ...weather, slotMs: 1 },
    back: weather,
    sender,
    receiver,
  });
  if (outcome.wrong > 0) throw new Error(`${outcome.wrong} blocks were lost, doubled or out of order`);
  return {
    scheme,
    loss,
    measured: outcome.delivered / outcome.elapsedMs,
    theoretical: theoreticalGoodput(scheme, loss, delayFrames),
  };
}
