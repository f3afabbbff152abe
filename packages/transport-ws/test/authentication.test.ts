import { afterEach, describe, expect, it } from 'vitest';
import { sealHello, sealProof, sealWelcome } from '../src/handshake-frames.js';
import { parseTokens, TokenProof } from '../src/token-proof.js';
import { helloOfA, Stranger } from './stranger.js';
import { bytesOf, closeStations, startStation, untilUp, urlOf } from './witness.js';

afterEach(closeStations);

const token = 'a token of enough bytes';
const peers = [{ id: 'a', address: 'ws://127.0.0.1:1' }];
const versions = { least: 1, greatest: 2 };

describe('nodes with one token', () => {
  it('talk', async () => {
    const b = await startStation('b', { peers, token });
    const a = await startStation('a', { peers: [{ id: 'b', address: urlOf(b) }], token });
    await Promise.all([untilUp(a, 'b'), untilUp(b, 'a')]);
    a.transport.send('b', 0, bytesOf('proved'));
    await b.witness.until(() => b.witness.payloads.length === 1);
    expect(a.witness.events('up')).toMatchObject([{ peer: 'b', version: 2 }]);
  });

  it('never send it, nor anything that it can be read from', async () => {
    const b = await startStation('b', { peers, token });
    const stranger = await Stranger.connect(urlOf(b));
    const proof = new TokenProof(parseTokens(token));
    const hello = sealHello(helloOfA({ versions, nonce: proof.nonce }));
    stranger.socket.send(hello);
    await stranger.frame(0);
    stranger.socket.send(sealProof(proof.prove('dialer', hello, stranger.messages[0] ?? hello)));
    expect(await stranger.frame(1)).toMatchObject({ type: 'proof' });
    expect(await stranger.frame(2)).toMatchObject({ type: 'welcome' });
    stranger.socket.send(sealWelcome());
    await untilUp(b, 'a');
    for (const message of stranger.messages) expect(Buffer.from(message).includes(token)).toBe(false);
  });
});

describe('without the token', () => {
  it('a node is refused on both sides of the question, told why, counted, and never asked about', async () => {
    for (const [ofA, ofB] of [
      [undefined, token],
      [token, undefined],
      ['another token, as long', token],
    ]) {
      const b = await startStation('b', { peers, ...(ofB === undefined ? {} : { token: ofB }) });
      const a = await startStation('a', {
        peers: [{ id: 'b', address: urlOf(b) }],
        ...(ofA === undefined ? {} : { token: ofA }),
      });
      await a.witness.until(() => a.witness.all('weWereRefused').length > 0);
      expect(a.witness.all('weWereRefused')[0]).toMatchObject({ refusal: { code: 'UNAUTHENTICATED' } });
      expect(b.transport.stats().refusals.UNAUTHENTICATED).toBeGreaterThan(0);
      expect(a.transport.stats().refusedByPeers).toBeGreaterThan(0);
      expect(b.witness.all('asked')).toEqual([]);
      expect(a.witness.all('asked')).toEqual([]);
      await closeStations();
    }
  });

  it('a handshake that was recorded is refused, in every part', async () => {
    const b = await startStation('b', { peers, token });
    const proof = new TokenProof(parseTokens(token));
    const hello = sealHello(helloOfA({ versions, nonce: proof.nonce }));
    const live = await Stranger.connect(urlOf(b));
    live.socket.send(hello);
    await live.frame(0);
    const proved = sealProof(proof.prove('dialer', hello, live.messages[0] ?? hello));
    live.socket.send(proved);
    live.socket.send(sealWelcome());
    await untilUp(b, 'a');
    const replay = await Stranger.connect(urlOf(b));
    for (const frame of [hello, proved, sealWelcome()]) replay.socket.send(frame);
    expect(await replay.frame(1)).toMatchObject({ type: 'refuse', refusal: { code: 'UNAUTHENTICATED' } });
    await replay.closed;
    expect(b.transport.stats().refusals.UNAUTHENTICATED).toBe(1);
    expect(b.transport.connected()).toEqual(['a']);
    expect(b.witness.all('asked')).toHaveLength(1);
    expect(b.witness.all('peerDown')).toEqual([]);
  });

  it('a stranger stays a stranger, and is crowded out like one', async () => {
    const b = await startStation('b', { peers, token, limits: { strangersMax: 4 } });
    const nonce = new Uint8Array(32);
    for (let knock = 0; knock < 12; knock++) {
      const stranger = await Stranger.connect(urlOf(b));
      stranger.socket.send(sealHello(helloOfA({ versions, nonce })));
      await stranger.frame(0);
      expect(b.transport.stats().strangers).toBeLessThanOrEqual(4);
    }
    expect(b.transport.stats().refusals.CROWDED_OUT).toBe(8);
    expect(b.witness.all('asked')).toEqual([]);
  });
});

describe('tokens', () => {
  it('are refused when too short, and no message repeats them', async () => {
    for (const wrong of ['short', [], ['long enough, and then', 'short']]) {
      const starting = startStation('b', { peers, token: wrong });
      await expect(starting).rejects.toThrow(/token/);
      await expect(starting).rejects.not.toThrow(/short/);
    }
  });
});
