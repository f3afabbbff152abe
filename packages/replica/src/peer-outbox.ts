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

/** Where payloads to each peer are written: shared by all groups of a node, since each sends all before the next writes. */
export class PayloadWriters {
  readonly #writers = new Map<NodeId, ByteWriter>();

  /** The writer for a peer. */
  of(peer: NodeId): ByteWriter {
    let writer = this.#writers.get(peer);
    if (writer === undefined) {
      writer = new ByteWriter(1024);
      this.#writers.set(peer, writer);
    }
    return writer;
  }

  /** All writers, with their peers. */
  all(): Iterable<[NodeId, ByteWriter]> {
    return this.#writers;
  }
}

/** The way out of one replica. */
export class PeerOutbox<Message extends EngineMessage> {
  readonly #group: GroupId;
  readonly #codec: MessageCodec<Message>;
  readonly #transport: Transport;
  readonly #payloadBytesMax: number;
  readonly #dropped: (peer: NodeId) => void;
  readonly #writers: PayloadWriters;
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
    writers: PayloadWriters,
    dropped: (peer: NodeId) => void,
  ) {
    this.#group = group;
    this.#codec = codec;
    this.#transport = transport;
    this.#payloadBytesMax = payloadBytesMax;
    this.#writers = writers;
    this.#dropped = dropped;
  }

  /** Sends messages, in order for each peer. */
  send(messages: readonly Message[]): void {
    if (messages.length === 0) return;
    for (const message of messages) {
      const writer = this.#writers.of(message.to);
      if (writer.length === 0) writer.u8(payloadKinds.messages);
      this.#codec.encode(message, writer);
      this.messages++;
      if (writer.length >= this.#payloadBytesMax) this.#flush(message.to, writer);
    }
    for (const [peer, writer] of this.#writers.all()) this.#flush(peer, writer);
  }

  #flush(peer: NodeId, writer: ByteWriter): void {
    if (writer.length === 0) return;
    const taken = this.#transport.send(peer, this.#group, writer.view(), 'protocol');
    writer.clear();
    if (taken) this.payloads++;
    else this.#dropped(peer);
  }
}
