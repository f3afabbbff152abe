/** Takes in what peers send. Their bytes are trusted with nothing: what does not decode is dropped, and told. */
import {
  ByteReader,
  type EngineMessage,
  type MessageCodec,
  type NodeId,
  type StorageRoom,
} from '@synod/core';
import type { EngineDriver } from './engine-driver.js';
import {
  payloadKinds,
  readSnapshotBegin,
  readSnapshotChunk,
  readSnapshotProgress,
  readSnapshotRestart,
  readSnapshotResume,
  readSnapshotSeal,
} from './payload.js';
import type { SnapshotReceiver } from './snapshot-receiver.js';
import type { SnapshotSender } from './snapshot-sender.js';

/** What an intake passes payloads on to. */
export interface IntakeParts<Message extends EngineMessage> {
  /** This node. */
  readonly id: NodeId;
  readonly codec: MessageCodec<Message>;
  readonly driver: EngineDriver<Message>;
  readonly sender: SnapshotSender<Message>;
  readonly receiver: SnapshotReceiver<Message>;
  /** How the storage stands with room on the disk. */
  readonly room: StorageRoom | undefined;
  /** Hears of what is dropped. */
  readonly dropped: (peer: NodeId, reason: string) => void;
}

/** The way in of one replica. */
export class PayloadIntake<Message extends EngineMessage> {
  readonly #parts: IntakeParts<Message>;
  /** Engine messages received. */
  messages = 0;
  /** Payloads put aside, whole or in part. */
  dropped = 0;

  constructor(parts: IntakeParts<Message>) {
    this.#parts = parts;
  }

  /** A peer's payload arrived; it is only valid during the call. */
  receive(from: NodeId, payload: Uint8Array): void {
    const { driver } = this.#parts;
    if (!driver.isRunning) return;
    if (!driver.hasRoomFor(payload.length)) {
      this.#drop(from, 'too much came in while the disk was busy');
      return;
    }
    try {
      this.#decode(from, payload);
    } catch (error) {
      // Only decoding can throw here: the driver catches what the engine throws.
      this.#drop(from, error instanceof Error ? error.message : String(error));
    }
  }

  #decode(from: NodeId, payload: Uint8Array): void {
    const { receiver, sender } = this.#parts;
    const kind = payload[0];
    if (kind === payloadKinds.messages) return this.#decodeMessages(from, payload);
    if (kind === payloadKinds.snapshotBegin) return this.#decodeOffer(from, payload);
    const reader = new ByteReader(payload);
    reader.u8();
    if (kind === payloadKinds.snapshotChunk) return receiver.chunk(from, readSnapshotChunk(reader));
    if (kind === payloadKinds.snapshotProgress) return sender.progress(from, readSnapshotProgress(reader));
    if (kind === payloadKinds.snapshotResume) return sender.resume(from, readSnapshotResume(reader));
    if (kind === payloadKinds.snapshotRestart) return receiver.restart(from, readSnapshotRestart(reader));
    if (kind === payloadKinds.snapshotSeal) return receiver.seal(from, readSnapshotSeal(reader));
    this.#drop(from, `payload of unknown kind ${kind}`);
  }

  #decodeMessages(from: NodeId, payload: Uint8Array): void {
    const { codec, id, driver, room } = this.#parts;
    // One copy for all messages: the engine keeps views of their entries. Not slice(), which shares in a Buffer.
    const reader = new ByteReader(new Uint8Array(payload));
    reader.u8();
    while (reader.remaining > 0) {
      const message = codec.decode(reader, from, id);
      if (codec.offeredSnapshot(message) !== undefined) {
        this.#drop(from, 'a snapshot was offered outside of a transfer');
        continue;
      }
      if (room?.isFull === true && codec.carriesEntries?.(message) === true) {
        this.#drop(from, 'there is no room for entries on the disk');
        continue;
      }
      this.messages++;
      driver.step({ type: 'receive', message });
    }
  }

  #decodeOffer(from: NodeId, payload: Uint8Array): void {
    const { codec, id, receiver } = this.#parts;
    const reader = new ByteReader(new Uint8Array(payload));
    reader.u8();
    const begin = readSnapshotBegin(reader);
    const message = codec.decode(reader, from, id);
    reader.end();
    const meta = codec.offeredSnapshot(message);
    if (meta === undefined) this.#drop(from, 'a transfer began with a message that offers no snapshot');
    else receiver.begin(from, begin, meta, message);
  }

  #drop(peer: NodeId, reason: string): void {
    this.dropped++;
    this.#parts.dropped(peer, reason);
  }
}
