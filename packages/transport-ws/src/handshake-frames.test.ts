import { ByteWriter, DecodeError } from '@synod/core';
import { sealFrame } from '@synod/integrity';
import { describe, expect, it } from 'vitest';
import {
  type Hello,
  openHandshakeFrame,
  printable,
  sealHello,
  sealProof,
  sealRefusal,
  sealWelcome,
} from './handshake-frames.js';

const hello: Hello = {
  versions: { least: 1, greatest: 3 },
  clusterId: 'örders',
  id: 'n1',
  wantedId: 'n2',
  incarnation: '0123456789abcdef0123456789abcdef',
  nonce: Uint8Array.from({ length: 32 }, (_, position) => position),
};

describe('handshake frames', () => {
  it('read as they were written', () => {
    expect(openHandshakeFrame(sealHello(hello))).toEqual({ type: 'hello', hello });
    expect(openHandshakeFrame(sealWelcome())).toEqual({ type: 'welcome' });
    const refusal = { code: 'WRONG_NODE', reason: 'somebody else' } as const;
    expect(openHandshakeFrame(sealRefusal(refusal))).toEqual({ type: 'refuse', refusal });
  });

  it('have the bytes that every version must keep', () => {
    const expected = Buffer.concat([
      Buffer.from([1, 1, 3, 7]),
      Buffer.from('örders'),
      Buffer.from([2]),
      Buffer.from('n1'),
      Buffer.from([2]),
      Buffer.from('n2'),
      Buffer.from([32]),
      Buffer.from(hello.incarnation),
      Buffer.from([32]),
      Buffer.from(hello.nonce),
    ]);
    expect(Buffer.from(sealHello(hello)).subarray(16).toString('hex')).toBe(expected.toString('hex'));
    expect(Buffer.from(sealWelcome()).subarray(16).toString('hex')).toBe('02');
  });

  it('of the first version carry no nonce, and are read all the same', () => {
    const first = { ...hello, versions: { least: 1, greatest: 1 }, nonce: new Uint8Array(0) };
    const bytes = sealHello(first);
    expect(bytes.length).toBe(sealHello(hello).length - 33);
    expect(openHandshakeFrame(bytes)).toEqual({ type: 'hello', hello: first });
  });

  it('hold nonces and proofs of their one length only', () => {
    const wrong = { ...hello, nonce: new Uint8Array(31) };
    expect(() => openHandshakeFrame(sealHello(wrong))).toThrow('a nonce of 31 bytes: it must have 32');
    expect(() => openHandshakeFrame(sealProof(new Uint8Array(33)))).toThrow('33 bytes long: it must be 32');
  });

  it('leave room for what a later version adds', () => {
    const longer = Buffer.concat([sealHello(hello).subarray(16), Buffer.from('more')]);
    expect(openHandshakeFrame(sealFrame(longer))).toEqual({ type: 'hello', hello });
    const refusal = new ByteWriter();
    refusal.u8(3);
    refusal.string('NOT_ON_SUNDAYS');
    refusal.string('come tomorrow');
    const coming = openHandshakeFrame(sealFrame(refusal.take()));
    expect(coming).toEqual({
      type: 'refuse',
      refusal: { code: 'MALFORMED', reason: 'NOT_ON_SUNDAYS: come tomorrow' },
    });
  });

  it('fit into 1 KiB even with the longest ids, cluster and reason', () => {
    const longest = { ...hello, clusterId: 'c'.repeat(128), id: 'i'.repeat(64), wantedId: 'w'.repeat(64) };
    expect(openHandshakeFrame(sealHello(longest))).toEqual({ type: 'hello', hello: longest });
    const frame = sealRefusal({ code: 'VERSION_MISMATCH', reason: '語'.repeat(10_000) });
    expect(openHandshakeFrame(frame)).toMatchObject({ refusal: { reason: '語'.repeat(250) } });
  });

  it('are refused when an id, an incarnation or the range of versions is malformed', () => {
    for (const wrong of [
      { id: '' },
      { id: 'no spaces' },
      { wantedId: 'x'.repeat(65) },
      { incarnation: 'UPPER' },
      { versions: { least: 2, greatest: 1 } },
    ]) {
      expect(() => openHandshakeFrame(sealHello({ ...hello, ...wrong }))).toThrow(DecodeError);
    }
  });

  it('carry no control characters into a log', () => {
    const escapeCharacter = String.fromCharCode(27);
    expect(printable(`a\nb\r${escapeCharacter}[31mc\u202e`)).toBe('a b  [31mc ');
    const refused = openHandshakeFrame(sealRefusal({ code: 'WRONG_NODE', reason: 'x\ny' }));
    expect(refused).toMatchObject({ refusal: { reason: 'x y' } });
  });
});
