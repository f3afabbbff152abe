/**
 * BLAKE3 (O'Connor, Aumasson, Neves and Wilcox-O'Hearn, "BLAKE3: one function, fast everywhere", 2020), unkeyed with a
 * digest of 32 bytes. Chunks of 1024 bytes are hashed apart and joined in a binary tree, so parts could be checked
 * apart as well. As SHA-256, it stands against changes on purpose.
 */
import { signedWordAt } from './crc-tables.js';
import type { RunningHash } from './sha256.js';

const blockBytes = 64;
const blocksPerChunk = 16;
const chunkStart = 1;
const chunkEnd = 2;
const parent = 4;
const root = 8;

const startingState = Int32Array.of(
  0x6a09e667,
  0xbb67ae85,
  0x3c6ef372,
  0xa54ff53a,
  0x510e527f,
  0x9b05688c,
  0x1f83d9ab,
  0x5be0cd19,
);

/** Which word of the message comes where in the next of the seven rounds. */
const permutation = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8];
const messageOrder = createMessageOrder();

/** What goes into the compression function last, kept back because the very last one is marked as the root. */
interface Node {
  readonly chaining: Int32Array;
  readonly message: Int32Array;
  readonly counter: number;
  readonly bytes: number;
  readonly flags: number;
}

/** BLAKE3 in plain JavaScript. */
export class Blake3 implements RunningHash {
  /** Chaining values of whole subtrees, greatest first; as many as the number of whole chunks has bits set. */
  readonly #subtrees: Int32Array[] = [];
  #chunks = 0;
  #chaining = startingState.slice();
  #blocksDone = 0;
  readonly #block = new Uint8Array(blockBytes);
  #waiting = 0;
  readonly #message = new Int32Array(16);

