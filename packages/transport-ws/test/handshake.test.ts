import { afterEach, describe, expect, it } from 'vitest';
import { sealHello, sealRefusal, sealWelcome } from '../src/handshake-frames.js';
import { helloOfA, listenAsStranger, Stranger } from './stranger.js';
import {
  bytesOf,
  closeStations,
  incarnationOf,
  nextTurn,
  startPair,
  startStation,
  untilDown,
  untilUp,
  urlOf,
} from './witness.js';

afterEach(closeStations);

const nowhere = 'ws://127.0.0.1:1';

describe('two nodes that belong together', () => {
  it('come up on both sides, each told the incarnation of the other', async () => {
    const { a, b } = await startPair();
    expect(a.witness.all('asked').map(({ hello }) => hello)).toEqual([
      { id: 'b', incarnation: incarnationOf('b') },
    ]);
    expect(b.witness.all('asked').map(({ hello }) => hello)).toEqual([
      { id: 'a', incarnation: incarnationOf('a') },
    ]);
    expect(a.witness.events('up')).toMatchObject([{ peer: 'b', dialed: true }]);
    expect(b.witness.events('up')).toMatchObject([{ peer: 'a', dialed: false }]);
  });

  it('have one connection, opened by the smaller id, although both were given an address', async () => {
    const b = await startStation('b');
    const a = await startStation('a', { peers: [{ id: 'b', address: urlOf(b) }] });
    b.transport.updatePeers([{ id: 'a', address: urlOf(a) }]);
    await Promise.all([untilUp(a, 'b'), untilUp(b, 'a')]);
    expect(b.witness.events('connecting')).toEqual([]);
    expect(a.witness.events('up')).toHaveLength(1);
    expect(b.witness.events('up')).toHaveLength(1);
  });

  it('exchange no payload before both admitted the other', async () => {
    let admit: () => void = () => {};
    const b = await startStation('b', { peers: [{ id: 'a', address: nowhere }] });
    b.witness.decision = () =>
      new Promise((resolve) => {
        admit = () => resolve(undefined);
      });
    const a = await startStation('a', { peers: [{ id: 'b', address: urlOf(b) }] });
    await b.witness.until(() => b.witness.all('asked').length === 1);
    await a.witness.until(() => a.witness.all('asked').length === 1);
    for (let turn = 0; turn < 20; turn++) await nextTurn();
    expect(a.transport.connected()).toEqual([]);
    expect(b.transport.connected()).toEqual([]);
    expect(a.transport.send('b', 0, bytesOf('early'))).toBe(false);
    admit();
    await Promise.all([untilUp(a, 'b'), untilUp(b, 'a')]);
    expect(a.transport.send('b', 0, bytesOf('now'))).toBe(true);
    await b.witness.until(() => b.witness.payloads.length === 1);
    expect(b.witness.payloads).toMatchObject([{ from: 'a', group: 0, text: 'now' }]);
  });

  it('find each other when one of them fails to decide at first', async () => {
    const b = await startStation('b', { peers: [{ id: 'a', address: nowhere }] });
    let asked = 0;
    b.witness.decision = () =>
      asked++ === 0 ? Promise.reject(new Error('disk on fire')) : Promise.resolve(undefined);
    const a = await startStation('a', { peers: [{ id: 'b', address: urlOf(b) }] });
    await untilUp(a, 'b');
    expect(b.witness.events('handshakeFailed')[0]?.reason).toContain('disk on fire');
  });
});

