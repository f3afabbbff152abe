// A gateway before five real nodes, of which one answers 200 ms late and one is killed: what its clients see of that,
// by strategy.
import * as net from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClusterProcess, Program, waitFor } from './cluster-process.js';
import { DelayingProxy } from './delaying-proxy.js';

const slowMs = 200;
const clients = 8;
/** Reads of each client come one after the other: round robin's take long, and there are fewer of them in the same time. */
const reads = { 'round-robin': 600, 'peak-ewma': 2_400 };
const readsBefore = 200;

let cluster: ClusterProcess;
let proxy: DelayingProxy;
let gateway: Program;
let url: string;
let killed: string;

beforeAll(async () => {
  cluster = await ClusterProcess.start({ nodes: 5 });
  await cluster.put('color', 'green');
  const { nodes } = await cluster.cluster();
  const leader = await cluster.leader();
  const [slow, other] = nodes.filter(({ id }) => id !== leader);
  if (slow === undefined || other === undefined) throw new Error('too few nodes');
  killed = other.id;
  proxy = await DelayingProxy.open(Number(new URL(slow.url).port), slowMs);
  const addresses = nodes.map(
    (node) => `${node.id}=${node === slow ? `http://127.0.0.1:${proxy.port}` : node.url}`,
  );
  gateway = new Program([
    'gateway',
    '--nodes',
    addresses.join(','),
    '--listen',
    `127.0.0.1:${await freePort()}`,
  ]);
  [, url = ''] = await gateway.printed(/gateway at (http:\/\/\S+)/);
  await waitFor('five healthy nodes', async () => ((await health()).healthyNodes === 5 ? true : undefined));
});

afterAll(async () => {
  gateway?.child.kill('SIGTERM');
  await gateway?.ended;
  proxy?.close();
  await cluster?.stop();
});

async function health(): Promise<{ readonly healthyNodes: number }> {
  return JSON.parse(await (await fetch(`${url}/v1/health`)).text());
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function spreadBy(strategy: string): Promise<void> {
  const answer = await fetch(`${url}/v1/balancer`, { method: 'POST', body: JSON.stringify({ strategy }) });
  expect(answer.status).toBe(200);
}

interface Seen {
  readonly statuses: ReadonlySet<number>;
  readonly p99Ms: number;
}

/** Clients that read without a pause; in the midst of it something happens. */
async function read(count: number, inTheMidst?: () => Promise<void>): Promise<Seen> {
  const statuses = new Set<number>();
  const latenciesMs: number[] = [];
  let left = count;
  const client = async () => {
    while (left-- > 0) {
      const askedAt = performance.now();
      const answer = await fetch(`${url}/v1/kv/color`);
      await answer.arrayBuffer();
      statuses.add(answer.status);
      latenciesMs.push(performance.now() - askedAt);
    }
  };
  const all = Array.from({ length: clients }, client);
  if (inTheMidst !== undefined) await inTheMidst();
  await Promise.all(all);
  latenciesMs.sort((one, other) => one - other);
  return { statuses, p99Ms: latenciesMs[Math.floor(latenciesMs.length * 0.99)] ?? 0 };
}

describe('reads while one node is slow and another is killed', () => {
  const seen = new Map<string, Seen>();

  it('never fail, whichever way they are spread', async () => {
    for (const strategy of ['round-robin', 'peak-ewma'] as const) {
      await spreadBy(strategy);
      // What is slow is found out first: that is not what is measured.
      await read(readsBefore);
      const during = await read(reads[strategy], async () => await cluster.kill(killed));
      expect([strategy, [...during.statuses]]).toEqual([strategy, [200]]);
      seen.set(strategy, during);
      await cluster.restart(killed);
      await waitFor('five healthy nodes', async () =>
        (await health()).healthyNodes === 5 ? true : undefined,
      );
    }
  });

  it('take a quarter of the time at p99 with peak EWMA that they take with round robin, at most', () => {
    const p99Ms = (strategy: string) => seen.get(strategy)?.p99Ms ?? 0;
    expect(p99Ms('round-robin')).toBeGreaterThanOrEqual(slowMs);
    expect(p99Ms('peak-ewma')).toBeGreaterThan(0);
    expect(p99Ms('peak-ewma')).toBeLessThanOrEqual(p99Ms('round-robin') / 4);
  });
});

it('a node that is back starts slowly, and is fit again', async () => {
  const states = new Set<string>();
  await cluster.kill(killed);
  await waitFor('four healthy nodes', async () => ((await health()).healthyNodes === 4 ? true : undefined));
  await cluster.restartOnly(killed);
  await waitFor('the node to be fit again', async () => {
    await read(readsBefore);
    const { nodes } = JSON.parse(await (await fetch(`${url}/v1/cluster`)).text());
    const { state } = nodes.find(({ id }: { readonly id: string }) => id === killed).balance;
    states.add(state);
    return state === 'fit' ? true : undefined;
  });
  expect(states).toContain('starting');
});
