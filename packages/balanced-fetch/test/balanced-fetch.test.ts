import { EndpointHealth, Hedging, RetryBudget, RingHash, RoundRobin } from '@synod/balancer';
import { Random } from '@synod/core';
import { afterEach, describe, expect, it } from 'vitest';
import { type BalancedFetchOptions, balancedFetch } from '../src/index.js';
import { startServers, status, type TestServer } from './servers.js';

let servers: readonly TestServer[] = [];

afterEach(async () => {
  for (const server of servers) await server.stop().catch(() => {});
});

async function clientOf(count: number, options: BalancedFetchOptions = {}) {
  servers = await startServers(count);
  const strategy = new RoundRobin({ random: new Random(1) });
  return balancedFetch(
    servers.map(({ url }) => url),
    { strategy, ...options },
  );
}

const texts = async (answers: readonly Response[]) =>
  await Promise.all(answers.map(async (answer) => await answer.text()));
const counts = () => servers.map(({ seen }) => seen.length);

describe('requests', () => {
  it('are spread over the servers, with path, query, method, headers and body', async () => {
    const client = await clientOf(3);
    const answers: Response[] = [];
    for (let request = 0; request < 6; request++) answers.push(await client(`/a?b=${request}`));
    expect((await texts(answers)).sort()).toEqual(['a', 'a', 'b', 'b', 'c', 'c']);
    expect(answers[0]?.url).toMatch(/^http:\/\/127.0.0.1:\d+\/a\?b=0$/);
    for (const server of servers)
      server.answering = ({ headers, method }, response, body) => {
        response.end(`${method} ${headers['x-name']} ${body}`);
      };
    const init = { method: 'POST', body: 'hello', headers: { 'x-name': 'n' } };
    expect(await (await client('/', init)).text()).toBe('POST n hello');
    const whole = new Request('http://service/x', { ...init, method: 'PUT' });
    expect(await (await client(whole)).text()).toBe('PUT n hello');
  });

  it('go below the path of a server, and keep a key with one server', async () => {
    servers = await startServers(2);
    const client = balancedFetch(
      servers.map(({ url }) => ({ url: `${url}/api/` })),
      { strategy: new RingHash({ random: new Random(1) }), keyOf: ({ path }) => path },
    );
    for (let request = 0; request < 4; request++) await (await client('/same')).text();
    expect(counts().sort()).toEqual([0, 4]);
    expect(servers.flatMap(({ seen }) => seen)[0]).toBe('GET /api/same');
  });

  it('count as in flight until the body has ended, is cancelled or breaks', async () => {
    const client = await clientOf(1);
    const [server] = servers;
    const inFlight = () => client.balancer.status()[0]?.inFlight;
    const first = await client('/');
    expect(inFlight()).toBe(1);
    await first.text();
    expect(inFlight()).toBe(0);
    await (await client('/')).body?.cancel();
    expect(inFlight()).toBe(0);
    if (server !== undefined)
      server.answering = (_request, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('half', () => response.destroy());
      };
    await expect((await client('/')).text()).rejects.toThrow();
    expect(inFlight()).toBe(0);
    if (server !== undefined) server.answering = status(204);
    await client('/');
    expect(inFlight()).toBe(0);
  });
});

