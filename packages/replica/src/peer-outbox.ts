/** Engine messages on their way out: all that go to one peer in one turn share a payload, written into reused buffers. */
import {
  ByteWriter,
  type EngineMessage,
  type GroupId,
  type MessageCodec,
  type NodeId,
  type Transport,
} from '@synod/core';
import { payloadKinds } from './payload.js';

/** The way out of one replica. */
export class PeerOutbox<Message extends EngineMessage> {
  readonly #group: GroupId;
  readonly #codec: MessageCodec<Message>;
  readonly #transport: Transport;
  readonly #payloadBytesMax: number;
  readonly #dropped: (peer: NodeId) => void;
  readonly #writers = new Map<NodeId, ByteWriter>();
  /** Payloads handed to the transport. */
  payloads = 0;
  /** Messages in them. */
  messages = 0;

  /**
   * @param dropped - Hears of a peer for which the transport took no payload.
   */
  constructor(
    group: GroupId,
    codec: MessageCodec<Message>,
    transport: Transport,
    payloadBytesMax: number,
    dropped: (peer: NodeId) => void,
  ) {
    this.#group = group;
    this.#codec = codec;
    this.#transport = transport;
    this.#payloadBytesMax = payloadBytesMax;
    this.#dropped = dropped;
  }

  /** Sends messages, in order for each peer. */
  send(messages: readonly Message[]): void {
    if (messages.length === 0) return;
    for (const message of messages) {
      const writer = this.#writerFor(message.to);
      if (writer.length === 0) writer.u8(payloadKinds.messages);
      this.#codec.encode(message, writer);
      this.messages++;
      if (writer.length >= this.#payloadBytesMax) this.#flush(message.to, writer);
    }
    for (const [peer, writer] of this.#writers) this.#flush(peer, writer);
  }

  #flush(peer: NodeId, writer: ByteWriter): void {
    if (writer.length === 0) return;
    const taken = this.#transport.send(peer, this.#group, writer.view(), 'protocol');
    writer.clear();
    if (taken) this.payloads++;
    else this.#dropped(peer);
  }

  #writerFor(peer: NodeId): ByteWriter {
    let writer = this.#writers.get(peer);
    if (writer === undefined) {
      writer = new ByteWriter(1024);
      this.#writers.set(peer, writer);
    }
    return writer;
  }
}
