/** The two ends of a transfer, joined by a line that loses, doubles and delays what the test says. */
import { ByteReader, createMembership, type Lane, type SnapshotMeta, type Transport } from '@synod/core';
import { MemoryNodeStorage } from '@synod/core/memory';
import { type ReplicaSettings, settleLimits } from '../src/limits.js';
import {
  payloadKinds,
  readSnapshotBegin,
  readSnapshotChunk,
  readSnapshotProgress,
  readSnapshotRestart,
  readSnapshotResume,
  readSnapshotSeal,
} from '../src/payload.js';
import { SendRate } from '../src/send-rate.js';
import { SnapshotReceiver } from '../src/snapshot-receiver.js';
import { SnapshotSender } from '../src/snapshot-sender.js';
import { SnapshotStore } from '../src/snapshot-store.js';
import { type Note, noteCodec, settled } from './scripted-engine.js';

const membership = createMembership(['a', 'b']);
export const settings: ReplicaSettings = settleLimits({ snapshotChunkBytes: 100, snapshotRetryTicks: 3 });

export function meta(index: number): SnapshotMeta {
  return { index, term: 1, membership };
}

export async function storeWith(bytes: Uint8Array | undefined, index: number) {
  const storage = new MemoryNodeStorage('a'.repeat(32));
  if (bytes !== undefined) {
    const writer = await storage.group(0).beginSnapshot(meta(index));
    await writer.write(bytes);
    await writer.commit();
  }
  const { snapshot } = storage.group(0).recover();
  return { storage, store: new SnapshotStore(storage.group(0), snapshot, setImmediate) };
}

/** What the line does with a payload: delivers it so many times, or refuses to take it. */
type Fate = 0 | 1 | 2 | 'refuse';

export class Line {
  readonly sent: Lane[] = [];
  /** Offsets of the pieces that left, in order. */
  readonly pieces: number[] = [];
  fate: () => Fate = () => 1;
  underWay = 0;
  underWayMost = 0;

  transport(local: string, deliver: (payload: Uint8Array) => void): Transport {
    return {
      local,
      start: async () => undefined,
      connected: () => [],
      close: async () => undefined,
      send: (_to, _group, payload, lane = 'protocol') => {
        const fate = this.fate();
        if (fate === 'refuse') return false;
        this.sent.push(lane);
        const copy = new Uint8Array(payload);
        const reader = new ByteReader(copy);
        if (reader.u8() === payloadKinds.snapshotChunk) this.pieces.push(readSnapshotChunk(reader).offset);
        for (let time = 0; time < fate; time++) {
          this.underWay++;
          this.underWayMost = Math.max(this.underWayMost, this.underWay);
          setImmediate(() => {
            this.underWay--;
            deliver(copy);
          });
        }
        return true;
      },
    };
  }
}

export async function openTransfer(
  bytes: Uint8Array | undefined,
  index = 10,
  changed: Partial<ReplicaSettings> = {},
  bytesPerTick = Number.POSITIVE_INFINITY,
) {
  const line = new Line();
  const from = await storeWith(bytes, index);
  const to = await storeWith(undefined, 0);
  const limits = { ...settings, ...changed };
  const rate = new SendRate(bytesPerTick);
  const ended: boolean[] = [];
  const durable: Note[] = [];
  const events: string[] = [];
  const emit = (event: { readonly type: string; readonly reason?: string; readonly offset?: number }) =>
    events.push(`${event.type} ${event.reason ?? event.offset ?? ''}`.trim());
  const senderOf = (store: SnapshotStore): SnapshotSender<Note> =>
    new SnapshotSender(
      0,
      noteCodec,
      line.transport('a', (payload) => {
        const reader = new ByteReader(payload);
        const kind = reader.u8();
        if (kind === payloadKinds.snapshotChunk) return receiver.chunk('a', readSnapshotChunk(reader));
        if (kind === payloadKinds.snapshotSeal) return receiver.seal('a', readSnapshotSeal(reader));
        if (kind === payloadKinds.snapshotRestart) return receiver.restart('a', readSnapshotRestart(reader));
        const begin = readSnapshotBegin(reader);
        const message = noteCodec.decode(reader, 'a', 'b');
        if (message.snapshot !== undefined) receiver.begin('a', begin, message.snapshot, message);
      }),
      store,
      limits,
      rate,
      { emit, ended: (_peer, delivered) => ended.push(delivered) },
    );
  let sender = senderOf(from.store);
  const receiver: SnapshotReceiver<Note> = new SnapshotReceiver(
    0,
    line.transport('b', (payload) => {
      const reader = new ByteReader(payload);
      const kind = reader.u8();
      if (kind === payloadKinds.snapshotResume) sender.resume('b', readSnapshotResume(reader));
      else sender.progress('b', readSnapshotProgress(reader));
    }),
    to.store,
    limits,
    { emit, durable: (message) => durable.push(message), failed: (cause) => events.push(`failed ${cause}`) },
  );
  const offer = (least: number) => {
    const message: Note = { from: 'a', to: 'b', text: 'install', snapshot: meta(least) };
    sender.send({ type: 'send', to: 'b', meta: meta(least), message });
  };
  const tick = async (count: number) => {
    for (let round = 0; round < count && ended.length === 0; round++) {
      rate.tick();
      sender.tick();
      receiver.tick();
      await settled(6);
    }
  };
  /** The connection goes; with other bytes, another sender stands there when it comes back. */
  const cut = async (other?: Uint8Array) => {
    sender.peerDown('b');
    receiver.peerDown('a');
    if (other !== undefined) sender = senderOf((await storeWith(other, index)).store);
    await settled(10);
    ended.length = 0;
  };
  return { line, sender, receiver, from, to, ended, durable, events, offer, tick, cut };
}

export async function stored(storage: MemoryNodeStorage): Promise<Uint8Array | undefined> {
  const reader = await storage.group(0).openSnapshot();
  return reader?.read(0, reader.bytesTotal);
}

export const bytesOf = (length: number) => Uint8Array.from({ length }, (_, position) => (position * 7) % 251);