describe('a hello that does not fit is refused, and both sides learn why:', () => {
  it('another cluster', async () => {
    const b = await startStation('b', { peers: [{ id: 'a', address: nowhere }], clusterId: 'orders' });
    const a = await startStation('a', { peers: [{ id: 'b', address: urlOf(b) }], clusterId: 'billing' });
    await a.witness.until(() => a.witness.all('weWereRefused').length >= 2);
    const [first] = a.witness.all('weWereRefused');
    expect(first).toMatchObject({ peer: 'b', refusal: { code: 'WRONG_CLUSTER' } });
    expect(first?.refusal.reason).toContain('b belongs to cluster "orders", a to "billing"');
    expect(b.witness.events('refused')[0]).toMatchObject({
      by: 'us',
      peer: 'a',
      refusal: { code: 'WRONG_CLUSTER' },
    });
    expect(b.witness.all('asked')).toEqual([]);
    expect(a.witness.all('peerUp')).toEqual([]);
  });

  it('a node that is no peer', async () => {
    const b = await startStation('b', { peers: [{ id: 'c', address: nowhere }] });
    const a = await startStation('a', { peers: [{ id: 'b', address: urlOf(b) }] });
    await a.witness.until(() => a.witness.all('weWereRefused').length > 0);
    expect(a.witness.all('weWereRefused')[0]).toMatchObject({ peer: 'b', refusal: { code: 'UNKNOWN_NODE' } });
    expect(b.witness.events('refused')[0]).toMatchObject({
      by: 'us',
      peer: 'a',
      refusal: { code: 'UNKNOWN_NODE' },
    });
    b.transport.updatePeers([{ id: 'a', address: nowhere }]);
    await untilUp(a, 'b');
  });

  it('another node at the address', async () => {
    const c = await startStation('c', { peers: [{ id: 'a', address: nowhere }] });
    const a = await startStation('a', { peers: [{ id: 'b', address: urlOf(c) }] });
    await a.witness.until(() => a.witness.all('weWereRefused').length > 0);
    const [first] = a.witness.all('weWereRefused');
    expect(first).toMatchObject({ peer: 'b', refusal: { code: 'WRONG_NODE' } });
    expect(first?.refusal.reason).toContain('a looked for b, but this is c');
    expect(c.witness.events('refused')[0]).toMatchObject({
      by: 'us',
      peer: 'a',
      refusal: { code: 'WRONG_NODE' },
    });
  });

  it('an incarnation that the handler of the listening node does not admit', async () => {
    const b = await startStation('b', { peers: [{ id: 'a', address: nowhere }] });
    b.witness.decision = () =>
      Promise.resolve({ code: 'INCARNATION_LOST', reason: 'the disk of a was wiped' });
    const a = await startStation('a', { peers: [{ id: 'b', address: urlOf(b) }] });
    await a.witness.until(() => a.witness.all('weWereRefused').length > 0);
    const refusal = { code: 'INCARNATION_LOST', reason: 'the disk of a was wiped' };
    expect(a.witness.all('weWereRefused')[0]).toEqual({ type: 'weWereRefused', peer: 'b', refusal });
    expect(b.witness.events('refused')[0]).toMatchObject({ by: 'us', peer: 'a', refusal });
    expect(a.witness.all('peerUp')).toEqual([]);
  });

  it('an incarnation that the handler of the dialing node does not admit', async () => {
    const b = await startStation('b', { peers: [{ id: 'a', address: nowhere }] });
    const refusal = { code: 'INCARNATION_LOST', reason: 'the disk of b was wiped' } as const;
    const a = await startStation('a', { peers: [] });
    a.witness.decision = () => Promise.resolve(refusal);
    a.transport.updatePeers([{ id: 'b', address: urlOf(b) }]);
    await b.witness.until(() => b.witness.all('weWereRefused').length > 0);
    expect(b.witness.all('weWereRefused')[0]).toEqual({ type: 'weWereRefused', peer: 'a', refusal });
    expect(a.witness.events('refused')[0]).toMatchObject({ by: 'us', peer: 'b', refusal });
  });

  it('an incarnation, on both sides at once', async () => {
    const refusal = { code: 'INCARNATION_LOST', reason: 'wiped' } as const;
    const b = await startStation('b', { peers: [{ id: 'a', address: nowhere }] });
    b.witness.decision = () => Promise.resolve(refusal);
    const a = await startStation('a', { peers: [] });
    a.witness.decision = () => Promise.resolve(refusal);
    a.transport.updatePeers([{ id: 'b', address: urlOf(b) }]);
    const told = () => a.witness.all('weWereRefused').length > 0;
    await a.witness.until(told);
    expect(b.witness.events('refused').some(({ by }) => by === 'us')).toBe(true);
  });

  it('an incarnation, by a peer that was refused itself before it could say so', async () => {
    const b = await startStation('b', { peers: [{ id: 'a', address: nowhere }] });
    b.witness.decision = () => Promise.resolve({ code: 'INCARNATION_LOST', reason: 'a was wiped' });
    const stranger = await Stranger.connect(urlOf(b));
    stranger.socket.on('message', () => {
      if (stranger.messages.length === 2)
        stranger.socket.send(sealRefusal({ code: 'INCARNATION_LOST', reason: 'so was b' }));
    });
    stranger.socket.send(sealHello(helloOfA()));
    await b.witness.until(() => b.witness.all('weWereRefused').length > 0);
    expect(b.witness.events('refused').map(({ by, refusal }) => [by, refusal.reason])).toEqual([
      ['us', 'a was wiped'],
      ['peer', 'so was b'],
    ]);
  });

  it('no common version, found by the listening node', async () => {
    const b = await startStation('b', { peers: [{ id: 'a', address: nowhere }] });
    const stranger = await Stranger.connect(urlOf(b));
    stranger.socket.send(sealHello(helloOfA({ versions: { least: 7, greatest: 9 } })));
    const frame = await stranger.frame(0);
    expect(frame).toMatchObject({ type: 'refuse', refusal: { code: 'VERSION_MISMATCH' } });
    expect(b.witness.events('refused')[0]?.refusal.reason).toContain(
      'b speaks transport versions 1 to 2, a speaks 7 to 9',
    );
    expect((await stranger.closed).code).toBe(4001);
  });

  it('no common version, another cluster or another node, found by the dialing node', async () => {
    const answers = [
      { hello: { versions: { least: 7, greatest: 9 } }, code: 'VERSION_MISMATCH' },
      { hello: { clusterId: 'other' }, code: 'WRONG_CLUSTER' },
      { hello: { id: 'c' }, code: 'WRONG_NODE' },
      { hello: { wantedId: 'c' }, code: 'WRONG_NODE' },
    ] as const;
    for (const { hello, code } of answers) {
      const refused = new Promise((resolve) => {
        void listenAsStranger((stranger) => {
          stranger.socket.send(sealHello(helloOfA({ id: 'b', wantedId: 'a', ...hello })));
          void stranger.frame(1).then(resolve);
        }).then(async (server) => {
          const a = await startStation('a', { peers: [{ id: 'b', address: server.url }] });
          await a.witness.until(() => a.witness.events('refused').length > 0);
          expect(a.witness.events('refused')[0]).toMatchObject({ by: 'us', peer: 'b', refusal: { code } });
          await a.transport.close();
          server.close();
        });
      });
      expect(await refused).toMatchObject({ type: 'refuse', refusal: { code } });
    }
  });

  it('a node that dials although its id is the greater one', async () => {
    const b = await startStation('b', { peers: [{ id: 'c', address: nowhere }] });
    const stranger = await Stranger.connect(urlOf(b));
    stranger.socket.send(sealHello(helloOfA({ id: 'c' })));
    expect(await stranger.frame(0)).toMatchObject({ type: 'refuse', refusal: { code: 'MALFORMED' } });
  });

  it('a welcome without a hello, a second hello, a second welcome', async () => {
    const b = await startStation('b', { peers: [{ id: 'a', address: nowhere }] });
    b.witness.decision = () => new Promise(() => {});
    const hello = sealHello(helloOfA());
    for (const frames of [[sealWelcome()], [hello, hello], [hello, sealWelcome(), sealWelcome()]]) {
      const stranger = await Stranger.connect(urlOf(b));
      for (const frame of frames) stranger.socket.send(frame);
      const last = frames.length === 1 ? 0 : 1;
      expect(await stranger.frame(last)).toMatchObject({ type: 'refuse', refusal: { code: 'MALFORMED' } });
      await stranger.closed;
      // The handler decides on one hello of a peer at a time, and never decided on the first.
      expect(b.witness.all('asked').length).toBeLessThanOrEqual(1);
    }
  });
});

