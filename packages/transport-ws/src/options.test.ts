import { InvalidArgumentError, Random } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { createWebSocketTransport, type WebSocketTransportOptions } from './index.js';
import { defaultTransportLimits, parseOptions } from './options.js';

const good: WebSocketTransportOptions = {
  clusterId: 'c',
  id: 'a',
  listen: { port: 0 },
  peers: [],
  random: new Random(1),
};

describe('options', () => {
  it('are filled in where they are left open', () => {
    expect(parseOptions(good)).toMatchObject({
      listen: { host: '127.0.0.1', port: 0 },
      limits: defaultTransportLimits,
      heartbeatMs: 1000,
      reconnect: { baseMs: 50, capMs: 2000 },
    });
    expect(parseOptions({ ...good, reconnect: { baseMs: 5000 } }).reconnect).toEqual({
      baseMs: 5000,
      capMs: 5000,
    });
  });

  const wrong: readonly [string, Partial<WebSocketTransportOptions>][] = [
    ['clusterId', { clusterId: '' }],
    ['clusterId', { clusterId: 'ö'.repeat(65) }],
    ['id', { id: 'two words' }],
    ['listen.port', { listen: { port: 65536 } }],
    ['listen.port', { listen: { port: Number.NaN } }],
    ['heartbeatMs', { heartbeatMs: 0 }],
    ['reconnect.baseMs', { reconnect: { baseMs: 0 } }],
    ['reconnect.capMs', { reconnect: { baseMs: 100, capMs: 99 } }],
    ['limits.frameBytesMax', { limits: { frameBytesMax: 1023 } }],
    ['limits.frameBytesMax', { limits: { frameBytesMax: 2 ** 31 } }],
    ['limits.protocolLaneBytesMax', { limits: { protocolLaneBytesMax: 1024 } }],
    ['limits.snapshotLaneBytesMax', { limits: { snapshotLaneBytesMax: 1024 } }],
    ['limits.socketBytesMax', { limits: { socketBytesMax: 0 } }],
    ['limits.strangersMax', { limits: { strangersMax: 0 } }],
    ['limits.handshakeTimeoutMs', { limits: { handshakeTimeoutMs: 0.5 } }],
    [
      'peer',
      {
        peers: [
          { id: 'b', address: 'ws://h:1' },
          { id: 'b', address: 'ws://h:2' },
        ],
      },
    ],
    ['peer', { peers: [{ id: 'b c', address: 'ws://h:1' }] }],
    ['address of peer b', { peers: [{ id: 'b', address: 'h:1' }] }],
    ['address of peer b', { peers: [{ id: 'b', address: 'wss://h:1' }] }],
    ['address of peer b', { peers: [{ id: 'b', address: 'ws://h:1/path' }] }],
    ['address of peer b', { peers: [{ id: 'b', address: 'ws://user@h:1' }] }],
    ['address of peer b', { peers: [{ id: 'b', address: '' }] }],
  ];
  for (const [subject, options] of wrong) {
    it(`are refused before anything is opened: ${JSON.stringify(options)}`, () => {
      const make = () => createWebSocketTransport({ ...good, ...options });
      expect(make).toThrow(InvalidArgumentError);
      expect(make).toThrow(subject);
    });
  }

  it('accept a list of peers that holds the node itself', () => {
    const transport = createWebSocketTransport({ ...good, peers: [{ id: 'a', address: 'ws://[::1]:7001' }] });
    expect(transport.stats().peers).toEqual([]);
  });
});
