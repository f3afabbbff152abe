/**
 * What a receiver remembers beyond the block that comes next: which blocks came, and in an ordered channel the blocks
 * themselves. A ring that grows up to the window and never beyond it.
 */

const noBlock = new Uint8Array(0);
const noRanges: readonly number[] = Object.freeze([]);

/** Which blocks beyond `next` are there, and how they are named to the sender. */
export interface NamedRanges {
  readonly ranges: readonly number[];
  readonly hasMore: boolean;
}

/** Blocks that came before their turn. */
export class Arrivals {
  #next: number;
  /** One more than the highest that came. */
  #highest: number;
  #blocks: Uint8Array[] = new Array<Uint8Array>(16).fill(noBlock);
  #isHere = new Uint8Array(16);
  #held = 0;
  #bytes = 0;

  constructor(next: number) {
    this.#next = next;
    this.#highest = next;
  }

  /** The block that comes next in order. */
  get next(): number {
    return this.#next;
  }

  /** One more than the highest that came. */
  get highest(): number {
    return this.#highest;
  }

  /** How many came before their turn. */
  get held(): number {
    return this.#held;
  }

  /** Bytes that are kept of them. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether a block beyond the next one has come. */
  has(sequence: number): boolean {
    return sequence < this.#highest && this.#isHere[sequence % this.#isHere.length] === 1;
  }

  /** Keeps a block that came before its turn, and whose place is free. */
  hold(sequence: number, block: Uint8Array): void {
    while (sequence - this.#next >= this.#isHere.length) this.#grow();
    const place = sequence % this.#isHere.length;
    this.#isHere[place] = 1;
    this.#blocks[place] = block;
    this.#held++;
    this.#bytes += block.length;
    this.#highest = Math.max(this.#highest, sequence + 1);
  }

  /** The next block came in its turn. */
  pass(): void {
    this.#next++;
    this.#highest = Math.max(this.#highest, this.#next);
  }

  /** The next block, when it has come before its turn: takes it out and goes on. */
  takeNext(): Uint8Array | undefined {
    if (this.#held === 0) return undefined;
    const place = this.#next % this.#isHere.length;
    if (this.#isHere[place] === 0) return undefined;
    const block = this.#blocks[place] ?? noBlock;
    this.#isHere[place] = 0;
    this.#blocks[place] = noBlock;
    this.#held--;
    this.#bytes -= block.length;
    this.#next++;
    return block;
  }

  /** Names what came beyond the next block: missing, here, missing, here, from the lowest on. */
  ranges(most: number): NamedRanges {
    if (this.#held === 0) return { ranges: noRanges, hasMore: false };
    const ranges: number[] = [];
    const room = this.#isHere.length;
    let sequence = this.#next;
    while (sequence < this.#highest) {
      if (ranges.length === 2 * most) return { ranges, hasMore: true };
      const missingFrom = sequence;
      while (this.#isHere[sequence % room] === 0) sequence++;
      const hereFrom = sequence;
      while (sequence < this.#highest && this.#isHere[sequence % room] === 1) sequence++;
      ranges.push(hereFrom - missingFrom, sequence - hereFrom);
    }
    return { ranges, hasMore: false };
  }

  #grow(): void {
    const [blocks, isHere] = [this.#blocks, this.#isHere];
    this.#blocks = new Array<Uint8Array>(isHere.length * 2).fill(noBlock);
    this.#isHere = new Uint8Array(isHere.length * 2);
    for (let sequence = this.#next; sequence < this.#highest; sequence++) {
      const [old, place] = [sequence % isHere.length, sequence % this.#isHere.length];
      this.#blocks[place] = blocks[old] ?? noBlock;
      this.#isHere[place] = isHere[old] ?? 0;
    }
  }
}
