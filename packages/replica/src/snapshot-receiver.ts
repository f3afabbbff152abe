/**
 * Takes in a snapshot that a peer carries here: one at a time, straight to the storage, acknowledged piece by piece.
 * The engine message that offered it is stepped only when the snapshot is durable.
 *
 * What has come of a transfer that ended early is kept for a while. When the same snapshot is offered again, by the same
 * node or another, its checksum is told to the sender, which compares it with its own bytes before it goes on behind it.
 * A snapshot that came in parts is stored only if the checksum of the whole is right, too.
 */
import {
  ByteWriter,
  type EngineMessage,
  type GroupId,
  isSynodError,
  type NodeId,
  type SnapshotMeta,
  type SnapshotWriter,
  type Transport,
} from '@synod/core';
import { crc32c } from '@synod/integrity';
import type { RuntimeEvent } from './events.js';
import type { ReplicaSettings } from './limits.js';
import {
  type SnapshotBegin,
  type SnapshotChunk,
  type SnapshotOutcome,
  type SnapshotSeal,
  writeSnapshotProgress,
  writeSnapshotResume,
} from './payload.js';
import type { SnapshotStore } from './snapshot-store.js';

/** Bytes that may wait to be written; pieces beyond them are dropped, and the sender sends them again. */
const unwrittenBytesMax = 8 * 1024 * 1024;

/** Times the sender's retry interval after which a silent transfer is given up. */
const silentRetriesMax = 10;

/** Times the sender's retry interval for which the part of an ended transfer is kept. */
const keptRetriesMax = 100;

/** Offers after which a sender that says nothing about the part that is held is taken for one that cannot go on. */
const resumeOffersMax = 3;

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
  /** CRC-32C of what is written. */
  checksum: number;
  /** CRC-32C of the whole, as the sender says. */
  seal: number | undefined;
  /** Whether a part of it came from an earlier transfer: then it is nothing without its seal. */
  needsSeal: boolean;
  /** Offers since such a part was put forward; `undefined` when the sender has gone on behind it, or there is none. */
  resumeOffers: number | undefined;
  silentTicks: number;
  /** Settles when everything asked of the storage so far is done. */
  work: Promise<void>;
}

/** What has come of a transfer that ended early. */
interface KeptPart {
  readonly meta: SnapshotMeta;
  readonly bytesTotal: number;
  readonly writer: SnapshotWriter;
  readonly written: number;
  readonly checksum: number;
  ticks: number;
}

/** The incoming snapshot of one replica. */
export class SnapshotReceiver<Message extends EngineMessage> {
  readonly #group: GroupId;
  readonly #transport: Transport;
  readonly #store: SnapshotStore;
  readonly #settings: ReplicaSettings;
  readonly #hooks: ReceiverHooks<Message>;
  #incoming: Incoming<Message> | undefined;
  /** The last transfer that is durable: late pieces of it must not make its sender believe that it failed. */
  #completed: { readonly peer: NodeId; readonly transfer: number; readonly bytesTotal: number } | undefined;
  #isStopped = false;
  #kept: KeptPart | undefined;
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

  /** Whether nothing comes in, and nothing is kept. */
  get isIdle(): boolean {
    return this.#incoming === undefined && this.#kept === undefined;
  }

  /** A peer offers a snapshot. */
  begin(peer: NodeId, { transfer, bytesTotal }: SnapshotBegin, meta: SnapshotMeta, message: Message): void {
    const present = this.#incoming;
    const isSame =
      present?.peer === peer && present.transfer === transfer && present.meta.index === meta.index;
    if (isSame && present.bytesTotal === bytesTotal) {
      present.silentTicks = 0;
      this.#offeredAgain(present);
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
    this.#giveUp('another transfer takes its place', true);
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
      checksum: 0,
      seal: undefined,
      needsSeal: false,
      resumeOffers: undefined,
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
    incoming.resumeOffers = undefined;
    const copy = new Uint8Array(bytes);
    this.#then(incoming, async () => {
      await incoming.writer?.write(copy);
      incoming.checksum = crc32c(copy, incoming.checksum);
      incoming.written += copy.length;
      if (this.#incoming === incoming) await this.#advanced(incoming);
    });
  }

  /** The sender says what the whole must be. */
  seal(peer: NodeId, { transfer, checksum }: SnapshotSeal): void {
    const incoming = this.#incoming;
    if (incoming === undefined || incoming.peer !== peer || incoming.transfer !== transfer) return;
    incoming.seal = checksum;
    if (!incoming.needsSeal) return;
    incoming.resumeOffers = undefined;
    this.#then(incoming, () => this.#advanced(incoming));
  }

  /** The part that is held is not of the sender's snapshot. */
  restart(peer: NodeId, transfer: number): void {
    const incoming = this.#incoming;
    if (incoming === undefined || incoming.peer !== peer || incoming.transfer !== transfer) return;
    if (incoming.resumeOffers !== undefined) this.#beginAnew(incoming);
  }

