/**
 * Carries the stored snapshot to peers that fell behind: in pieces, no more than a window of them under way, sent again
 * when nothing comes back, and given up in the end. Memory: one piece at a time for each peer.
 */
import {
  ByteWriter,
  type EngineMessage,
  type GroupId,
  type MessageCodec,
  type NodeId,
  type SnapshotReader,
  type SnapshotWork,
  type Transport,
} from '@synod/core';
import type { RuntimeEvent } from './events.js';
import type { ReplicaSettings } from './limits.js';
import { type SnapshotProgress, writeSnapshotBegin, writeSnapshotChunk } from './payload.js';
import type { SnapshotStore } from './snapshot-store.js';

/** A snapshot to be carried. */
export type SnapshotOffer<Message extends EngineMessage> = Extract<
  SnapshotWork<Message>,
  { readonly type: 'send' }
>;

/** What a sender asks of the replica around it. */
export interface SenderHooks {
  readonly emit: (event: RuntimeEvent) => void;
  /** A transfer ended. */
  readonly ended: (peer: NodeId, delivered: boolean) => void;
}

/** Retries without progress after which a transfer is given up. */
const retriesMax = 10;

interface Transfer<Message extends EngineMessage> {
  readonly number: number;
  readonly peer: NodeId;
  readonly reader: SnapshotReader;
  readonly message: Message;
  /** Whether the receiver said that it is ready. */
  isWanted: boolean;
  /** Bytes sent, and bytes known to be written there. */
  sent: number;
  acknowledged: number;
  ticksWithoutProgress: number;
  retries: number;
  isPumping: boolean;
}

/** The transfers of one replica to its peers. */
export class SnapshotSender<Message extends EngineMessage> {
  readonly #group: GroupId;
  readonly #codec: MessageCodec<Message>;
  readonly #transport: Transport;
  readonly #store: SnapshotStore;
  readonly #settings: ReplicaSettings;
  readonly #hooks: SenderHooks;
  readonly #transfers = new Map<NodeId, Transfer<Message>>();
  /** The latest offer to each peer; an earlier one that is still being opened finds itself replaced. */
  readonly #offers = new Map<NodeId, SnapshotOffer<Message>>();
  #lastNumber = 0;
  /** Snapshots that reached a peer's disk. */
  sent = 0;

  constructor(
    group: GroupId,
    codec: MessageCodec<Message>,
    transport: Transport,
    store: SnapshotStore,
    settings: ReplicaSettings,
    hooks: SenderHooks,
  ) {
    this.#group = group;
    this.#codec = codec;
    this.#transport = transport;
    this.#store = store;
    this.#settings = settings;
    this.#hooks = hooks;
  }

  /** Peers to which a snapshot is being carried. */
  get peers(): readonly NodeId[] {
    return [...this.#offers.keys()].sort();
  }

  /** Whether any is. */
  get isBusy(): boolean {
    return this.#offers.size > 0;
  }

  /** Starts a transfer. One to the same peer that is under way is dropped without a word: this takes its place. */
  send(offer: SnapshotOffer<Message>): void {
    this.#drop(offer.to);
    this.#offers.set(offer.to, offer);
    this.#open(offer).catch((cause: unknown) => {
      if (this.#offers.get(offer.to) === offer)
        this.#end(offer.to, false, `cannot read the snapshot: ${String(cause)}`);
    });
  }

  /** A receiver told how far it is. */
  progress(peer: NodeId, { transfer: number, offset, outcome }: SnapshotProgress): void {
    const transfer = this.#transfers.get(peer);
    if (transfer === undefined || transfer.number !== number) return;
    if (outcome === 'refused') return this.#end(peer, false, 'the peer refused it');
    if (outcome === 'complete') {
      this.sent++;
      return this.#end(peer, true, 'it is durable at the peer');
    }
    if (offset > transfer.reader.bytesTotal)
      return this.#end(peer, false, 'the peer acknowledged what was never sent');
    if (!transfer.isWanted || offset > transfer.acknowledged) {
      transfer.ticksWithoutProgress = 0;
      transfer.retries = 0;
    }
    transfer.isWanted = true;
    transfer.acknowledged = Math.max(transfer.acknowledged, offset);
    transfer.sent = Math.max(transfer.sent, transfer.acknowledged);
    this.#pump(transfer);
  }

