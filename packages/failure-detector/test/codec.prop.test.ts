import { DecodeError } from '@synod/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeSwimMessage, encodeSwimMessage, type SwimMessage, swimMessageBytesMax } from '../src/index.js';
import { anyMessage } from './messages.js';

/** What came of bytes; anything but a message or a DecodeError fails the test. */
function outcome(bytes: Uint8Array): SwimMessage | undefined {
  try {
    return decodeSwimMessage(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError);
    return undefined;
  }
}

describe('messages as bytes', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        expect(decodeSwimMessage(encodeSwimMessage(message))).toEqual(message);
      }),
    );
  });

  it('that are no message are refused with what is wrong, and those that are have one form only', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const message = outcome(bytes);
        if (message !== undefined) expect(encodeSwimMessage(message)).toEqual(bytes);
      }),
      { numRuns: 1000 },
    );
  });

  it('that were damaged are refused, or are another message within all limits', () => {
    const damage = fc.record({ at: fc.nat(), value: fc.nat(255), cut: fc.nat(200) });
    fc.assert(
      fc.property(anyMessage, damage, (message, { at, value, cut }) => {
        const bytes = encodeSwimMessage(message).slice();
        bytes[at % bytes.length] = value;
        for (const one of [bytes, bytes.subarray(0, cut)]) {
          const read = outcome(one);
          if (read !== undefined) expect(decodeSwimMessage(encodeSwimMessage(read))).toEqual(read);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['nothing', '', '1 bytes are expected'],
    ['a later version', '02', 'format version 2: only 1 is known'],
    ['an unknown type', '0107026e31', 'message type 7'],
    ['an id that is none', '01060120', 'stands where a node id is expected'],
    ['more updates than can be there', '0106026e31ff03', 'but only 0 bytes follow'],
    ['an unknown state', '0106026e310104026e31016100', 'member state 4'],
    ['an address with a space', '0106026e310100026e3101200000', '" " is no address'],
    ['an empty address', '0106026e310100026e310000', '"" is no address'],
    [
      'an incarnation beyond all',
      '0106026e310100026e310161ffffffffffff7f',
      'at most 281474976710656 is allowed',
    ],
    ['something behind the end', '0106026e310000', '1 bytes follow where the end is expected'],
  ])('refuses %s', (_, hex, complaint) => {
    const bytes = Uint8Array.from(Buffer.from(hex, 'hex'));
    expect(() => decodeSwimMessage(bytes)).toThrow(DecodeError);
    expect(() => decodeSwimMessage(bytes)).toThrow(complaint);
  });

  it('refuses more bytes than a datagram has', () => {
    expect(() => decodeSwimMessage(new Uint8Array(swimMessageBytesMax + 1))).toThrow(
      'at most 65507 are allowed',
    );
  });
});
