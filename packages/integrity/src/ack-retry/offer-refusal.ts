/** Whether a sender takes what it is offered: all of it or nothing. */
import type { DeliveryLimits } from './options.js';
import type { OfferRefusal } from './sender-values.js';

/** How a sender stands when blocks are offered. */
export interface OfferState {
  readonly isLost: boolean;
  readonly isFinished: boolean;
  readonly roomBlocks: number;
  readonly roomBytes: number;
}

/** Why blocks are not taken; undefined when they are. */
export function refusalOf(
  blocks: readonly Uint8Array[],
  { blockBytesMax, windowBlocks, windowBytes }: Required<DeliveryLimits>,
  { isLost, isFinished, roomBlocks, roomBytes }: OfferState,
): OfferRefusal | undefined {
  let bytes = 0;
  let largest = 0;
  for (const block of blocks) {
    bytes += block.length;
    largest = Math.max(largest, block.length);
  }
  if (isLost)
    return {
      code: 'SESSION_LOST',
      message: 'the session is lost: make a sender with a greater epoch',
      blocks,
    };
  if (isFinished) return { code: 'FINISHED', message: 'finish was stepped: offer blocks before it', blocks };
  if (largest > blockBytesMax) {
    const message = `a block has ${largest} bytes: at most blockBytesMax, ${blockBytesMax}, are allowed`;
    return { code: 'TOO_LARGE', message, blocks };
  }
  const offered = `${blocks.length} blocks of ${bytes} bytes are offered`;
  if (blocks.length > windowBlocks || bytes > windowBytes) {
    const message = `${offered} at once: the window holds ${windowBlocks} of ${windowBytes}`;
    return { code: 'TOO_LARGE', message, blocks };
  }
  if (blocks.length <= roomBlocks && bytes <= roomBytes) return undefined;
  const message = `${offered}: there is room for ${roomBlocks} of ${roomBytes}; wait for writable`;
  return { code: 'WINDOW_FULL', message, blocks };
}
