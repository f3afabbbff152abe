/** Whatever opens at once, one connection is left, and both ends agree which. */
import { afterEach, describe, expect, it } from 'vitest';
import { Stranger } from './stranger.js';
import { bytesOf, closeStations, type Station, startStation, urlOf } from './witness.js';

afterEach(closeStations);

/** Each takes about ten milliseconds. */
const rounds = Number(process.env.SYNOD_OPEN_ROUNDS ?? 100);

/** Each side saw the other come up once more than go down. */
function expectOne({ transport, witness }: Station, peer: string): void {
  expect(transport.connected()).toEqual([peer]);
  const ups = witness.all('peerUp').length;
  const downs = witness.all('peerDown').length;
  expect(ups - downs).toBe(1);
}

describe('two nodes that open at the same time', () => {
  it(`end with exactly one connection, ${rounds} times`, async () => {
    const limits = { handshakeBurstPerAddress: 100_000, handshakeBurst: 100_000 };
    const reconnect = { baseMs: 1, capMs: 2 };
    const a = await startStation('a', { limits, reconnect });
    const b = await startStation('b', { limits, reconnect });
    const toA = [{ id: 'a', address: urlOf(a) }];
    const toB = [{ id: 'b', address: urlOf(b) }];
    for (let round = 0; round < rounds; round++) {
      // In one turn, first the one and then the other: both know of the other when the first frame arrives.
      if (round % 2 === 0) a.transport.updatePeers(toB);
      b.transport.updatePeers(toA);
      if (round % 2 === 1) a.transport.updatePeers(toB);
      await a.witness.until(() => a.transport.connected().length === 1);
      await b.witness.until(() => b.transport.connected().length === 1);
      const opened = b.witness.events('up').length;
      expectOne(a, 'b');
      expectOne(b, 'a');
      const before = [a, b].map(({ witness }) => witness.payloads.length);
      expect(
        a.transport.send('b', 0, bytesOf(`${round}`)) && b.transport.send('a', 0, bytesOf(`${round}`)),
      ).toBe(true);
      await a.witness.until(() => a.witness.payloads.length > (before[0] ?? 0));
      await b.witness.until(() => b.witness.payloads.length > (before[1] ?? 0));
      expect(b.witness.events('up').length).toBe(opened);
      a.transport.updatePeers([]);
      b.transport.updatePeers([]);
      a.witness.occurrences.length = 0;
      b.witness.occurrences.length = 0;
    }
  }, 60_000);

  it('one of which is a connection of an earlier life: the newest is left, whichever arrives first', async () => {
    const b = await startStation('b', { peers: [{ id: 'a', address: 'ws://127.0.0.1:1' }] });
    for (let round = 0; round < 20; round++) {
      const both = await Promise.all([Stranger.connect(urlOf(b)), Stranger.connect(urlOf(b))]);
      await Promise.allSettled(both.map((one) => one.becomePeer()));
      await b.witness.until(() => b.transport.connected().length === 1);
      const ended = await Promise.race(both.map((one, at) => one.closed.then(() => at)));
      const left = both[1 - ended];
      left?.socket.close();
      await b.witness.until(() => b.transport.connected().length === 0);
    }
    const ups = b.witness.all('peerUp').length;
    expect(b.witness.all('peerDown')).toHaveLength(ups);
  });
});
