import { ByteWriter, DecodeError } from '@synod/core';
import { sealFrame } from '@synod/integrity';
import { describe, expect, it } from 'vitest';
import {
  type Hello,
  openHandshakeFrame,
  printable,
  sealHello,
  sealRefusal,
  sealWelcome,
} from './handshake-frames.js';

const hello: Hello = {
  versions: { least: 1, greatest: 3 },
  clusterId: 'örders',
  id: 'n1',
  wantedId: 'n2',
  incarnation: '0123456789abcdef0123456789abcdef',
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
    ]);
    expect(Buffer.from(sealHello(hello)).subarray(16).toString('hex')).toBe(expected.toString('hex'));
    expect(Buffer.from(sealWelcome()).subarray(16).toString('hex')).toBe('02');
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
