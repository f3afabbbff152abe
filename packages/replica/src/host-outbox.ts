/** Words to other hosts on their way out: all that go to one peer in one turn share a payload. */
import type { ByteWriter, NodeId, Transport } from '@synod/core';
import { type HostWord, hostGroup, writeHostWord } from './host-payload.js';
import { PayloadWriters } from './peer-outbox.js';

/** Size from which a payload is sent without waiting for more, in bytes. */
const payloadBytesGoal = 256 * 1024;

/** The way out of one host. */
export class HostOutbox {
  readonly #transport: Transport;
  readonly #writers = new PayloadWriters();

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Adds a word; {@link flush} sends it. */
  add(to: NodeId, word: HostWord): void {
    const writer = this.#writers.of(to);
    writeHostWord(writer, word);
    if (writer.length >= payloadBytesGoal) this.#send(to, writer);
  }

  /** Sends what waits. What the transport does not take is lost; pulses find that out. */
  flush(): void {
    for (const [peer, writer] of this.#writers.all()) {
      if (writer.length > 0) this.#send(peer, writer);
    }
  }

  #send(peer: NodeId, writer: ByteWriter): void {
    this.#transport.send(peer, hostGroup, writer.view(), 'protocol');
    writer.clear();
  }
}
