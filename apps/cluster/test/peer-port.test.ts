import * as net from 'node:net';
import { Random, type TransportHandler } from '@synod/core';
import { createWebSocketTransport } from '@synod/transport-ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClusterProcess, waitFor } from './cluster-process.js';
import { memoryBytes, noise, sendRaw } from './raw-bytes.js';

let cluster: ClusterProcess;
/** The follower whose peer port is attacked, where that is, and its process. */
let victim: { readonly id: string; readonly peerUrl: string; readonly pid: number };

beforeAll(async () => {
  cluster = await ClusterProcess.start({ allowFaults: false });
  const leader = await cluster.leader();
  const id = ['n1', 'n2', 'n3'].find((each) => each !== leader) ?? 'n1';
  const { addresses } = await cluster.status(id);
  victim = { id, peerUrl: addresses.peer, pid: (await cluster.node(id)).process?.pid ?? 0 };
});

afterAll(async () => {
  await cluster.stop();
});

/** The node still does its part: it holds what is written now, and grew by less than a limit. */
async function stillWell(before: number, growthMax: number): Promise<void> {
  const revision = await cluster.put('after the attack', 'fine');
  await waitFor('the victim to apply the write', async () => {
    const status = await cluster.status(victim.id);
    return (status.keyValue?.revision ?? 0) >= revision || undefined;
  });
  expect((await cluster.node(victim.id)).process?.pid).toBe(victim.pid);
  expect(memoryBytes(victim.pid) - before).toBeLessThan(growthMax);
}

const mebibyte = 1024 * 1024;

describe('the peer port of a running node', () => {
  it('survives random bytes, before and after a WebSocket was opened', async () => {
    const before = memoryBytes(victim.pid);
    const upgrade =
      'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n';
    for (let seed = 0; seed < 40; seed++) {
      await sendRaw(victim.peerUrl, noise(seed, 1 + seed * 700));
      await sendRaw(
        victim.peerUrl,
        Buffer.concat([Buffer.from(upgrade), noise(1000 + seed, 20 + seed * 700)]),
      );
    }
    await stillWell(before, 64 * mebibyte);
  });

  it('takes no frame that is larger than its limit, however much is sent', async () => {
    const before = memoryBytes(victim.pid);
    const header = Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0x10, 0, 0, 0, 1, 2, 3, 4]); // announces 256 MiB
    await sendRaw(victim.peerUrl, Buffer.concat([header, Buffer.alloc(32 * mebibyte)]));
    await stillWell(before, 64 * mebibyte);
  });

  it('keeps its peers while hundreds of connections say nothing', async () => {
    const before = memoryBytes(victim.pid);
    const { port } = new URL(victim.peerUrl);
    const idle = Array.from({ length: 300 }, () =>
      net.connect(Number(port), '127.0.0.1').on('error', () => {}),
    );
    try {
      await stillWell(before, 64 * mebibyte);
    } finally {
      for (const socket of idle) socket.destroy();
    }
  });

  it('refuses a node of another cluster, and says so', async () => {
    const refusals: string[] = [];
    const handler: TransportHandler = {
      admit: async () => undefined,
      onPeerUp: () => {},
      onPeerDown: () => {},
      onRefused: (_peer, { code }) => refusals.push(code),
      onPayload: () => {},
    };
    const stranger = createWebSocketTransport({
      clusterId: 'another cluster',
      id: 'a0', // smaller than the victim's id, so that it dials
      listen: { port: 0 },
      peers: [{ id: victim.id, address: victim.peerUrl }],
      random: new Random(1),
    });
    await stranger.start(handler, '0123456789abcdef0123456789abcdef');
    try {
      await waitFor('a refusal', () => refusals[0]);
    } finally {
      await stranger.close();
    }
    expect(refusals[0]).toBe('WRONG_CLUSTER');
  });
});
