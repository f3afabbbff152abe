/**
 * Takes in a snapshot that a peer carries here: one at a time, straight to the storage, acknowledged piece by piece.
 * The engine message that offered it is stepped only when the snapshot is durable.
 */
import {
  ByteWriter,
  type EngineMessage,
  type GroupId,
  type NodeId,
  type SnapshotMeta,
  type SnapshotWriter,
  type Transport,
} from '@synod/core';
import type { RuntimeEvent } from './events.js';
import type { ReplicaSettings } from './limits.js';
import {
  type SnapshotBegin,
  type SnapshotChunk,
  type SnapshotOutcome,
  writeSnapshotProgress,
} from './payload.js';
import type { SnapshotStore } from './snapshot-store.js';

/** Bytes that may wait to be written; pieces beyond them are dropped, and the sender sends them again. */
const unwrittenBytesMax = 8 * 1024 * 1024;

/** Times the sender's retry interval after which a silent transfer is given up. */
const silentRetriesMax = 10;

/** What a receiver asks of the replica around it. */
export interface ReceiverHooks<Message extends EngineMessage> {
  readonly emit: (event: RuntimeEvent) => void;
  /** The offered snapshot, or a newer one, is durable here: the message can be stepped. */
  readonly durable: (message: Message) => void;
  /** The storage failed. */
  readonly failed: (cause: unknown) => void;
}

interface Incoming<Message extends EngineMessage> {
  readonly peer: NodeId;
  readonly transfer: number;
  readonly meta: SnapshotMeta;
  readonly message: Message;
  readonly bytesTotal: number;
  /** Takes the bytes; there once the storage is ready. */
  writer: SnapshotWriter | undefined;
  received: number;
  written: number;
  silentTicks: number;
  /** Settles when everything asked of the storage so far is done. */
  work: Promise<void>;
}

/** The incoming snapshot of one replica. */
export class SnapshotReceiver<Message extends EngineMessage> {
  readonly #group: GroupId;
  readonly #transport: Transport;
  readonly #store: SnapshotStore;
  readonly #settings: ReplicaSettings;
  readonly #hooks: ReceiverHooks<Message>;
  readonly #writer = new ByteWriter(32);
  #incoming: Incoming<Message> | undefined;
  /** The last transfer that is durable: late pieces of it must not make its sender believe that it failed. */
  #completed: { readonly peer: NodeId; readonly transfer: number; readonly bytesTotal: number } | undefined;
  #isStopped = false;
  /** Settles when a given-up snapshot is gone from the storage. */
  #clearing: Promise<void> = Promise.resolve();
  /** Snapshots made durable. */
  received = 0;

  constructor(
    group: GroupId,
    transport: Transport,
    store: SnapshotStore,
    settings: ReplicaSettings,
    hooks: ReceiverHooks<Message>,
  ) {
    this.#group = group;
    this.#transport = transport;
    this.#store = store;
    this.#settings = settings;
    this.#hooks = hooks;
  }

  /** Peer from which a snapshot is coming in. */
  get peer(): NodeId | undefined {
    return this.#incoming?.peer;
  }

