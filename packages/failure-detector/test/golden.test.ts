import { describe, expect, it } from 'vitest';
import { decodeSwimMessage, encodeSwimMessage } from '../src/index.js';
import { messagesOfVersion1 } from './golden/messages-of-version-1.js';

describe('members of the first release in one group with members of this one', () => {
  for (const [message, bytes] of messagesOfVersion1) {
    it(`reads its ${message.type}`, () => {
      expect(decodeSwimMessage(Uint8Array.from(Buffer.from(bytes, 'hex')))).toEqual(message);
    });

    it(`writes ${message.type} as it does`, () => {
      expect(Buffer.from(encodeSwimMessage(message)).toString('hex')).toBe(bytes);
    });
  }
});