describe('a refused node', () => {
  it('is not told of refusals by strangers who claim nothing', async () => {
    const b = await startStation('b', { peers: [{ id: 'a', address: nowhere }] });
    const stranger = await Stranger.connect(urlOf(b));
    stranger.socket.send(sealRefusal({ code: 'INCARNATION_LOST', reason: 'made up' }));
    await stranger.closed;
    expect(b.witness.all('weWereRefused')).toEqual([]);
    expect(b.witness.events('refused')).toMatchObject([{ by: 'peer', peer: undefined }]);
  });

  it('comes back by itself once it is admitted', async () => {
    const b = await startStation('b', { peers: [{ id: 'a', address: nowhere }] });
    let decisions = 0;
    b.witness.decision = () =>
      Promise.resolve(decisions++ < 3 ? { code: 'INCARNATION_LOST', reason: 'not yet' } : undefined);
    const a = await startStation('a', { peers: [{ id: 'b', address: urlOf(b) }] });
    await untilUp(a, 'b');
    expect(a.witness.all('weWereRefused')).toHaveLength(3);
    for (const { delayMs } of a.witness.events('retrying')) {
      expect(delayMs).toBeGreaterThanOrEqual(25);
      expect(delayMs).toBeLessThanOrEqual(50);
    }
  });
});

