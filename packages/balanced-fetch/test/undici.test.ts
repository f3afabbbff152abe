import { EndpointHealth, RoundRobin } from '@synod/balancer';
import { Random } from '@synod/core';
import { Agent, fetch, interceptors, request } from 'undici';
import { afterEach, expect, it } from 'vitest';
import { balance } from '../src/undici.js';
import { startServers, status, type TestServer } from './servers.js';

let servers: readonly TestServer[] = [];
let dispatcher: ReturnType<Agent['compose']> | undefined;

afterEach(async () => {
  await dispatcher?.destroy();
  for (const server of servers) await server.stop().catch(() => {});
});

async function balancing(count: number, retries = false) {
  servers = await startServers(count);
  const health = new EndpointHealth();
  const balanced = balance(
    servers.map(({ url }) => url),
    { strategy: new RoundRobin({ random: new Random(1) }), health },
  );
  const agent = new Agent();
  const composed = retries
    ? agent.compose(balanced, interceptors.retry({ maxRetries: 2, minTimeout: 1 }))
    : agent.compose(balanced);
  dispatcher = composed;
  return { balanced, health, dispatcher: composed };
}

const service = 'http://service';

it('requests are spread over the servers, whatever origin they name', async () => {
  const { balanced, dispatcher: through } = await balancing(3);
  for (let count = 0; count < 6; count++) {
    const asked = request(`${service}/a?b=1`, { dispatcher: through });
    expect(balanced.balancer.status().reduce((sum, { inFlight }) => sum + inFlight, 0)).toBe(1);
    const { statusCode, body } = await asked;
    expect(statusCode).toBe(200);
    await body.text();
  }
  expect(servers.map(({ seen }) => seen)).toEqual([
    ['GET /a?b=1', 'GET /a?b=1'],
    ['GET /a?b=1', 'GET /a?b=1'],
    ['GET /a?b=1', 'GET /a?b=1'],
  ]);
  expect(balanced.balancer.status().map(({ inFlight }) => inFlight)).toEqual([0, 0, 0]);
});

it("fetch of undici goes through it too, and each of undici's retries to another server", async () => {
  const { dispatcher: through } = await balancing(3, true);
  for (const server of servers.slice(0, 2)) server.answering = status(503);
  for (let count = 0; count < 3; count++) {
    const answer = await fetch(`${service}/`, { dispatcher: through });
    expect([answer.status, await answer.text()]).toEqual([200, 'c']);
  }
});

it('servers that fail are ejected; a request that is given up says nothing against its server', async () => {
  const { health, dispatcher: through } = await balancing(2);
  await servers[0]?.stop();
  let refused = 0;
  for (let count = 0; count < 20; count++) {
    try {
      await (await request(service, { dispatcher: through })).body.text();
    } catch {
      refused++;
    }
  }
  expect(refused).toBe(5);
  expect(health.status().map(({ state }) => state)).toEqual(['ejected', 'fit']);
  for (const server of servers) server.answering = () => {};
  await expect(request(service, { dispatcher: through, signal: AbortSignal.timeout(50) })).rejects.toThrow();
  expect(health.status()[1]).toMatchObject({ failuresInARow: 0 });
});

it('without a server a request fails at once, and says why', async () => {
  const { balanced, dispatcher: through } = await balancing(1);
  balanced.update([]);
  await expect(request(service, { dispatcher: through })).rejects.toMatchObject({ code: 'NO_SERVER' });
});
