/**
 * Fletcher's checksums (Fletcher, "An Arithmetic Checksum for Serial Transmissions", IEEE Transactions on
 * Communications 30 (1), 1982): as Adler's, modulo 2^k - 1, over words of k bits. Words are little-endian, and zeros
 * fill up the last one. Words of all zeros and of all ones look the same, because both are 0 modulo 2^k - 1.
 */

/** One of the three sizes. */
export type FletcherBits = 16 | 32 | 64;

/** The running sums of a Fletcher checksum. */
export class FletcherSums {
  readonly #wordBytes: number;
  readonly #modulus: number;
  #sum = 0;
  #sumOfSums = 0;
  /** The begin of a word that is cut by the end of the data so far. */
  #cutWord = 0;
  #cutBytes = 0;

  /** @param bits - Length of the whole checksum: its words have half of it. */
  constructor(bits: FletcherBits) {
    this.#wordBytes = bits / 16;
    this.#modulus = 2 ** (bits / 2) - 1;
  }

  /**
   * Takes more bytes.
   *
   * @param data - The bytes. Not kept.
   */
  update(data: Uint8Array): void {
    let position = 0;
    for (; this.#cutBytes > 0 && position < data.length; position++) this.#addByte(data[position] ?? 0);
    const end = position + Math.floor((data.length - position) / this.#wordBytes) * this.#wordBytes;
    if (this.#wordBytes === 1) this.#addBytes(data, position, end);
    else if (this.#wordBytes === 2) this.#addPairs(data, position, end);
    else this.#addQuadruples(data, position, end);
    for (let rest = end; rest < data.length; rest++) this.#addByte(data[rest] ?? 0);
  }

  /** Both sums, the sum of sums first, as if the data ended here. */
  sums(): readonly [sumOfSums: number, sum: number] {
    if (this.#cutBytes === 0) return [this.#sumOfSums, this.#sum];
    const sum = (this.#sum + this.#cutWord) % this.#modulus;
    return [(this.#sumOfSums + sum) % this.#modulus, sum];
  }

  #addByte(byte: number): void {
    this.#cutWord += byte * 256 ** this.#cutBytes;
    this.#cutBytes += 1;
    if (this.#cutBytes < this.#wordBytes) return;
    this.#sum = (this.#sum + this.#cutWord) % this.#modulus;
    this.#sumOfSums = (this.#sumOfSums + this.#sum) % this.#modulus;
    this.#cutWord = 0;
    this.#cutBytes = 0;
  }

  /** 4000 bytes of 255 keep both sums below 2^31. */
  #addBytes(data: Uint8Array, start: number, end: number): void {
    let sum = this.#sum;
    let sumOfSums = this.#sumOfSums;
    for (let position = start; position < end; ) {
      for (const blockEnd = Math.min(position + 4000, end); position < blockEnd; position++) {
        sum += data[position] ?? 0;
        sumOfSums += sum;
      }
      sum %= this.#modulus;
      sumOfSums %= this.#modulus;
    }
    this.#sum = sum;
    this.#sumOfSums = sumOfSums;
  }

  /** 240 words of 65535 keep both sums below 2^31. */
  #addPairs(data: Uint8Array, start: number, end: number): void {
    let sum = this.#sum;
    let sumOfSums = this.#sumOfSums;
    for (let position = start; position < end; ) {
      for (const blockEnd = Math.min(position + 480, end); position < blockEnd; position += 2) {
        sum += (data[position] ?? 0) | ((data[position + 1] ?? 0) << 8);
        sumOfSums += sum;
      }
      sum %= this.#modulus;
      sumOfSums %= this.#modulus;
    }
    this.#sum = sum;
    this.#sumOfSums = sumOfSums;
  }

  /** Words of 32 bits leave no room to put the modulus off. */
  #addQuadruples(data: Uint8Array, start: number, end: number): void {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    const modulus = this.#modulus;
    let sum = this.#sum;
    let sumOfSums = this.#sumOfSums;
    for (let position = start; position < end; position += 4) {
      sum += view.getUint32(position, true);
      if (sum >= modulus) sum -= modulus;
      sumOfSums += sum;
      if (sumOfSums >= modulus) sumOfSums -= modulus;
    }
    this.#sum = sum;
    this.#sumOfSums = sumOfSums;
  }
}