  /** A peer offers a snapshot. */
  begin(peer: NodeId, { transfer, bytesTotal }: SnapshotBegin, meta: SnapshotMeta, message: Message): void {
    const present = this.#incoming;
    const isSame =
      present?.peer === peer && present.transfer === transfer && present.meta.index === meta.index;
    if (isSame && present.bytesTotal === bytesTotal) {
      this.#tell(peer, transfer, present.written, 'receiving');
      return;
    }
    if (bytesTotal > this.#settings.snapshotBytesMax) {
      this.#emitEnd(
        peer,
        `it has ${bytesTotal} bytes: at most ${this.#settings.snapshotBytesMax} are accepted`,
      );
      this.#tell(peer, transfer, 0, 'refused');
      return;
    }
    if (this.#store.newestIndex >= meta.index) {
      this.#hooks.durable(message);
      this.#tell(peer, transfer, bytesTotal, 'complete');
      return;
    }
    if (
      present !== undefined &&
      present.peer !== peer &&
      present.silentTicks < this.#settings.snapshotRetryTicks
    ) {
      this.#tell(peer, transfer, 0, 'refused');
      return;
    }
    this.#giveUp('another transfer takes its place');
    this.#completed = undefined;
    this.#start({
      peer,
      transfer,
      meta,
      message,
      bytesTotal,
      writer: undefined,
      received: 0,
      written: 0,
      silentTicks: 0,
      work: this.#clearing,
    });
  }

  /** A piece of a snapshot arrived. Its bytes are copied. */
  chunk(peer: NodeId, { transfer, offset, bytes }: SnapshotChunk): void {
    const incoming = this.#incoming;
    if (incoming === undefined || incoming.peer !== peer || incoming.transfer !== transfer) {
      const completed = this.#completed;
      const isLate = completed?.peer === peer && completed.transfer === transfer;
      this.#tell(peer, transfer, isLate ? completed.bytesTotal : 0, isLate ? 'complete' : 'refused');
      return;
    }
    incoming.silentTicks = 0;
    if (offset + bytes.length > incoming.bytesTotal) {
      this.#giveUp('the peer sent more than it announced');
      this.#tell(peer, transfer, 0, 'refused');
      return;
    }
    const isNext = offset === incoming.received && bytes.length > 0;
    if (!isNext || incoming.received - incoming.written + bytes.length > unwrittenBytesMax) return;
    incoming.received += bytes.length;
    const copy = new Uint8Array(bytes);
    this.#then(incoming, async () => {
      await incoming.writer?.write(copy);
      incoming.written += copy.length;
      if (incoming.written < incoming.bytesTotal) this.#tellProgress(incoming);
      else await this.#complete(incoming);
    });
  }

  /** The way to a peer is gone. */
  peerDown(peer: NodeId): void {
    if (this.#completed?.peer === peer) this.#completed = undefined;
    if (this.#incoming?.peer === peer) this.#giveUp('the connection to the peer is gone');
  }

  tick(): void {
    const incoming = this.#incoming;
    if (incoming === undefined) return;
    incoming.silentTicks++;
    if (incoming.silentTicks >= silentRetriesMax * this.#settings.snapshotRetryTicks) {
      this.#giveUp('the peer fell silent');
    }
  }

  /** Gives up what comes in; resolves when nothing of it goes on. */
  stop(): Promise<void> {
    this.#isStopped = true;
    this.#giveUp('this node stops');
    return this.#clearing;
  }

  #start(incoming: Incoming<Message>): void {
    this.#incoming = incoming;
    const { peer, bytesTotal, meta } = incoming;
    const at = { index: meta.index, term: meta.term };
    this.#hooks.emit({ type: 'snapshotReceiveStarted', peer, at, bytes: bytesTotal });
    this.#then(incoming, async () => {
      incoming.writer = await this.#store.begin(meta);
      if (bytesTotal > 0) this.#tellProgress(incoming);
      else await this.#complete(incoming);
    });
  }

  async #complete(incoming: Incoming<Message>): Promise<void> {
    const { writer, meta, message, peer, transfer, bytesTotal } = incoming;
    if (writer === undefined || this.#incoming !== incoming) return;
    // From here on the storage has it: nothing may abort the writer any more.
    incoming.writer = undefined;
    const isStored = await this.#store.commit(writer, meta);
    if (this.#incoming === incoming) this.#incoming = undefined;
    this.#completed = { peer, transfer, bytesTotal };
    if (isStored) this.received++;
    const reason = isStored ? 'it is durable' : 'a newer one is stored already';
    this.#hooks.emit({ type: 'snapshotReceiveEnded', peer, complete: true, reason });
    this.#hooks.durable(message);
    this.#tell(peer, transfer, bytesTotal, 'complete');
  }

  /** Does something with the storage after all before it, unless the transfer was given up meanwhile. */
  #then(incoming: Incoming<Message>, work: () => Promise<void>): void {
    incoming.work = incoming.work
      .then(() => (this.#incoming === incoming ? work() : undefined))
      .catch((cause: unknown) => this.#hooks.failed(cause));
  }

  #giveUp(reason: string): void {
    const incoming = this.#incoming;
    if (incoming === undefined) return;
    this.#incoming = undefined;
    this.#emitEnd(incoming.peer, reason);
    this.#clearing = incoming.work
      .then(() => incoming.writer?.abort())
      .catch((cause: unknown) => this.#hooks.failed(cause));
  }

  #emitEnd(peer: NodeId, reason: string): void {
    this.#hooks.emit({ type: 'snapshotReceiveEnded', peer, complete: false, reason });
  }

  #tellProgress({ peer, transfer, written }: Incoming<Message>): void {
    this.#tell(peer, transfer, written, 'receiving');
  }

  #tell(peer: NodeId, transfer: number, offset: number, outcome: SnapshotOutcome): void {
    if (this.#isStopped) return;
    this.#writer.clear();
    writeSnapshotProgress(this.#writer, { transfer, offset, outcome });
    this.#transport.send(peer, this.#group, this.#writer.view(), 'protocol');
  }
}
