/**
 * How often strangers may knock: a bucket of tokens for each address and one for all together (Turner, "New directions
 * in communications", 1986, has it as the leaky bucket). Looked at when a TCP connection is accepted, before anything
 * is spent on it. Time comes from outside.
 *
 * An address from which a peer came up before does not draw from the common bucket, so that a flood from elsewhere
 * cannot keep a peer from coming back.
 */

/** A bucket that fills with time. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #atMs: number;

  /**
   * @param perSecond - Tokens that flow in each second.
   * @param burst - Tokens that it holds, and begins with.
   * @param nowMs - The present.
   */
  constructor(perSecond: number, burst: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#tokens = burst;
    this.#atMs = nowMs;
  }

  /**
   * Takes a token.
   *
   * @param nowMs - The present; earlier than before counts as no time.
   * @returns Whether there was one.
   */
  take(nowMs: number): boolean {
    const elapsedMs = Math.max(0, nowMs - this.#atMs);
    this.#atMs += elapsedMs;
    this.#tokens = Math.min(this.#burst, this.#tokens + (elapsedMs / 1000) * this.#perSecond);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}

/** Bounds on how often connections may be opened. */
export interface HandshakeRateLimits {
  /** Connections that all addresses together may open each second, in the long run. 1 to 10^6. Default 512. */
  readonly handshakesPerSecond: number;
  /** Connections that all addresses together may open at once after a quiet time. 1 to 10^6. Default 2048. */
  readonly handshakeBurst: number;
  /** Connections that one address may open each second, in the long run. 1 to 10^6. Default 128. */
  readonly handshakesPerSecondPerAddress: number;
  /** Connections that one address may open at once after a quiet time. 1 to 10^6. Default 1024. */
  readonly handshakeBurstPerAddress: number;
}

/** The bounds that hold where none are given. */
export const defaultHandshakeRateLimits: HandshakeRateLimits = {
  handshakesPerSecond: 512,
  handshakeBurst: 2048,
  handshakesPerSecondPerAddress: 128,
  handshakeBurstPerAddress: 1024,
};

/** Addresses remembered; beyond that, the one that knocked longest ago begins anew. The common bucket still holds. */
const addressesMax = 4096;
const trustedMax = 1024;

/** Decides who may knock. */
export class HandshakeRate {
  readonly #limits: HandshakeRateLimits;
  readonly #all: TokenBucket;
  /** In the order of their last knock. */
  readonly #byAddress = new Map<string, TokenBucket>();
  readonly #trusted = new Set<string>();

  /**
   * @param limits - The bounds.
   * @param nowMs - The present.
   */
  constructor(limits: HandshakeRateLimits, nowMs: number) {
    this.#limits = limits;
    this.#all = new TokenBucket(limits.handshakesPerSecond, limits.handshakeBurst, nowMs);
  }

  /** Addresses remembered now. */
  get addresses(): number {
    return this.#byAddress.size;
  }

  /**
   * Somebody knocks.
   *
   * @param address - Their IP address.
   * @param nowMs - The present.
   * @returns `undefined` to let them in, or why not.
   */
  knock(address: string, nowMs: number): 'RATE_LIMITED_ADDRESS' | 'RATE_LIMITED' | undefined {
    const owner = addressOwner(address);
    if (!this.#bucketOf(owner, nowMs).take(nowMs)) return 'RATE_LIMITED_ADDRESS';
    if (this.#trusted.has(owner) || this.#all.take(nowMs)) return undefined;
    return 'RATE_LIMITED';
  }

  /**
   * A peer came up from there.
   *
   * @param address - Its IP address.
   */
  trust(address: string): void {
    const owner = addressOwner(address);
    this.#trusted.delete(owner);
    this.#trusted.add(owner);
    if (this.#trusted.size > trustedMax) removeOldest(this.#trusted);
  }

  #bucketOf(owner: string, nowMs: number): TokenBucket {
    const { handshakesPerSecondPerAddress, handshakeBurstPerAddress } = this.#limits;
    const bucket =
      this.#byAddress.get(owner) ??
      new TokenBucket(handshakesPerSecondPerAddress, handshakeBurstPerAddress, nowMs);
    this.#byAddress.delete(owner);
    this.#byAddress.set(owner, bucket);
    if (this.#byAddress.size > addressesMax) removeOldest(this.#byAddress);
    return bucket;
  }
}

/** Who holds one IPv6 address holds its whole /64 (RFC 4291 §2.5.1). */
function addressOwner(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? [];
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups =
    tail === undefined ? before : [...before, ...Array(8 - before.length - after.length).fill('0'), ...after];
  return groups.slice(0, 4).join(':');
}

function removeOldest(entries: { keys(): Iterable<string>; delete(key: string): boolean }): void {
  for (const key of entries.keys()) {
    entries.delete(key);
    return;
  }
}
