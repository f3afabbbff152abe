import { once } from 'node:events';
import { connect } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { InvalidArgumentError, type NodeId } from '@synod/core';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createAuthority, issueCertificate } from '../src/certificates.js';
import { sealHello } from '../src/handshake-frames.js';
import type { TransportTls } from '../src/index.js';
import { helloOfA, Stranger } from './stranger.js';
import { bytesOf, closeStations, portOf, type Station, startStation, untilDown, untilUp } from './witness.js';

afterEach(closeStations);

const authority = createAuthority({ name: 'test authority', days: 1 });
const foreign = createAuthority({ name: 'test authority', days: 1 });

function tlsOf(id: NodeId, other: Partial<TransportTls> = {}, signer = authority): TransportTls {
  return { ...issueCertificate(signer, { dnsNames: [id], days: 1 }), ca: authority.cert, ...other };
}

const peers = [{ id: 'a', address: 'wss://127.0.0.1:1' }];

function toB(b: Station): { id: string; address: string }[] {
  return [{ id: 'b', address: `wss://127.0.0.1:${portOf(b)}` }];
}

async function expectTalk(a: Station, b: Station): Promise<void> {
  await Promise.all([untilUp(a, 'b'), untilUp(b, 'a')]);
  const before = b.witness.payloads.length;
  a.transport.send('b', 0, bytesOf('under seal'));
  await b.witness.until(() => b.witness.payloads.length > before);
}

/** What a client of TLS without any of our code gets to see. */
async function outcome(port: number, options: ConnectionOptions): Promise<string> {
  const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options });
  return await new Promise((resolve) => {
    // With TLS 1.3 the server judges the client's certificate after the client believes to be connected.
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.on('close', () => resolve('closed'));
    socket.on('data', (data) => {
      resolve(data.toString().split('\r\n')[0] ?? '');
      socket.destroy();
    });
    socket.on('secureConnect', () => socket.write('GET / HTTP/1.1\r\nHost: b\r\n\r\n'));
  });
}

describe('nodes with certificates of one authority', () => {
  it('talk, and what they say cannot be read on the way', async () => {
    const b = await startStation('b', { peers, tls: tlsOf('b') });
    expect(b.transport.address?.url).toMatch(/^wss:/);
    const a = await startStation('a', { peers: toB(b), tls: tlsOf('a') });
    await expectTalk(a, b);
    const plain = connect(portOf(b), '127.0.0.1');
    plain.on('error', () => {});
    plain.write('GET / HTTP/1.1\r\nHost: b\r\n\r\n');
    await once(plain, 'close');
    await b.witness.until(() => b.transport.stats().refusals.TLS_FAILED > 0);
  });

  it('stay up while nothing is said', async () => {
    const b = await startStation('b', { peers, tls: tlsOf('b'), heartbeatMs: 30 });
    const a = await startStation('a', { peers: toB(b), tls: tlsOf('a'), heartbeatMs: 30 });
    await expectTalk(a, b);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(a.witness.all('peerDown')).toEqual([]);
    expect(b.witness.all('peerDown')).toEqual([]);
  });

  it('talk with a token beside, and without certificates of those who dial where that is allowed', async () => {
    const token = 'a token of enough bytes';
    const b = await startStation('b', { peers, token, tls: tlsOf('b', { mutual: false }) });
    const a = await startStation('a', { peers: toB(b), token, tls: tlsOf('a', { mutual: false }) });
    await expectTalk(a, b);
    expect(await outcome(portOf(b), {})).toBe('HTTP/1.1 426 Upgrade Required');
  });
});

