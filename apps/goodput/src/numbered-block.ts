/** Blocks that say which one they are. */

/** Bytes of a block. */
export const blockBytes = 8;

/** Block number `number`, from 0 to 2^48 - 1. */
export function numberedBlock(number: number): Uint8Array {
  const block = new Uint8Array(blockBytes);
  const high = Math.floor(number / 0x100000000);
  block[0] = number;
  block[1] = number >>> 8;
  block[2] = number >>> 16;
  block[3] = number >>> 24;
  block[4] = high;
  block[5] = high >>> 8;
  return block;
}

/** Which one a block is. */
export function numberOf(block: Uint8Array): number {
  const low = (block[0] ?? 0) | ((block[1] ?? 0) << 8) | ((block[2] ?? 0) << 16) | ((block[3] ?? 0) << 24);
  return (low >>> 0) + ((block[4] ?? 0) + (block[5] ?? 0) * 0x100) * 0x100000000;
}
