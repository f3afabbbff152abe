import { afterEach, describe, expect, it } from 'vitest';
import { SendRate } from '../src/send-rate.js';
import { add } from './counter.js';
import { eventually, TestCluster } from './raft-cluster.js';
import { settled } from './scripted-engine.js';
import { bytesOf, meta, openTransfer, stored } from './snapshot-line.js';

/** Starts a transfer of 50 pieces and cuts it when some 20 of them have left. */
async function cutHalfWay(bytes = bytesOf(5000), other?: Uint8Array) {
  const transfer = await openTransfer(bytes);
  transfer.offer(10);
  while (transfer.line.pieces.length < 20) await settled(1);
  await transfer.cut(other);
  expect(await stored(transfer.to.storage)).toBeUndefined();
  transfer.line.pieces.length = 0;
  return transfer;
}

describe('a snapshot whose transfer was cut half way', () => {
  it('goes on behind what the peer has written when the connection is back', async () => {
    const { line, offer, to, ended, events, tick } = await cutHalfWay();
    offer(10);
    await tick(50);
    expect(ended).toEqual([true]);
    expect(await stored(to.storage)).toEqual(bytesOf(5000));
    const resumed = events.find((event) => event.startsWith('snapshotSendResumed'));
    expect(Number(resumed?.split(' ')[1])).toBeGreaterThanOrEqual(1500);
    expect(Math.min(...line.pieces)).toBeGreaterThanOrEqual(1500);
    expect(line.pieces.length).toBeLessThanOrEqual(35);
  });

  it('goes on after the sender started anew, or from another node with the same bytes', async () => {
    const { line, offer, to, ended, tick } = await cutHalfWay(bytesOf(5000), bytesOf(5000));
    offer(10);
    await tick(50);
    expect(ended).toEqual([true]);
    expect(await stored(to.storage)).toEqual(bytesOf(5000));
    expect(line.pieces.length).toBeLessThanOrEqual(35);
  });

  it('begins anew from a node whose bytes differ, and never mixes the two', async () => {
    const others = bytesOf(5000).map((byte, position) => (position === 3 ? byte + 1 : byte));
    const { line, offer, to, ended, events, tick } = await cutHalfWay(bytesOf(5000), others);
    offer(10);
    await tick(50);
    expect(ended).toEqual([true]);
    expect(await stored(to.storage)).toEqual(others);
    expect(line.pieces[0]).toBe(0);
    expect(events.some((event) => event.startsWith('snapshotSendResumed'))).toBe(false);
  });

  it('is not stored when only what follows the part differs from what was written: the whole is compared too', async () => {
    const { receiver, to, durable, events } = await openTransfer(undefined);
    const begin = (transfer: number) =>
      receiver.begin('a', { transfer, bytesTotal: 200 }, meta(3), { from: 'a', to: 'b', text: '' });
    begin(1);
    await settled(2);
    receiver.chunk('a', { transfer: 1, offset: 0, bytes: bytesOf(100) });
    await settled(3);
    receiver.peerDown('a');
    begin(2);
    await settled(3);
    receiver.chunk('a', { transfer: 2, offset: 100, bytes: bytesOf(100) });
    await settled(3);
    expect(durable).toEqual([]);
    receiver.seal('a', { transfer: 2, checksum: 12_345 });
    await settled(5);
    expect(durable).toEqual([]);
    expect(await stored(to.storage)).toBeUndefined();
    expect(events).toContain('snapshotReceiveEnded its checksum is not what the sender says');
  });

  it('begins anew with a sender that knows nothing of parts', async () => {
    const { line, receiver, offer, to, ended, tick, sender } = await cutHalfWay();
    sender.resume = () => undefined;
    offer(10);
    await tick(60);
    expect(ended).toEqual([true]);
    expect(line.pieces[0]).toBe(0);
    expect(await stored(to.storage)).toEqual(bytesOf(5000));
    expect(receiver.isIdle).toBe(true);
  });

  it('is forgotten in the end when nobody offers it again, and when another one is offered', async () => {
    const forgotten = await cutHalfWay();
    expect(forgotten.receiver.isIdle).toBe(false);
    for (let count = 0; count < 300; count++) forgotten.receiver.tick();
    expect(forgotten.receiver.isIdle).toBe(true);
    const other = await cutHalfWay(bytesOf(5000), bytesOf(4000));
    other.offer(10);
    await other.tick(60);
    expect(other.ended).toEqual([true]);
    expect(await stored(other.to.storage)).toEqual(bytesOf(4000));
  });
});

describe('a bound on the bytes of snapshots', () => {
  it('is kept in every tick, however fast the peer is, and slowness is no reason to give up', async () => {
    const { line, offer, ended, tick, to } = await openTransfer(bytesOf(3000), 10, {}, 10);
    offer(10);
    await settled(10);
    expect(line.pieces.length).toBeLessThanOrEqual(1);
    await tick(100);
    expect(line.pieces.length).toBeGreaterThanOrEqual(8);
    expect(line.pieces.length).toBeLessThanOrEqual(11);
    await tick(400);
    expect(ended).toEqual([true]);
    expect(await stored(to.storage)).toEqual(bytesOf(3000));
  });

  it('is shared fairly: transfers that wait take turns', () => {
    const rate = new SendRate(10);
    const pieces: string[] = [];
    const transfer = (name: string) => {
      const send = () => {
        while (rate.take(10, send)) pieces.push(name);
      };
      return send;
    };
    for (const name of ['a', 'b', 'c']) transfer(name)();
    for (let tick = 0; tick < 8; tick++) rate.tick();
    expect(pieces.join('')).toBe('aabcabcab');
  });
});

describe('a follower that is cut off while a snapshot comes in', () => {
  let cluster: TestCluster;
  afterEach(() => cluster.stopAll());

  it('gets only the rest of it afterwards', async () => {
    cluster = new TestCluster(3, {
      snapshotEveryEntries: 20,
      padding: 400_000,
      raft: { retainedEntries: 5 },
      limits: { snapshotChunkBytes: 4096 },
      snapshotBytesPerSecond: 400_000,
    });
    await cluster.startAll();
    const leader = await cluster.leader();
    const absent = cluster.ids.find((id) => id !== leader.id) ?? '';
    await cluster.stop(absent);
    for (let count = 0; count < 60; count++) await leader.replica.propose(add(1));
    await eventually(() => leader.replica.metrics().snapshotsSaved === 3);
    const { replica, counter } = await cluster.start(absent);
    await eventually(() => replica.status().receivingSnapshotFrom);
    await new Promise((resolve) => setTimeout(resolve, 400));
    cluster.network.partition([absent]);
    await eventually(() => replica.status().receivingSnapshotFrom === undefined);
    expect(replica.metrics().snapshotsReceived).toBe(0);
    cluster.network.heal();
    await eventually(() => counter.commands === 60);
    const resumed = cluster.events.flatMap(({ event }) =>
      event.type === 'snapshotSendResumed' ? [event.offset] : [],
    );
    expect(resumed.length).toBe(1);
    expect(resumed[0]).toBeGreaterThan(50_000);
    expect(replica.metrics().snapshotsReceived).toBe(1);
  });
});
