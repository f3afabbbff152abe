/**
 * Carries the stored snapshot to peers that fell behind: in pieces, no more than a window of them under way, no faster
 * than the node's bound, sent again when nothing comes back, and given up in the end. Memory: one piece at a time for
 * each peer. A peer that holds the first part from an earlier transfer, perhaps of another node, says its checksum; if
 * that of the same part here is equal, the transfer goes on behind it. Before the last piece goes the checksum of the
 * whole.
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
import { crc32c } from '@synod/integrity';
import type { RuntimeEvent } from './events.js';
import type { ReplicaSettings } from './limits.js';
import {
  type SnapshotProgress,
  type SnapshotResume,
  writeSnapshotBegin,
  writeSnapshotChunk,
  writeSnapshotRestart,
  writeSnapshotSeal,
} from './payload.js';
import type { SendRate } from './send-rate.js';
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
  /** Bytes read so far, from the start, and their checksum. */
  read: number;
  checksum: number;
  ticksWithoutProgress: number;
  retries: number;
  isPumping: boolean;
  /** Whether the part that the peer holds is being compared. */
  isComparing: boolean;
  /** Ticks for which the next piece has had to wait for the bound on bytes. */
  heldTicks: number;
  readonly goOn: () => void;
}

/** The transfers of one replica to its peers. */
export class SnapshotSender<Message extends EngineMessage> {
  readonly #group: GroupId;
  readonly #codec: MessageCodec<Message>;
  readonly #transport: Transport;
  readonly #store: SnapshotStore;
  readonly #settings: ReplicaSettings;
  readonly #rate: SendRate;
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
    rate: SendRate,
    hooks: SenderHooks,
  ) {
    this.#group = group;
    this.#codec = codec;
    this.#transport = transport;
    this.#store = store;
    this.#settings = settings;
    this.#rate = rate;
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
    if (offset > transfer.read) return this.#end(peer, false, 'the peer acknowledged what was never sent');
    if (!transfer.isWanted || offset > transfer.acknowledged) {
      transfer.ticksWithoutProgress = 0;
      transfer.retries = 0;
    }
    transfer.isWanted = true;
    transfer.acknowledged = Math.max(transfer.acknowledged, offset);
    transfer.sent = Math.max(transfer.sent, transfer.acknowledged);
    this.#pump(transfer);
  }

  /** A receiver holds the first part of the snapshot already, or of another one. */
  resume(peer: NodeId, held: SnapshotResume): void {
    const transfer = this.#transfers.get(peer);
    if (transfer === undefined || transfer.number !== held.transfer) return;
    if (transfer.isWanted || transfer.isComparing) return;
    transfer.isComparing = true;
    this.#compare(transfer, held)
      .catch((cause: unknown) => {
        if (this.#isLive(transfer)) this.#end(peer, false, `cannot read the snapshot: ${String(cause)}`);
      })
      .finally(() => {
        transfer.isComparing = false;
      });
  }

  /** The way to a peer is gone. */
  peerDown(peer: NodeId): void {
    if (this.#offers.has(peer)) this.#end(peer, false, 'the connection to the peer is gone');
  }

  tick(): void {
    for (const transfer of this.#transfers.values()) {
      if (transfer.isComparing || this.#isHeldBack(transfer)) continue;
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
      read: 0,
      checksum: 0,
      ticksWithoutProgress: 0,
      retries: 0,
      isPumping: false,
      isComparing: false,
      heldTicks: 0,
      goOn: () => this.#pump(transfer),
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
    if (transfer.read === transfer.reader.bytesTotal) this.#seal(transfer);
    if (transfer.isWanted) this.#pump(transfer);
  }

  #pump(transfer: Transfer<Message>): void {
    if (transfer.isPumping || !this.#isLive(transfer)) return;
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
    const { reader, number } = transfer;
    const writer = new ByteWriter(chunkBytes + 32);
    while (transfer.sent < reader.bytesTotal) {
      if (transfer.sent - transfer.acknowledged >= chunkBytes * snapshotWindowChunks) return;
      const offset = transfer.sent;
      const allowed = Math.min(chunkBytes, reader.bytesTotal - offset);
      if (!this.#rate.take(allowed, transfer.goOn)) return;
      transfer.heldTicks = 0;
      const bytes = await reader.read(offset, chunkBytes);
      if (!this.#isLive(transfer)) return;
      // A retry may have gone back meanwhile.
      const isMeant = transfer.sent === offset;
      if (isMeant) note(transfer, offset, bytes);
      writer.clear();
      writeSnapshotChunk(writer, { transfer: number, offset, bytes });
      if (!isMeant || !this.#sendPiece(transfer, offset + bytes.length, writer)) {
        this.#rate.giveBack(allowed);
        // What the lane does not take now is tried again at the next tick or acknowledgement.
        if (isMeant) return;
      } else transfer.sent += bytes.length;
    }
  }

  /** The last piece goes behind the checksum of the whole. */
  #sendPiece(transfer: Transfer<Message>, end: number, writer: ByteWriter): boolean {
    if (end === transfer.reader.bytesTotal && !this.#seal(transfer)) return false;
    return this.#transport.send(transfer.peer, this.#group, writer.view(), 'snapshot');
  }

  #seal({ number, peer, checksum }: Transfer<Message>): boolean {
    const writer = new ByteWriter(16);
    writeSnapshotSeal(writer, { transfer: number, checksum });
    return this.#transport.send(peer, this.#group, writer.view(), 'snapshot');
  }

  async #compare(transfer: Transfer<Message>, { offset, checksum }: SnapshotResume): Promise<void> {
    const { reader, peer, number } = transfer;
    if (offset <= reader.bytesTotal) {
      while (transfer.read < offset) {
        const length = Math.min(this.#settings.snapshotChunkBytes, offset - transfer.read);
        const bytes = await reader.read(transfer.read, length);
        if (!this.#isLive(transfer)) return;
        note(transfer, transfer.read, bytes);
      }
    }
    transfer.ticksWithoutProgress = 0;
    if (transfer.read !== offset || transfer.checksum !== checksum) {
      transfer.read = 0;
      transfer.checksum = 0;
      const writer = new ByteWriter(16);
      writeSnapshotRestart(writer, number);
      this.#transport.send(peer, this.#group, writer.view(), 'snapshot');
      return;
    }
    transfer.sent = offset;
    transfer.acknowledged = offset;
    transfer.isWanted = true;
    this.#hooks.emit({ type: 'snapshotSendResumed', peer, offset });
    if (offset === reader.bytesTotal) this.#seal(transfer);
    else this.#pump(transfer);
  }

  /** Whether the bound on bytes is all that a transfer waits for. Its receiver hears that it goes on. */
  #isHeldBack(transfer: Transfer<Message>): boolean {
    const { isWanted, isPumping, sent, acknowledged, reader } = transfer;
    if (!isWanted || isPumping || sent !== acknowledged || sent === reader.bytesTotal) return false;
    if (this.#rate.isOpen) return false;
    transfer.ticksWithoutProgress = 0;
    transfer.heldTicks++;
    if (transfer.heldTicks % this.#settings.snapshotRetryTicks === 0) this.#begin(transfer);
    return true;
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

/** Adds what was read to the checksum, unless it was read before. */
function note(transfer: { read: number; checksum: number }, offset: number, bytes: Uint8Array): void {
  if (offset !== transfer.read) return;
  transfer.read += bytes.length;
  transfer.checksum = crc32c(bytes, transfer.checksum);
}
