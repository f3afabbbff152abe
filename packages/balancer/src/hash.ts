/**
 * Hashes for the strategies that map keys to endpoints: MurmurHash3 (Austin Appleby, 2011, public domain), 32 bits,
 * seeded. Text is taken as its UTF-16 code units, two bytes each, little end first. Numbers are never put behind text to
 * be hashed together, so "a1" with 1 cannot meet "a" with 11. Hashes are signed, because V8 puts unsigned numbers above
 * 2^31 on the heap.
 */

const c1 = 0xcc9e2d51;
const c2 = 0x1b873593;

/**
 * Hash of a text.
 *
 * @param text - Any string.
 * @param seed - 32 bits: an attacker who does not know it cannot choose keys that meet.
 * @returns 32 bits, as a signed number.
 */
export function hashText(text: string, seed: number): number {
  let hash = seed | 0;
  const pairs = text.length >> 1;
  for (let pair = 0; pair < pairs; pair++) {
    hash ^= scramble(text.charCodeAt(2 * pair) | (text.charCodeAt(2 * pair + 1) << 16));
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  if (text.length % 2 === 1) hash ^= scramble(text.charCodeAt(text.length - 1));
  return finish(hash ^ (2 * text.length));
}

/**
 * Hash of a number.
 *
 * @param number - Its lower 32 bits count.
 * @param seed - 32 bits.
 * @returns 32 bits, as a signed number.
 */
export function hashNumber(number: number, seed: number): number {
  let hash = (seed | 0) ^ scramble(number | 0);
  hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  return finish(hash ^ 4);
}

/**
 * Hash of a request's key.
 *
 * @param key - Text or a number.
 * @param seed - 32 bits.
 * @returns 32 bits, as a signed number.
 */
export function hashKey(key: string | number, seed: number): number {
  return typeof key === 'string' ? hashText(key, seed) : hashNumber(key, seed);
}

/** Two hashes of one endpoint: with tens of thousands of them, 32 bits alone would meet now and then. */
export interface EndpointHash {
  readonly first: number;
  readonly second: number;
}

/**
 * Hashes the name of an endpoint.
 *
 * @param id - The name.
 * @param seed - 32 bits.
 */
export function hashEndpoint(id: string, seed: number): EndpointHash {
  return { first: hashText(id, seed), second: hashText(id, hashNumber(1, seed)) };
}

/**
 * Hash of an endpoint together with a number, such as that of a point or of a key.
 *
 * @param number - 32 bits.
 * @param endpoint - The endpoint's hashes.
 * @returns 32 bits, as a signed number.
 */
export function hashPair(number: number, { first, second }: EndpointHash): number {
  return hashBoth(number, first, second);
}

/**
 * The same, of an endpoint's two hashes.
 *
 * @param number - 32 bits.
 * @param first - Of the endpoint.
 * @param second - Of the endpoint.
 */
export function hashBoth(number: number, first: number, second: number): number {
  return finish(hashNumber(number, first) ^ second);
}

function scramble(block: number): number {
  const mixed = Math.imul(block, c1);
  return Math.imul((mixed << 15) | (mixed >>> 17), c2);
}

function finish(hash: number): number {
  let mixed = hash ^ (hash >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
