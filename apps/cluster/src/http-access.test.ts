import * as net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { HttpServer } from './http-server.js';
import { byLabel, metricsAnswer } from './metrics-text.js';

const servers: HttpServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close(0)));
});

async function serve(server: HttpServer): Promise<number> {
  servers.push(server);
  return await server.listen('127.0.0.1', 0);
}

const ok = { method: 'GET', path: '/ok', handler: () => ({ status: 200, body: 'ok' }) } as const;

describe('a port with tokens', () => {
  it('opens for each of them, and for nothing else', async () => {
    const tokens = ['the-first-of-the-tokens', 'the-second-of-the-tokens'];
    const port = await serve(new HttpServer([ok], {}, { tokens }));
    const ask = async (authorization: string): Promise<number> =>
      (await fetch(`http://127.0.0.1:${port}/ok`, { headers: { authorization } })).status;
    for (const token of tokens) {
      const encoded = Buffer.from(`anyone:${token}`).toString('base64');
      expect([await ask(`bearer ${token}`), await ask(`Basic ${encoded}`)]).toEqual([200, 200]);
    }
    for (const wrong of [
      '',
      'Bearer',
      'Bearer  ',
      'Basic ====',
      'Basic !!',
      'Digest x',
      `Bearer ${tokens[0]}x`,
      'x'.repeat(9_000),
    ])
      expect(await ask(wrong), wrong.slice(0, 40)).toBe(401);
    expect(servers[0]?.refusals.UNAUTHORIZED).toBe(8);
  });
});

describe('more connections than there may be', () => {
  it('close the one that was idle longest, never one that is being answered, and are counted', async () => {
    let answer = (): void => {};
    const slow = {
      method: 'GET',
      path: '/slow',
      handler: () =>
        new Promise<{ status: number; body: string }>((resolve) => {
          answer = () => resolve({ status: 200, body: 'at last' });
        }),
    } as const;
    const server = new HttpServer([ok, slow], { connectionsMax: 8 });
    const port = await serve(server);
    const waiting = fetch(`http://127.0.0.1:${port}/slow`);
    await expect.poll(() => server.connections).toBe(1);
    const idle = Array.from({ length: 50 }, () => net.connect(port, '127.0.0.1').on('error', () => {}));
    await expect.poll(() => server.refusals.CONNECTION_CROWDED_OUT).toBe(43);
    for (let request = 0; request < 20; request++)
      expect((await fetch(`http://127.0.0.1:${port}/ok`, { headers: { connection: 'close' } })).status).toBe(
        200,
      );
    expect(server.connections).toBeLessThanOrEqual(8);
    answer();
    expect(await (await waiting).text()).toBe('at last');
    for (const socket of idle) socket.destroy();
  });

  it('are reset when all others are being answered', async () => {
    const hang = { method: 'GET', path: '/hang', handler: () => new Promise<never>(() => {}) } as const;
    const server = new HttpServer([hang], { connectionsMax: 3 });
    const port = await serve(server);
    const controller = new AbortController();
    const hanging = [1, 2, 3].map(() =>
      fetch(`http://127.0.0.1:${port}/hang`, { signal: controller.signal }).catch(() => {}),
    );
    await expect.poll(() => server.connections).toBe(3);
    // The connections are there before their requests are.
    await new Promise((resolve) => setTimeout(resolve, 200));
    await expect(fetch(`http://127.0.0.1:${port}/hang`)).rejects.toThrow();
    expect(server.refusals.CONNECTIONS_EXHAUSTED).toBe(1);
    controller.abort();
    await Promise.all(hanging);
  });
});

describe('metrics', () => {
  it('are written as Prometheus reads them', () => {
    const { body } = metricsAnswer([
      byLabel({ name: 'synod_x_total', type: 'counter', help: 'Of\nx.' }, 'why', { 'a"b\\c\n': 1, d: 0 }),
      { name: 'synod_y', type: 'gauge', help: 'Of y.', samples: [{ value: 2.5 }] },
      { name: 'synod_z', type: 'gauge', help: 'Of nothing.', samples: [] },
    ]);
    expect(body).toBe(
      [
        '# HELP synod_x_total Of\\nx.',
        '# TYPE synod_x_total counter',
        'synod_x_total{why="a\\"b\\\\c\\n"} 1',
        'synod_x_total{why="d"} 0',
        '# HELP synod_y Of y.',
        '# TYPE synod_y gauge',
        'synod_y 2.5',
        '',
      ].join('\n'),
    );
  });
});
