/**
 * What reads the bytes of strangers and peers, before bytes at random and before frames that are nearly right: it never
 * throws anything but `DecodeError`, never admits or comes up, and holds no memory of what it refused.
 */
import { ByteWriter, DecodeError, Random } from '@synod/core';
import { sealFrame } from '@synod/integrity';
import { describe, expect, it } from 'vitest';
import { BatchReader } from '../src/batch.js';
import { readItem } from '../src/exchange-items.js';
import { Handshake } from '../src/handshake.js';
import { sealHello, sealProof, sealRefusal, sealWelcome } from '../src/handshake-frames.js';
import { parseTokens, TokenProof } from '../src/token-proof.js';
import { helloOfA } from './stranger.js';

const inputs = Number(process.env.SYNOD_FUZZ_INPUTS ?? 4_000);
const random = new Random('fuzz');
const keys = parseTokens('a token of enough bytes');
const versions = { least: 1, greatest: 2 };

function noise(length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.integer(0, 256));
}

const seeds: readonly (() => Uint8Array)[] = [
  () => sealHello(helloOfA({ versions, nonce: noise(32) })),
  () => sealHello(helloOfA()),
  () => sealProof(noise(32)),
  () => sealWelcome(),
  () => sealRefusal({ code: 'WRONG_NODE', reason: 'no' }),
  () => sealFrame(Uint8Array.of(4, 0, 3, 1, 2, 3, 0, 0)),
  () => sealFrame(exchangeFrame()),
];

/** A frame of calls and streams: any tag, then numbers and texts of any size. */
function exchangeFrame(): Uint8Array {
  const writer = new ByteWriter(64);
  writer.u8(16);
  writer.varint(random.integer(0, 64));
  const body = noise(random.integer(0, 40));
  body[0] = random.integer(0, 16);
  writer.bytes(body);
  return writer.take();
}

/** Changes a payload and seals it again, so that the checksum hides nothing from what reads it; sometimes does not. */
function mutate(frame: Uint8Array): Uint8Array {
  const payload = Buffer.from(frame.subarray(16));
  const at = random.integer(0, payload.length + 1);
  const kind = random.integer(0, 8);
  if (kind === 0) return noise(random.integer(0, 80));
  if (kind === 1) return frame.subarray(0, random.integer(0, frame.length + 1));
  if (kind === 2) return sealFrame(payload.subarray(0, at));
  if (kind === 3)
    return sealFrame(
      Buffer.concat([payload.subarray(0, at), noise(random.integer(1, 30)), payload.subarray(at)]),
    );
  if (kind === 4) return sealFrame(Buffer.concat([payload, payload]));
  // Lengths that claim more than there is, up to what no number holds.
  if (kind === 5)
    return sealFrame(
      Buffer.concat([
        payload.subarray(0, at),
        Buffer.alloc(random.integer(1, 12), 0xff),
        payload.subarray(at),
      ]),
    );
  if (payload.length > 0) payload[Math.min(at, payload.length - 1)] = random.integer(0, 256);
  return kind === 6 ? sealFrame(payload) : Buffer.concat([frame.subarray(0, 16), payload]);
}

function nextFrame(): Uint8Array {
  return mutate(seeds[random.integer(0, seeds.length)]?.() ?? noise(8));
}

/** Gives whether it was refused. */
function read(bytes: Uint8Array): boolean {
  try {
    const batch = new BatchReader(bytes, 4096);
    for (let items = 0; ; items++) {
      const body = batch.next();
      if (body === undefined) return false;
      if (batch.kind === 16) readItem(batch.group, body);
      expect(items).toBeLessThan(bytes.length);
    }
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return true;
  }
}

describe('readers of foreign bytes', () => {
  it(`take ${inputs} forged inputs and come to no harm`, () => {
    const refused = { handshakes: 0, batches: 0 };
    const terms = {
      clusterId: 'test',
      id: 'b',
      incarnation: '0'.repeat(32),
      isKnown: (id: string) => id === 'a',
    };
    const before = process.memoryUsage().heapUsed;
    for (let input = 0; input < inputs; input += 4) {
      const authentication = new TokenProof(keys);
      const dialer = input % 8 === 0;
      const handshake = new Handshake(
        dialer
          ? { ...terms, role: 'dialer', id: 'A', wantedId: 'a', authentication }
          : { ...terms, role: 'listener', authentication },
      );
      handshake.open();
      for (let frame = 0; frame < 3; frame++) {
        const step = handshake.receive(nextFrame());
        // Nobody is admitted who did not prove the token, and no forged proof fits.
        if (step.type === 'admit' || step.type === 'up') throw new Error(`${step.type} without a proof`);
        if (step.type === 'refused') refused.handshakes++;
      }
      if (read(nextFrame())) refused.batches++;
    }
    expect(refused.handshakes).toBeGreaterThan(inputs / 8);
    expect(refused.batches).toBeGreaterThan(inputs / 8);
    const grownMiB = (process.memoryUsage().heapUsed - before) / 2 ** 20;
    expect(grownMiB).toBeLessThan(256);
    if (inputs > 100_000)
      console.log(`${inputs} inputs: ${JSON.stringify(refused)}, heap ${grownMiB.toFixed(0)} MiB`);
  }, 580_000);
});