  /** {@inheritDoc RunningHash.update} */
  update(data: Uint8Array): void {
    for (let position = 0; position < data.length; ) {
      if (this.#waiting === blockBytes) this.#finishBlock();
      if (this.#waiting === 0) position = this.#takeWhole(data, position);
      const taken = Math.min(blockBytes - this.#waiting, data.length - position);
      this.#block.set(data.subarray(position, position + taken), this.#waiting);
      this.#waiting += taken;
      position += taken;
    }
  }

  /** {@inheritDoc RunningHash.digest} */
  digest(): Uint8Array {
    const message = new Int32Array(16);
    const padded = new Uint8Array(blockBytes);
    padded.set(this.#block.subarray(0, this.#waiting));
    readMessage(message, padded, 0);
    let node: Node = {
      chaining: this.#chaining,
      message,
      counter: this.#chunks,
      bytes: this.#waiting,
      flags: this.#startFlag() | chunkEnd,
    };
    for (const subtree of [...this.#subtrees].reverse()) node = parentOf(subtree, chainingOf(node, 0));
    const digest = new Uint8Array(32);
    const view = new DataView(digest.buffer);
    for (const [place, word] of chainingOf({ ...node, counter: 0 }, root).entries())
      view.setInt32(4 * place, word, true);
    return digest;
  }

  /** Takes blocks from where they are, but for the last one of a chunk or of the data. */
  #takeWhole(data: Uint8Array, start: number): number {
    let position = start;
    for (
      ;
      data.length - position > blockBytes && this.#blocksDone < blocksPerChunk - 1;
      position += blockBytes
    ) {
      readMessage(this.#message, data, position);
      this.#compressBlock(0);
    }
    return position;
  }

  #finishBlock(): void {
    readMessage(this.#message, this.#block, 0);
    this.#waiting = 0;
    if (this.#blocksDone < blocksPerChunk - 1) {
      this.#compressBlock(0);
      return;
    }
    this.#compressBlock(chunkEnd);
    this.#addSubtree(this.#chaining);
    this.#chaining = startingState.slice();
    this.#blocksDone = 0;
  }

  #compressBlock(flags: number): void {
    compress(
      this.#chaining,
      this.#message,
      this.#chunks,
      blockBytes,
      this.#startFlag() | flags,
      this.#chaining,
    );
    this.#blocksDone += 1;
  }

  #startFlag(): number {
    return this.#blocksDone === 0 ? chunkStart : 0;
  }

  /** Joins subtrees of one size, as carries run through a binary counter. */
  #addSubtree(chunk: Int32Array): void {
    this.#chunks += 1;
    let subtree = chunk;
    for (let left = this.#chunks; left % 2 === 0; left /= 2) {
      const sibling = this.#subtrees.pop();
      if (sibling !== undefined) subtree = chainingOf(parentOf(sibling, subtree), 0);
    }
    this.#subtrees.push(subtree);
  }
}

function parentOf(left: Int32Array, right: Int32Array): Node {
  const message = new Int32Array(16);
  message.set(left);
  message.set(right, 8);
  return { chaining: startingState, message, counter: 0, bytes: blockBytes, flags: parent };
}

function chainingOf(node: Node, flags: number): Int32Array {
  const chaining = new Int32Array(8);
  compress(node.chaining, node.message, node.counter, node.bytes, node.flags | flags, chaining);
  return chaining;
}

const state = new Int32Array(16);

function compress(
  chaining: Int32Array,
  message: Int32Array,
  counter: number,
  bytes: number,
  flags: number,
  result: Int32Array,
): void {
  state.set(chaining);
  state[8] = startingState[0] ?? 0;
  state[9] = startingState[1] ?? 0;
  state[10] = startingState[2] ?? 0;
  state[11] = startingState[3] ?? 0;
  state[12] = counter;
  state[13] = Math.floor(counter / 0x1_0000_0000);
  state[14] = bytes;
  state[15] = flags;
  for (let round = 0; round < 7; round++) {
    const order = round * 16;
    mix(message, 0, 4, 8, 12, order);
    mix(message, 1, 5, 9, 13, order + 2);
    mix(message, 2, 6, 10, 14, order + 4);
    mix(message, 3, 7, 11, 15, order + 6);
    mix(message, 0, 5, 10, 15, order + 8);
    mix(message, 1, 6, 11, 12, order + 10);
    mix(message, 2, 7, 8, 13, order + 12);
    mix(message, 3, 4, 9, 14, order + 14);
  }
  for (let word = 0; word < 8; word++) result[word] = (state[word] ?? 0) ^ (state[word + 8] ?? 0);
}

/** The quarter-round G of the paper on four words of the state. */
function mix(message: Int32Array, a: number, b: number, c: number, d: number, order: number): void {
  let wordA = state[a] ?? 0;
  let wordB = state[b] ?? 0;
  let wordC = state[c] ?? 0;
  let wordD = state[d] ?? 0;
  wordA = (wordA + wordB + (message[messageOrder[order] ?? 0] ?? 0)) | 0;
  wordD = rotated(wordD ^ wordA, 16);
  wordC = (wordC + wordD) | 0;
  wordB = rotated(wordB ^ wordC, 12);
  wordA = (wordA + wordB + (message[messageOrder[order + 1] ?? 0] ?? 0)) | 0;
  wordD = rotated(wordD ^ wordA, 8);
  wordC = (wordC + wordD) | 0;
  wordB = rotated(wordB ^ wordC, 7);
  state[a] = wordA;
  state[b] = wordB;
  state[c] = wordC;
  state[d] = wordD;
}

function rotated(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}

function readMessage(message: Int32Array, data: Uint8Array, start: number): void {
  for (let word = 0; word < 16; word++) message[word] = signedWordAt(data, start + 4 * word);
}

function createMessageOrder(): Uint8Array {
  const order = new Uint8Array(7 * 16);
  for (let place = 0; place < 16; place++) order[place] = place;
  for (let place = 16; place < order.length; place++)
    order[place] = order[place - 16 - (place % 16) + (permutation[place % 16] ?? 0)] ?? 0;
  return order;
}