  /** The way to a peer is gone. */
  peerDown(peer: NodeId): void {
    if (this.#offers.has(peer)) this.#end(peer, false, 'the connection to the peer is gone');
  }

  tick(): void {
    for (const transfer of this.#transfers.values()) {
      transfer.ticksWithoutProgress++;
      if (transfer.ticksWithoutProgress % this.#settings.snapshotRetryTicks === 0) this.#retry(transfer);
      else if (transfer.isWanted) this.#pump(transfer);
    }
  }

  /** Drops all transfers. */
  stop(): void {
    for (const peer of [...this.#offers.keys()]) this.#drop(peer);
  }

  async #open(offer: SnapshotOffer<Message>): Promise<void> {
    const { to: peer, meta } = offer;
    const reader = await this.#store.open();
    const isLatest = this.#offers.get(peer) === offer;
    if (reader === undefined || reader.meta.index < meta.index || !isLatest) {
      await reader?.close();
      if (isLatest) this.#end(peer, false, `no snapshot through index ${meta.index} is stored here`);
      return;
    }
    const isAsAsked = reader.meta.index === meta.index && reader.meta.term === meta.term;
    const transfer: Transfer<Message> = {
      number: ++this.#lastNumber,
      peer,
      reader,
      message: isAsAsked ? offer.message : this.#codec.withSnapshot(offer.message, reader.meta),
      isWanted: false,
      sent: 0,
      acknowledged: 0,
      ticksWithoutProgress: 0,
      retries: 0,
      isPumping: false,
    };
    this.#transfers.set(peer, transfer);
    const { index, term } = reader.meta;
    this.#hooks.emit({ type: 'snapshotSendStarted', peer, at: { index, term }, bytes: reader.bytesTotal });
    this.#begin(transfer);
  }

  #begin({ number, peer, reader, message }: Transfer<Message>): void {
    const writer = new ByteWriter();
    writeSnapshotBegin(writer, { transfer: number, bytesTotal: reader.bytesTotal });
    this.#codec.encode(message, writer);
    this.#transport.send(peer, this.#group, writer.view(), 'snapshot');
  }

  #retry(transfer: Transfer<Message>): void {
    transfer.retries++;
    if (transfer.retries > retriesMax) {
      this.#end(transfer.peer, false, 'the peer did not answer');
      return;
    }
    transfer.sent = transfer.acknowledged;
    // Offering it again also asks a receiver that has everything to say so again.
    this.#begin(transfer);
    if (transfer.isWanted) this.#pump(transfer);
  }

  #pump(transfer: Transfer<Message>): void {
    if (transfer.isPumping) return;
    transfer.isPumping = true;
    this.#sendWindow(transfer)
      .catch((cause: unknown) => {
        if (this.#isLive(transfer))
          this.#end(transfer.peer, false, `cannot read the snapshot: ${String(cause)}`);
      })
      .finally(() => {
        transfer.isPumping = false;
      });
  }

  async #sendWindow(transfer: Transfer<Message>): Promise<void> {
    const { snapshotChunkBytes: chunkBytes, snapshotWindowChunks } = this.#settings;
    const { reader, number, peer } = transfer;
    const writer = new ByteWriter(chunkBytes + 32);
    while (transfer.sent < reader.bytesTotal) {
      if (transfer.sent - transfer.acknowledged >= chunkBytes * snapshotWindowChunks) return;
      const offset = transfer.sent;
      const bytes = await reader.read(offset, chunkBytes);
      if (!this.#isLive(transfer)) return;
      // A retry may have gone back meanwhile.
      if (transfer.sent !== offset) continue;
      writer.clear();
      writeSnapshotChunk(writer, { transfer: number, offset, bytes });
      // What the lane does not take now is tried again at the next tick or acknowledgement.
      if (!this.#transport.send(peer, this.#group, writer.view(), 'snapshot')) return;
      transfer.sent += bytes.length;
    }
  }

  #isLive(transfer: Transfer<Message>): boolean {
    return this.#transfers.get(transfer.peer) === transfer;
  }

  #end(peer: NodeId, delivered: boolean, reason: string): void {
    this.#drop(peer);
    this.#hooks.emit({ type: 'snapshotSendEnded', peer, delivered, reason });
    this.#hooks.ended(peer, delivered);
  }

  #drop(peer: NodeId): void {
    this.#offers.delete(peer);
    const transfer = this.#transfers.get(peer);
    if (transfer === undefined) return;
    this.#transfers.delete(peer);
    // Only reading is given up, so a failure to close is of no consequence.
    transfer.reader.close().catch(() => undefined);
  }
}
