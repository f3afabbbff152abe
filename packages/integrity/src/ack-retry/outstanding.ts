/**
 * The blocks that a sender holds: from the oldest that is not acknowledged to the newest that was offered. A ring of
 * columns, so that a block costs no object of its own. A block that was acknowledged selectively stays until all before
 * it are acknowledged too: only then the receiver has promised to keep it (RFC 2018 section 8).
 */

/** Where a block is. */
export type BlockState = 'offered' | 'inFlight' | 'lost' | 'received';

const offered = 0;
const inFlight = 1;
const lost = 2;
const received = 3;
const stateNames: readonly BlockState[] = ['offered', 'inFlight', 'lost', 'received'];

const noBlock = new Uint8Array(0);

/** Blocks `base` to `end` - 1. */
export class Outstanding {
  #base: number;
  #end: number;
  #bytes = 0;
  #inFlightBlocks = 0;
  #blocks: Uint8Array[] = new Array<Uint8Array>(16).fill(noBlock);
  #states = new Uint8Array(16);
  #tries = new Uint32Array(16);
  #transmissions = new Float64Array(16);
  #sentAtMs = new Float64Array(16);

  constructor(first: number) {
    this.#base = first;
    this.#end = first;
  }

  /** The oldest block that is not acknowledged. */
  get base(): number {
    return this.#base;
  }

  /** The block that is offered next. */
  get end(): number {
    return this.#end;
  }

  /** Bytes of all blocks. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Blocks on their way. */
  get inFlightBlocks(): number {
    return this.#inFlightBlocks;
  }

  /** Puts a block behind the others. */
  push(block: Uint8Array): void {
    if (this.#end - this.#base === this.#blocks.length) this.#grow();
    const place = this.#place(this.#end);
    this.#blocks[place] = block;
    this.#states[place] = offered;
    this.#tries[place] = 0;
    this.#bytes += block.length;
    this.#end++;
  }

  /** A block. */
  block(sequence: number): Uint8Array {
    return this.#blocks[this.#place(sequence)] ?? noBlock;
  }

  /** Where a block is; `received` for those before the base. */
  state(sequence: number): BlockState {
    if (sequence < this.#base) return 'received';
    return stateNames[this.#states[this.#place(sequence)] ?? offered] ?? 'offered';
  }

  /** How often a block was sent. */
  tries(sequence: number): number {
    return this.#tries[this.#place(sequence)] ?? 0;
  }

  /** Number of a block's latest transmission. */
  transmission(sequence: number): number {
    return this.#transmissions[this.#place(sequence)] ?? 0;
  }

  /** When a block was sent the last time. */
  sentAtMs(sequence: number): number {
    return this.#sentAtMs[this.#place(sequence)] ?? 0;
  }

  /** A block leaves. */
  markSent(sequence: number, transmission: number, nowMs: number): void {
    const place = this.#place(sequence);
    this.#states[place] = inFlight;
    this.#tries[place] = (this.#tries[place] ?? 0) + 1;
    this.#transmissions[place] = transmission;
    this.#sentAtMs[place] = nowMs;
    this.#inFlightBlocks++;
  }

  /** A block that was sent did not arrive, as far as is known. */
  markLost(sequence: number): void {
    const place = this.#place(sequence);
    if (this.#states[place] === inFlight) this.#inFlightBlocks--;
    this.#states[place] = lost;
  }

  /** A block that was never sent from here is not at the receiver either. */
  markOffered(sequence: number): void {
    this.#states[this.#place(sequence)] = offered;
  }

  /** A block arrived. */
  markReceived(sequence: number): void {
    const place = this.#place(sequence);
    if (this.#states[place] === inFlight) this.#inFlightBlocks--;
    this.#states[place] = received;
  }

  /** Lets go of the oldest block. */
  dropBase(): void {
    const place = this.#place(this.#base);
    if (this.#states[place] === inFlight) this.#inFlightBlocks--;
    this.#bytes -= this.#blocks[place]?.length ?? 0;
    this.#blocks[place] = noBlock;
    this.#base++;
  }

  /** Goes on from a block beyond all that are held. */
  jumpTo(sequence: number): void {
    while (this.#base < this.#end) this.dropBase();
    this.#base = sequence;
    this.#end = sequence;
  }

  /** The oldest block that is on its way. */
  oldestInFlight(): number | undefined {
    for (let sequence = this.#base; sequence < this.#end; sequence++) {
      if (this.#states[this.#place(sequence)] === inFlight) return sequence;
    }
    return undefined;
  }

  #place(sequence: number): number {
    return sequence % this.#blocks.length;
  }

  #grow(): void {
    const from = { blocks: this.#blocks, states: this.#states, tries: this.#tries };
    const [transmissions, sentAtMs] = [this.#transmissions, this.#sentAtMs];
    const room = from.blocks.length * 2;
    this.#blocks = new Array<Uint8Array>(room).fill(noBlock);
    this.#states = new Uint8Array(room);
    this.#tries = new Uint32Array(room);
    this.#transmissions = new Float64Array(room);
    this.#sentAtMs = new Float64Array(room);
    for (let sequence = this.#base; sequence < this.#end; sequence++) {
      const old = sequence % from.blocks.length;
      const place = this.#place(sequence);
      this.#blocks[place] = from.blocks[old] ?? noBlock;
      this.#states[place] = from.states[old] ?? offered;
      this.#tries[place] = from.tries[old] ?? 0;
      this.#transmissions[place] = transmissions[old] ?? 0;
      this.#sentAtMs[place] = sentAtMs[old] ?? 0;
    }
  }
}
