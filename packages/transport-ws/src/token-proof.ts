/**
 * Proof that both ends hold the cluster's token, without sending it: HMAC-SHA-256 (RFC 2104, FIPS 180-4), keyed with
 * the token, over who proves and both hellos as they stood on the wire. The hellos hold both nonces, both node ids, the
 * cluster and the versions, so that a proof fits one handshake only: recorded, it is worth nothing against another
 * nonce, and turned around it names the other end.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { encodeUtf8, InvalidArgumentError } from '@synod/core';
import type { HandshakeAuthentication, HandshakeRole } from './handshake.js';
import { nonceBytes } from './handshake-frames.js';

/** Least length of a token in UTF-8, in bytes: whoever overhears a handshake can try tokens at leisure. */
const tokenBytesMin = 16;
/** Greatest length of a token in UTF-8, in bytes. */
const tokenBytesMax = 1024;

/**
 * Checks the tokens that a transport was given.
 *
 * @param tokens - One token, or the one to prove with and then others that are accepted.
 * @returns The keys; never empty.
 * @throws InvalidArgumentError when there is none, or one is too short or too long. The message holds no token.
 */
export function parseTokens(tokens: string | readonly string[]): readonly [Uint8Array, ...Uint8Array[]] {
  const [first, ...more] = (typeof tokens === 'string' ? [tokens] : tokens).map((token) => {
    const bytes = typeof token === 'string' ? encodeUtf8(token) : new Uint8Array(0);
    if (bytes.length >= tokenBytesMin && bytes.length <= tokenBytesMax) return bytes;
    throw new InvalidArgumentError(
      `a token is ${bytes.length} bytes long: it must be a text of ${tokenBytesMin} to ${tokenBytesMax} bytes, and should be 32 random ones in base64`,
    );
  });
  if (first === undefined)
    throw new InvalidArgumentError('token is an empty list: give at least one, or leave it out');
  return [first, ...more];
}

/** One handshake's proof. */
export class TokenProof implements HandshakeAuthentication {
  readonly nonce: Uint8Array = randomBytes(nonceBytes);
  readonly #keys: readonly Uint8Array[];
  #key: Uint8Array;

  /** @param keys - From {@link parseTokens}: proves with the first, accepts all. */
  constructor(keys: readonly [Uint8Array, ...Uint8Array[]]) {
    this.#keys = keys;
    this.#key = keys[0];
  }

  prove(prover: HandshakeRole, dialerHello: Uint8Array, listenerHello: Uint8Array): Uint8Array {
    return mac(this.#key, prover, dialerHello, listenerHello);
  }

  verify(
    prover: HandshakeRole,
    dialerHello: Uint8Array,
    listenerHello: Uint8Array,
    proof: Uint8Array,
  ): boolean {
    let fitting: Uint8Array | undefined;
    // All of them, whichever fits: how long it takes tells nothing.
    for (const key of this.#keys) {
      const expected = mac(key, prover, dialerHello, listenerHello);
      if (proof.length === expected.length && timingSafeEqual(proof, expected)) fitting ??= key;
    }
    // The answer is proved with the same token: the other end may not hold our newest one yet.
    this.#key = fitting ?? this.#key;
    return fitting !== undefined;
  }
}

function mac(
  key: Uint8Array,
  prover: HandshakeRole,
  dialerHello: Uint8Array,
  listenerHello: Uint8Array,
): Uint8Array {
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32BE(dialerHello.length, 0);
  lengths.writeUInt32BE(listenerHello.length, 4);
  return createHmac('sha256', key)
    .update(`synod transport 2 ${prover}\0`)
    .update(lengths)
    .update(dialerHello)
    .update(listenerHello)
    .digest();
}