describe('a request whose server fails', () => {
  it('goes to another one when its method is idempotent, and the caller sees nothing of it', async () => {
    const client = await clientOf(3);
    for (const server of servers.slice(0, 2)) server.answering = status(503);
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const answer = await client('/', { method, ...(method === 'PUT' ? { body: 'x' } : {}) });
      expect([answer.status, await answer.text()]).toEqual([200, 'c']);
    }
  });

  it('is not sent again when it has an effect, may have been received, and has no idempotency key', async () => {
    const client = await clientOf(2);
    for (const server of servers) server.answering = (request) => void request.socket.destroy();
    await expect(client('/', { method: 'POST', body: 'x' })).rejects.toThrow('fetch failed');
    expect(counts().sort()).toEqual([0, 1]);
    await expect(
      client('/', { method: 'POST', body: 'x', headers: { 'idempotency-key': '1' } }),
    ).rejects.toThrow('fetch failed');
    expect(counts()).toEqual([expect.any(Number), expect.any(Number)]);
    expect(counts().reduce((sum, count) => sum + count, 0)).toBe(3);
  });

  it('is sent again whatever its method when it never left', async () => {
    const client = await clientOf(2);
    await servers[0]?.stop();
    for (let request = 0; request < 4; request++) {
      const answer = await client('/', { method: 'POST', body: 'x' });
      expect(await answer.text()).toBe('b');
    }
  });

  it('is not sent again when its body is a stream that was read', async () => {
    const client = await clientOf(2);
    for (const server of servers) server.answering = status(503);
    const body = new Blob(['x']).stream();
    const answer = await client('/', { method: 'PUT', body, duplex: 'half' });
    expect(answer.status).toBe(503);
    expect(counts().sort()).toEqual([0, 1]);
  });

  it('gives the last answer when all have failed, or the budget pays for no more', async () => {
    const client = await clientOf(3);
    for (const server of servers) server.answering = status(502);
    expect(await (await client('/')).text()).toBe('status 502');
    expect(counts()).toEqual([1, 1, 1]);
    const poor = balancedFetch(
      servers.map(({ url }) => url),
      { budget: new RetryBudget({ retriesPerRequest: 0, freePerSecond: 0 }) },
    );
    expect((await poor('/')).status).toBe(502);
    expect(counts().reduce((sum, count) => sum + count, 0)).toBe(4);
  });

  it('throws what fetch throws when its signal is aborted, and says nothing against the server', async () => {
    const health = new EndpointHealth();
    const client = await clientOf(1, { health });
    for (const server of servers) server.answering = () => {};
    await expect(client('/', { signal: AbortSignal.timeout(50) })).rejects.toThrow(/timeout/i);
    expect(counts()).toEqual([1]);
    expect(health.status()[0]).toMatchObject({ failuresInARow: 0 });
    await expect(client('/', { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
    expect(counts()).toEqual([1]);
  });

  it('is given up after the time for one attempt', async () => {
    const client = await clientOf(2, { attemptTimeoutMs: 100 });
    for (const server of servers.slice(0, 1)) server.answering = () => {};
    const answers = [await client('/'), await client('/')];
    expect(await texts(answers)).toEqual(['b', 'b']);
  });
});

describe('servers', () => {
  it('that fail again and again get no requests for a while', async () => {
    const client = await clientOf(3);
    for (const server of servers.slice(0, 1)) server.answering = status(503);
    for (let request = 0; request < 30; request++) expect((await client('/')).status).toBe(200);
    expect(servers[0]?.seen).toHaveLength(5);
  });

  it('can be others at any time', async () => {
    const client = await clientOf(2);
    client.update(servers.slice(1).map(({ url }) => url));
    for (let request = 0; request < 4; request++) await (await client('/')).text();
    expect(counts()).toEqual([0, 4]);
    client.update([]);
    await expect(client('/')).rejects.toMatchObject({ code: 'NO_SERVER', effect: 'none' });
  });

  it('whose address is none are refused', () => {
    expect(() => balancedFetch(['10.0.0.1'])).toThrow('server address is "10.0.0.1": give one such as');
    expect(() => balancedFetch(['ftp://a'])).toThrow('server address is "ftp://a"');
    expect(() => balancedFetch(['http://a', 'http://a/'])).toThrow('stands twice');
    expect(() => balancedFetch(['http://a'], { retriesMost: -1 })).toThrow('retriesMost');
  });
});

it('a request that takes long is sent to a second server, whose answer counts, and the first is given up', async () => {
  const hedging = new Hedging({ budget: new RetryBudget(), samplesLeast: 4, waitLeastMs: 30 });
  const client = await clientOf(2, { hedging });
  for (let request = 0; request < 4; request++) await (await client('/')).text();
  expect(hedging.waitMs).toBeGreaterThanOrEqual(30);
  let givenUp = 0;
  for (const server of servers.slice(0, 1))
    server.answering = (_request, response) => void response.on('close', () => givenUp++);
  for (let request = 0; request < 2; request++) expect(await (await client('/')).text()).toBe('b');
  await expect.poll(() => givenUp).toBe(1);
  expect(client.balancer.status().map(({ inFlight }) => inFlight)).toEqual([0, 0]);
});