describe('a certificate that does not do is refused and counted:', () => {
  it('none at all', async () => {
    const b = await startStation('b', { peers, tls: tlsOf('b') });
    expect(await outcome(portOf(b), {})).not.toContain('426');
    await b.witness.until(() => b.transport.stats().refusals.TLS_FAILED === 1);
    expect(b.witness.events('turnedAway')).toMatchObject([{ reason: 'TLS_FAILED', times: 1 }]);
  });

  it('one of another authority of the same name', async () => {
    const b = await startStation('b', { peers, tls: tlsOf('b') });
    const a = await startStation('a', { peers: toB(b), tls: tlsOf('a', {}, foreign) });
    await b.witness.until(() => b.transport.stats().refusals.TLS_FAILED > 0);
    expect(a.witness.all('peerUp')).toEqual([]);
    expect(b.witness.all('asked')).toEqual([]);
  });

  it('one that has run out', async () => {
    const b = await startStation('b', { peers, tls: tlsOf('b') });
    const old = issueCertificate(authority, { dnsNames: ['a'], days: 0, notBefore: new Date(0) });
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const a = await startStation('a', { peers: toB(b), tls: { ...old, ca: authority.cert } });
    await b.witness.until(() => b.transport.stats().refusals.TLS_FAILED > 0);
    expect(a.witness.all('peerUp')).toEqual([]);
  });

  it('one that names another node than its holder claims to be', async () => {
    const b = await startStation('b', {
      peers: [...peers, { id: 'a0', address: 'wss://127.0.0.1:1' }],
      tls: tlsOf('b'),
    });
    const { cert, key } = issueCertificate(authority, { dnsNames: ['a0'], days: 1 });
    const url = `wss://127.0.0.1:${portOf(b)}`;
    const thief = new Stranger(new WebSocket(url, { cert, key, rejectUnauthorized: false }));
    await once(thief.socket, 'open');
    thief.socket.send(sealHello(helloOfA({ id: 'a' })));
    expect(await thief.frame(0)).toMatchObject({
      refusal: { code: 'WRONG_CERTIFICATE', reason: expect.stringContaining('does not name a:') },
    });
    expect(b.transport.stats().refusals.WRONG_CERTIFICATE).toBe(1);
    expect(b.witness.all('asked')).toEqual([]);
    const honest = new Stranger(new WebSocket(url, { cert, key, rejectUnauthorized: false }));
    await once(honest.socket, 'open');
    await honest.becomePeer({ id: 'a0' });
    await untilUp(b, 'a0');
  });

  it('that of a listening node which is not the one that is looked for', async () => {
    const c = await startStation('c', { peers, tls: tlsOf('c') });
    const a = await startStation('a', { peers: toB(c), tls: tlsOf('a') });
    await a.witness.until(() => a.transport.stats().refusals.WRONG_CERTIFICATE > 0);
    expect(a.witness.events('refused')[0]).toMatchObject({
      by: 'us',
      peer: 'b',
      refusal: { code: 'WRONG_CERTIFICATE', reason: expect.stringContaining('does not name b') },
    });
    expect(c.witness.events('refused')).toEqual([]);
  });

  it('an older version of TLS than the least', async () => {
    const b = await startStation('b', { peers, tls: tlsOf('b', { minVersion: 'TLSv1.3' }) });
    const client = issueCertificate(authority, { dnsNames: ['a'], days: 1 });
    expect(await outcome(portOf(b), { ...client, maxVersion: 'TLSv1.2' })).toMatch(/VERSION/);
    expect(await outcome(portOf(b), { ...client, minVersion: 'TLSv1.3' })).toContain('426');
    expect(b.transport.stats().refusals.TLS_FAILED).toBe(1);
    const lax = await startStation('b', { peers, tls: tlsOf('b') });
    expect(await outcome(portOf(lax), { ...client, maxVersion: 'TLSv1.2' })).toContain('426');
    const ancient = {
      ...client,
      minVersion: 'TLSv1.1',
      maxVersion: 'TLSv1.1',
      ciphers: 'ALL@SECLEVEL=0',
    } as const;
    expect(await outcome(portOf(lax), ancient)).not.toContain('426');
    expect(lax.transport.stats().refusals.TLS_FAILED).toBe(1);
  });
});

describe('certificates are renewed without a restart', () => {
  it('also when the authority changes: first both are trusted, then each node moves, then the old one is dropped', async () => {
    const next = createAuthority({ name: 'next authority', days: 1 });
    const ofNext = (id: string) => issueCertificate(next, { dnsNames: [id], days: 1 });
    const b = await startStation('b', { peers, tls: tlsOf('b') });
    const a = await startStation('a', { peers: toB(b), tls: tlsOf('a') });
    await expectTalk(a, b);
    const reconnect = async (): Promise<void> => {
      const ups = a.witness.events('up').length;
      a.transport.updatePeers([]);
      await untilDown(b, 'a');
      a.transport.updatePeers(toB(b));
      await a.witness.until(() => a.witness.events('up').length > ups);
      await expectTalk(a, b);
    };
    const trustBoth = [authority.cert, next.cert];
    a.transport.renewTls(tlsOf('a', { ca: trustBoth }));
    b.transport.renewTls(tlsOf('b', { ca: trustBoth }));
    expect(a.witness.all('peerDown')).toEqual([]);
    await reconnect();
    b.transport.renewTls({ ...ofNext('b'), ca: trustBoth });
    await reconnect();
    a.transport.renewTls({ ...ofNext('a'), ca: next.cert });
    b.transport.renewTls({ ...ofNext('b'), ca: next.cert });
    await reconnect();
    const late = await outcome(portOf(b), issueCertificate(authority, { dnsNames: ['a'], days: 1 }));
    expect(late).not.toContain('426');
  });

  it('not with what cannot be used, and not on a transport without TLS', async () => {
    const b = await startStation('b', { peers, tls: tlsOf('b') });
    for (const [wrong, message] of [
      [tlsOf('c'), 'tls.cert does not name b: issue one'],
      [tlsOf('b', { key: 'no key' }), 'cannot be used'],
      [tlsOf('b', { key: issueCertificate(authority, { dnsNames: ['b'], days: 1 }).key }), 'cannot be used'],
      [tlsOf('b', { ca: [] }), 'tls.ca holds no certificate'],
    ] as const) {
      expect(() => b.transport.renewTls(wrong)).toThrow(InvalidArgumentError);
      expect(() => b.transport.renewTls(wrong)).toThrow(message);
    }
    const a = await startStation('a', { peers: toB(b), tls: tlsOf('a') });
    await expectTalk(a, b);
    const plain = await startStation('z');
    expect(() => plain.transport.renewTls(tlsOf('z'))).toThrow('made without tls');
  });
});