describe('a second connection of one peer', () => {
  it('takes the place of the first once it is up: one down, then one up', async () => {
    const b = await startStation('b', { peers: [{ id: 'a', address: nowhere }] });
    const first = await Stranger.connect(urlOf(b));
    await first.becomePeer();
    await untilUp(b, 'a');
    const second = await Stranger.connect(urlOf(b));
    await second.becomePeer();
    await b.witness.until(() => b.witness.all('peerUp').length === 2);
    expect((await first.closed).code).toBe(4002);
    const story = b.witness.occurrences.filter(({ type }) => type === 'peerUp' || type === 'peerDown');
    expect(story.map(({ type }) => type)).toEqual(['peerUp', 'peerDown', 'peerUp']);
    expect(b.transport.connected()).toEqual(['a']);
  });

  it('leaves the first alone as long as it is not admitted', async () => {
    const b = await startStation('b', { peers: [{ id: 'a', address: nowhere }] });
    const first = await Stranger.connect(urlOf(b));
    await first.becomePeer();
    await untilUp(b, 'a');
    b.witness.decision = () => Promise.resolve({ code: 'INCARNATION_LOST', reason: 'another life' });
    const second = await Stranger.connect(urlOf(b));
    second.socket.send(sealHello(helloOfA({ incarnation: 'f'.repeat(32) })));
    expect(await second.frame(1)).toMatchObject({ type: 'refuse', refusal: { code: 'INCARNATION_LOST' } });
    await second.closed;
    expect(b.transport.connected()).toEqual(['a']);
    expect(b.witness.all('peerDown')).toEqual([]);
  });

  it('supersedes one that still waits to be admitted; the handler decides on them one after the other', async () => {
    const b = await startStation('b', { peers: [{ id: 'a', address: nowhere }] });
    let undecided = 0;
    let most = 0;
    const pending: (() => void)[] = [];
    b.witness.decision = () =>
      new Promise((resolve) => {
        most = Math.max(most, ++undecided);
        pending.push(() => {
          undecided--;
          resolve(undefined);
        });
      });
    const first = await Stranger.connect(urlOf(b));
    first.socket.send(sealHello(helloOfA()));
    await b.witness.until(() => pending.length === 1);
    const second = await Stranger.connect(urlOf(b));
    second.socket.send(sealHello(helloOfA()));
    await first.closed;
    pending[0]?.();
    await b.witness.until(() => pending.length === 2);
    pending[1]?.();
    expect(await second.frame(1)).toEqual({ type: 'welcome' });
    second.socket.send(sealWelcome());
    await untilUp(b, 'a');
    expect(most).toBe(1);
    second.socket.close();
    await untilDown(b, 'a');
  });

  it('asks the handler no more than twice, however often hellos come while it has not decided', async () => {
    const b = await startStation('b', { peers: [{ id: 'a', address: nowhere }] });
    const pending: (() => void)[] = [];
    b.witness.decision = () => new Promise((resolve) => pending.push(() => resolve(undefined)));
    let newest = await Stranger.connect(urlOf(b));
    newest.socket.send(sealHello(helloOfA()));
    await b.witness.until(() => pending.length === 1);
    for (let hello = 0; hello < 40; hello++) {
      const earlier = newest;
      newest = await Stranger.connect(urlOf(b));
      newest.socket.send(sealHello(helloOfA()));
      await earlier.closed;
    }
    pending[0]?.();
    await b.witness.until(() => pending.length === 2);
    pending[1]?.();
    expect(await newest.frame(1)).toEqual({ type: 'welcome' });
    expect(b.witness.all('asked')).toHaveLength(2);
  });
});
