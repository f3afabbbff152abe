import { ByteReader, ByteWriter } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { multiPaxosMessageCodec } from '../src/index.js';
import { messagesOfVersion1 } from './golden/messages-of-version-1.js';

describe('a rolling upgrade: nodes of the first release in one cluster with nodes of this one', () => {
  for (const [position, [message, bytes]] of messagesOfVersion1.entries()) {
    const name = `${message.type} (${position + 1})`;

    it(`reads its ${name}`, () => {
      const reader = new ByteReader(Uint8Array.from(Buffer.from(bytes, 'hex')));
      expect(multiPaxosMessageCodec.decode(reader, message.from, message.to)).toEqual(message);
      reader.end();
    });

    it(`writes ${name} as it does, so that it can be read there`, () => {
      const writer = new ByteWriter();
      multiPaxosMessageCodec.encode(message, writer);
      expect(Buffer.from(writer.take()).toString('hex')).toBe(bytes);
    });
  }
});
