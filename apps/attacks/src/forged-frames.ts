/**
 * Frames of the transport between nodes, forged: their checksums are right, so that they are read to the end, and what
 * stands in them is nearly right. The form stands in handshake-frames.ts of the transport.
 */
import { ByteWriter, type Random } from '@synod/core';
import { sealFrame } from '@synod/integrity';

/** Who is attacked, and who the attacker claims to be. */
export interface Claim {
  readonly cluster: string;
  readonly id: string;
  readonly wantedId: string;
}

/**
 * A hello.
 *
 * @param claim - Whom it claims to come from.
 * @param nonce - 32 bytes, or none.
 */
export function hello({ cluster, id, wantedId }: Claim, nonce: Uint8Array): Uint8Array {
  const writer = new ByteWriter(256);
  writer.u8(1);
  writer.varint(1);
  writer.varint(2);
  for (const text of [cluster, id, wantedId, 'f'.repeat(32)]) writer.string(text);
  writer.bytes(nonce);
  return sealFrame(writer.take());
}

/**
 * A proof.
 *
 * @param bytes - What it holds.
 */
export function proof(bytes: Uint8Array): Uint8Array {
  const writer = new ByteWriter(64);
  writer.u8(5);
  writer.bytes(bytes);
  return sealFrame(writer.take());
}

/**
 * A frame that is nearly right, then sealed: a hello, proof, welcome, refusal or batch with bytes changed, cut, doubled
 * or put in.
 *
 * @param random - Where chance comes from.
 * @param claim - What is right.
 */
export function nearlyRight(random: Random, claim: Claim): Uint8Array {
  const kinds = [
    () => hello(claim, noise(random, 32)).subarray(16),
    () => proof(noise(random, 32)).subarray(16),
    () => Uint8Array.of(2),
    () => Buffer.concat([Uint8Array.of(3, 10), Buffer.from('WRONG_NODE'), Uint8Array.of(1, 120)]),
    () => Uint8Array.of(4, 0, 200, 1, 2, 3),
    () => Uint8Array.of(16, 255, 255, 255, 255, 255, 255, 255, 255, 127),
  ];
  const payload = Buffer.from(kinds[random.integer(0, kinds.length)]?.() ?? []);
  const at = random.integer(0, payload.length + 1);
  switch (random.integer(0, 5)) {
    case 0:
      return sealFrame(payload.subarray(0, at));
    case 1:
      return sealFrame(
        Buffer.concat([payload.subarray(0, at), noise(random, random.integer(1, 40)), payload.subarray(at)]),
      );
    case 2:
      return sealFrame(Buffer.concat([payload, payload]));
    case 3: {
      const sealed = Buffer.from(sealFrame(payload));
      sealed[random.integer(0, sealed.length)] = random.integer(0, 256);
      return sealed;
    }
    default:
      payload[Math.min(at, payload.length - 1)] = random.integer(0, 256);
      return sealFrame(payload);
  }
}

/**
 * Random bytes.
 *
 * @param random - Where chance comes from.
 * @param length - How many.
 */
export function noise(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.integer(0, 256));
}
