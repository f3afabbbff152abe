import * as net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { choosePorts } from './free-ports.js';

const taken: net.Server[] = [];

afterEach(async () => {
  for (const server of taken.splice(0)) await new Promise((resolve) => server.close(resolve));
});

async function take(port: number): Promise<void> {
  const server = net.createServer();
  taken.push(server);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
}

describe('the ports of a cluster', () => {
  it('are all different', async () => {
    const { gateway, clients, peers } = await choosePorts('127.0.0.1', 9, 0, true);
    expect(new Set([gateway, ...clients, ...peers]).size).toBe(19);
  });

  it('stand next to each other, and elsewhere when one of them is taken', async () => {
    const { gateway: base } = await choosePorts('127.0.0.1', 1, 0, true);
    const beside = await choosePorts('127.0.0.1', 3, base, false);
    await take(beside.gateway);
    const next = await choosePorts('127.0.0.1', 3, base, false);
    expect(next.gateway).not.toBe(beside.gateway);
  });

  it('a port that was asked for is never replaced by another', async () => {
    const { gateway: port } = await choosePorts('127.0.0.1', 1, 0, true);
    await take(port);
    await expect(choosePorts('127.0.0.1', 3, port, true)).rejects.toThrow(
      `port ${port} on 127.0.0.1 is taken`,
    );
    const { gateway: other } = await choosePorts('127.0.0.1', 1, 0, true);
    await take(other + 1);
    expect((await choosePorts('127.0.0.1', 3, other, true)).gateway).toBe(other);
  });
});
