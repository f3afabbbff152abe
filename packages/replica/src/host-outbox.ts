/** Words to other hosts on their way out: all that go to one peer in one turn share a payload. */
import { ByteWriter, type NodeId, type Transport } from '@synod/core';
import { type HostWord, hostGroup, writeHostWord } from './host-payload.js';

/** Size from which a payload is sent without waiting for more, in bytes. */
const payloadBytesGoal = 256 * 1024;

/** The way out of one host. */
export class HostOutbox {
  readonly #transport: Transport;
  readonly #writers = new Map<NodeId, ByteWriter>();

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Adds a word; {@link flush} sends it. */
  add(to: NodeId, word: HostWord): void {
    let writer = this.#writers.get(to);
    if (writer === undefined) {
      writer = new ByteWriter();
      this.#writers.set(to, writer);
    }
    writeHostWord(writer, word);
    if (writer.length >= payloadBytesGoal) this.#send(to, writer);
  }

  /** Sends what waits. What the transport does not take is lost; pulses find that out. */
  flush(): void {
    for (const [peer, writer] of this.#writers) {
      if (writer.length > 0) this.#send(peer, writer);
    }
  }

  #send(peer: NodeId, writer: ByteWriter): void {
    this.#transport.send(peer, hostGroup, writer.view(), 'protocol');
    writer.clear();
  }
}