  /** The way to a peer is gone. */
  peerDown(peer: NodeId): void {
    if (this.#completed?.peer === peer) this.#completed = undefined;
    if (this.#incoming?.peer === peer) this.#giveUp('the connection to the peer is gone', true);
  }

  tick(): void {
    this.#tickKept();
    const incoming = this.#incoming;
    if (incoming === undefined) return;
    incoming.silentTicks++;
    if (incoming.silentTicks >= silentRetriesMax * this.#settings.snapshotRetryTicks) {
      this.#giveUp('the peer fell silent', true);
    }
  }

  /** Gives up what comes in; resolves when nothing of it goes on. */
  stop(): Promise<void> {
    this.#isStopped = true;
    this.#giveUp('this node stops');
    this.#clearing = this.#clearing.then(() => this.#dropKept());
    return this.#clearing;
  }

  #start(incoming: Incoming<Message>): void {
    this.#incoming = incoming;
    const { peer, bytesTotal, meta } = incoming;
    const at = { index: meta.index, term: meta.term };
    this.#hooks.emit({ type: 'snapshotReceiveStarted', peer, at, bytes: bytesTotal });
    this.#then(incoming, async () => {
      const part = this.#takeKept(meta, bytesTotal);
      if (part === undefined) {
        await this.#dropKept();
        incoming.writer = await this.#store.begin(meta);
        await this.#advanced(incoming);
        return;
      }
      incoming.writer = part.writer;
      incoming.written = part.written;
      incoming.received = part.written;
      incoming.checksum = part.checksum;
      incoming.needsSeal = true;
      incoming.resumeOffers = 0;
      this.#tellHeld(incoming);
    });
  }

  /** The sender may not have heard what it was told, or may know nothing of parts. */
  #offeredAgain(incoming: Incoming<Message>): void {
    if (incoming.resumeOffers === undefined) return this.#tellProgress(incoming);
    incoming.resumeOffers++;
    if (incoming.resumeOffers >= resumeOffersMax) this.#beginAnew(incoming);
    else this.#tellHeld(incoming);
  }

  #beginAnew(incoming: Incoming<Message>): void {
    incoming.resumeOffers = undefined;
    incoming.needsSeal = false;
    this.#then(incoming, async () => {
      await incoming.writer?.abort();
      incoming.writer = undefined;
      incoming.received = 0;
      incoming.written = 0;
      incoming.checksum = 0;
      incoming.seal = undefined;
      incoming.writer = await this.#store.begin(incoming.meta);
      this.#tellProgress(incoming);
    });
  }

  /** More of it is written, or it was sealed. */
  async #advanced(incoming: Incoming<Message>): Promise<void> {
    const { written, bytesTotal, needsSeal, seal, checksum, peer, transfer } = incoming;
    const isWhole = written === bytesTotal;
    if (!isWhole || (needsSeal && seal === undefined)) return this.#tellProgress(incoming);
    if (seal === undefined || seal === checksum) return this.#complete(incoming);
    this.#giveUp('its checksum is not what the sender says');
    this.#tell(peer, transfer, 0, 'refused');
  }

  #takeKept(meta: SnapshotMeta, bytesTotal: number): KeptPart | undefined {
    const part = this.#kept;
    if (part?.meta.index !== meta.index || part.meta.term !== meta.term || part.bytesTotal !== bytesTotal)
      return undefined;
    this.#kept = undefined;
    return part;
  }

  async #dropKept(): Promise<void> {
    const part = this.#kept;
    this.#kept = undefined;
    await part?.writer.abort();
  }

  #tickKept(): void {
    const part = this.#kept;
    if (part === undefined) return;
    part.ticks++;
    const isObsolete = this.#store.newestIndex >= part.meta.index;
    if (!isObsolete && part.ticks < keptRetriesMax * this.#settings.snapshotRetryTicks) return;
    this.#dropKept().catch((cause: unknown) => this.#hooks.failed(cause));
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
      .catch((cause: unknown) => this.#notStored(incoming, cause));
  }

  /** A snapshot that finds no place on the disk is given up, as if it had not come: its sender offers it again. */
  #notStored(incoming: Incoming<Message>, cause: unknown): void {
    if (!isSynodError(cause) || cause.code !== 'SNAPSHOT_FAILED') return this.#hooks.failed(cause);
    if (this.#incoming !== incoming) return;
    this.#incoming = undefined;
    this.#emitEnd(incoming.peer, cause.message);
  }

  #giveUp(reason: string, keepsPart = false): void {
    const incoming = this.#incoming;
    if (incoming === undefined) return;
    this.#incoming = undefined;
    this.#emitEnd(incoming.peer, reason);
    this.#clearing = incoming.work
      .then(() => (keepsPart ? this.#keep(incoming) : incoming.writer?.abort()))
      .catch((cause: unknown) => this.#hooks.failed(cause));
  }

  /** Keeps what is written, for when the same snapshot is offered again. */
  async #keep({ meta, bytesTotal, writer, written, checksum }: Incoming<Message>): Promise<void> {
    if (writer === undefined) return;
    await this.#dropKept();
    if (written === 0 || this.#isStopped) return writer.abort();
    this.#kept = { meta, bytesTotal, writer, written, checksum, ticks: 0 };
  }

  #emitEnd(peer: NodeId, reason: string): void {
    this.#hooks.emit({ type: 'snapshotReceiveEnded', peer, complete: false, reason });
  }

  #tellProgress({ peer, transfer, written }: Incoming<Message>): void {
    this.#tell(peer, transfer, written, 'receiving');
  }

  #tell(peer: NodeId, transfer: number, offset: number, outcome: SnapshotOutcome): void {
    if (this.#isStopped) return;
    const writer = new ByteWriter(32);
    writeSnapshotProgress(writer, { transfer, offset, outcome });
    this.#transport.send(peer, this.#group, writer.view(), 'protocol');
  }

  #tellHeld({ peer, transfer, written, checksum }: Incoming<Message>): void {
    if (this.#isStopped) return;
    const writer = new ByteWriter(32);
    writeSnapshotResume(writer, { transfer, offset: written, checksum });
    this.#transport.send(peer, this.#group, writer.view(), 'protocol');
  }
}
