/**
 * SHA-256 (FIPS 180-4), for data that someone may change on purpose: nobody is known to find two inputs with one
 * digest. By `node:crypto` where that is there, else as written here; browsers have their own only with a promise.
 */
import { type PlatformHash, platformSha256 } from './platform.js';

const blockBytes = 64;

/** A hash that takes bytes and may be asked at any time. */
export interface RunningHash {
  /** Takes more bytes. */
  update(data: Uint8Array): void;
  /** The digest of what was taken so far. */
  digest(): Uint8Array;
}

/** A running SHA-256 by the platform where it can, else by ours. */
export function createSha256(): RunningHash {
  makePlatformHash ??= choosePlatformHash();
  return makePlatformHash();
}

let makePlatformHash: (() => RunningHash) | undefined;

function choosePlatformHash(): () => RunningHash {
  const create = platformSha256();
  return create === undefined ? () => new Sha256() : () => hashOf(create());
}

function hashOf(hash: PlatformHash): RunningHash {
  return {
    update: (data) => {
      hash.update(data);
    },
    digest: () => new Uint8Array(hash.copy().digest()),
  };
}

/** SHA-256 in plain JavaScript. */
export class Sha256 implements RunningHash {
  #state = startingState.slice();
  readonly #block = new Uint8Array(blockBytes);
  #waiting = 0;
  #length = 0;

  /** {@inheritDoc RunningHash.update} */
  update(data: Uint8Array): void {
    this.#length += data.length;
    let position = 0;
    if (this.#waiting > 0) {
      position = Math.min(data.length, blockBytes - this.#waiting);
      this.#block.set(data.subarray(0, position), this.#waiting);
      this.#waiting += position;
      if (this.#waiting < blockBytes) return;
      compress(this.#state, this.#block, 0);
      this.#waiting = 0;
    }
    for (; position <= data.length - blockBytes; position += blockBytes)
      compress(this.#state, data, position);
    this.#block.set(data.subarray(position));
    this.#waiting = data.length - position;
  }

  /** {@inheritDoc RunningHash.digest} */
  digest(): Uint8Array {
    const end = new Uint8Array(this.#waiting < 56 ? blockBytes : 2 * blockBytes);
    end.set(this.#block.subarray(0, this.#waiting));
    end[this.#waiting] = 0x80;
    const endView = new DataView(end.buffer);
    endView.setUint32(end.length - 8, Math.floor(this.#length / 0x2000_0000));
    endView.setUint32(end.length - 4, (this.#length << 3) >>> 0);
    const state = this.#state.slice();
    for (let position = 0; position < end.length; position += blockBytes) compress(state, end, position);
    const digest = new Uint8Array(32);
    const view = new DataView(digest.buffer);
    for (let word = 0; word < 8; word++) view.setInt32(4 * word, state[word] ?? 0);
    return digest;
  }
}

const primesBelow312 = Array.from({ length: 310 }, (_, place) => place + 2).filter((number) => {
  for (let divisor = 2; divisor * divisor <= number; divisor++) if (number % divisor === 0) return false;
  return true;
});

/** The first 32 bits of the fraction of a root, without a rounding anywhere: by search among whole numbers. */
function fractionOfRoot(prime: number, degree: bigint): number {
  const target = BigInt(prime) << (32n * degree);
  let root = 0n;
  for (let bit = 1n << 40n; bit > 0n; bit >>= 1n) if ((root + bit) ** degree <= target) root += bit;
  return Number(BigInt.asIntN(32, root));
}

const startingState = Int32Array.from(primesBelow312.slice(0, 8), (prime) => fractionOfRoot(prime, 2n));
const roundConstants = Int32Array.from(primesBelow312, (prime) => fractionOfRoot(prime, 3n));
const schedule = new Int32Array(64);

function compress(state: Int32Array, data: Uint8Array, start: number): void {
  expandSchedule(data, start);
  let a = state[0] ?? 0;
  let b = state[1] ?? 0;
  let c = state[2] ?? 0;
  let d = state[3] ?? 0;
  let e = state[4] ?? 0;
  let f = state[5] ?? 0;
  let g = state[6] ?? 0;
  let h = state[7] ?? 0;
  for (let round = 0; round < 64; round++) {
    const choice = (e & f) ^ (~e & g);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    const first =
      (h + sigma(e, 6, 11, 25) + choice + (roundConstants[round] ?? 0) + (schedule[round] ?? 0)) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + sigma(b, 2, 13, 22) + majority) | 0;
  }
  state[0] = (state[0] ?? 0) + a;
  state[1] = (state[1] ?? 0) + b;
  state[2] = (state[2] ?? 0) + c;
  state[3] = (state[3] ?? 0) + d;
  state[4] = (state[4] ?? 0) + e;
  state[5] = (state[5] ?? 0) + f;
  state[6] = (state[6] ?? 0) + g;
  state[7] = (state[7] ?? 0) + h;
}

function expandSchedule(data: Uint8Array, start: number): void {
  for (let word = 0; word < 16; word++) {
    const position = start + 4 * word;
    schedule[word] =
      ((data[position] ?? 0) << 24) |
      ((data[position + 1] ?? 0) << 16) |
      ((data[position + 2] ?? 0) << 8) |
      (data[position + 3] ?? 0);
  }
  for (let word = 16; word < 64; word++) {
    const early = schedule[word - 15] ?? 0;
    const late = schedule[word - 2] ?? 0;
    const fromEarly = rotated(early, 7) ^ rotated(early, 18) ^ (early >>> 3);
    const fromLate = rotated(late, 17) ^ rotated(late, 19) ^ (late >>> 10);
    schedule[word] = (schedule[word - 16] ?? 0) + fromEarly + (schedule[word - 7] ?? 0) + fromLate;
  }
}

function sigma(word: number, first: number, second: number, third: number): number {
  return rotated(word, first) ^ rotated(word, second) ^ rotated(word, third);
}

function rotated(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}
