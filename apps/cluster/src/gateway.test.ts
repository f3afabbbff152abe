import * as http from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { type Gateway, startGateway } from './gateway.js';
import type { FaultControl, GatewayOptions } from './gateway-options.js';
import { type HttpHandler, HttpServer, json } from './http-server.js';
import { RestError } from './rest-errors.js';

/** A node that says what the test wants it to say. */
class FakeNode {
  readonly id: string;
  readonly seen: {
    readonly method: string;
    readonly target: string;
    readonly body: string;
    readonly sequence?: string;
  }[] = [];
  role: 'leader' | 'follower' = 'follower';
  leader: string | undefined;
  term = 1;
  state = 'running';
  /** What the next requests meet; the last one stays. */
  answers: ('ok' | 'reset' | RestError)[] = ['ok'];
  /** What a request waits for before it is answered. */
  gate: Promise<void> = Promise.resolve();
  /** While it is not settled, the node says nothing of itself. */
  statusGate: Promise<void> = Promise.resolve();
  url = '';
  #server: HttpServer | undefined;
  #port = 0;

  members: readonly string[] | undefined;

  constructor(id: string) {
    this.id = id;
  }

  async start(): Promise<void> {
    const { id } = this;
    const handler: HttpHandler = async (request, outgoing) => {
      const sequence = request.header('synod-sequence');
      const body = (await request.body()).toString();
      this.seen.push({
        method: request.method,
        target: request.target,
        body,
        ...(sequence === undefined ? {} : { sequence }),
      });
      await this.gate;
      const answer = this.answers.length > 1 ? this.answers.shift() : this.answers[0];
      if (answer === 'reset') {
        outgoing.destroy();
        return 'streamed';
      }
      if (answer instanceof RestError) throw answer;
      return json({ revision: 2, from: id }, 200, { 'synod-revision': '2' });
    };
    this.#server = new HttpServer([
      {
        method: 'GET',
        path: '/v1/status',
        handler: async () => {
          await this.statusGate;
          return json(this.#status());
        },
      },
      { method: 'GET', path: '/v1/kv/*', handler },
      { method: 'PUT', path: '/v1/kv/*', handler },
      { method: 'POST', path: '/v1/sessions', handler },
    ]);
    this.#port = await this.#server.listen('127.0.0.1', this.#port);
    this.url = `http://127.0.0.1:${this.#port}`;
  }

  async stop(): Promise<void> {
    await this.#server?.close(0);
  }

  #status() {
    const { id, role, term, leader, members } = this;
    return {
      id,
      state: this.state,
      cluster: 'fake',
      engine: {
        id,
        role,
        term,
        leader: role === 'leader' ? id : leader,
        ...(members === undefined ? {} : { membership: { members: members.map((each) => ({ id: each })) } }),
      },
    };
  }
}

/** Longest wait for what comes in its own time: long, for a busy machine. */
const patience = { timeout: 10_000 };
const running: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of running.splice(0)) await each.close();
});

async function startNodes(): Promise<readonly [FakeNode, FakeNode, FakeNode]> {
  const nodes = [new FakeNode('n1'), new FakeNode('n2'), new FakeNode('n3')] as const;
  for (const node of nodes) {
    await node.start();
    running.push({ close: () => node.stop() });
  }
  lead(nodes, nodes[0]);
  return nodes;
}

function lead(nodes: readonly FakeNode[], leader: FakeNode): void {
  const term = Math.max(...nodes.map((node) => node.term)) + 1;
  for (const node of nodes) {
    node.role = node === leader ? 'leader' : 'follower';
    node.leader = leader.id;
    node.term = term;
  }
}

async function startGatewayOver(
  nodes: readonly FakeNode[],
  more: Partial<GatewayOptions> = {},
): Promise<Gateway> {
  const gateway = await startGateway({
    nodes: nodes.map(({ id, url }) => ({ id, url })),
    host: '127.0.0.1',
    port: 0,
    strategy: 'round-robin',
    dashboardFolder: '/nowhere',
    version: '1.2.3',
    ...more,
  });
  running.unshift(gateway);
  await expect.poll(() => gateway.directory.nodes().every((node) => node.healthy), patience).toBe(true);
  await expect.poll(() => gateway.directory.leader()?.id, patience).toBeDefined();
  return gateway;
}

async function ask(gateway: Gateway, target: string, init: RequestInit = {}) {
  const answer = await fetch(`${gateway.url}${target}`, init);
  return { status: answer.status, headers: answer.headers, body: JSON.parse(await answer.text()) };
}

const put = (value: string, headers: Record<string, string> = {}): RequestInit => ({
  method: 'PUT',
  body: value,
  headers,
});
const session = { 'synod-session': '5', 'synod-sequence': '7' };

describe('reads through the gateway', () => {
  it('are spread evenly over the healthy nodes', async () => {
    const nodes = await startNodes();
    const gateway = await startGatewayOver(nodes);
    for (let count = 0; count < 30; count++) await ask(gateway, '/v1/kv/a');
    expect(nodes.map((node) => node.seen.length)).toEqual([10, 10, 10]);
    await nodes[1].stop();
    for (let count = 0; count < 30; count++) expect((await ask(gateway, '/v1/kv/a')).status).toBe(200);
    const [first, , third] = nodes.map((node) => node.seen.length);
    expect(Math.abs((first ?? 0) - (third ?? 0))).toBeLessThanOrEqual(2);
  });

  it('leave out a node that is busy, with least-request, and come back to it when it is done', async () => {
    const nodes = await startNodes();
    const gateway = await startGatewayOver(nodes, { strategy: 'least-request' });
    let open = (): void => {};
    const gate = new Promise<void>((resolve) => (open = resolve));
    for (const node of nodes) node.gate = gate;
    const slow = ask(gateway, '/v1/kv/slow');
    await expect.poll(() => nodes.flatMap((node) => node.seen), patience).toHaveLength(1);
    const busy = nodes.find((node) => node.seen.length === 1);
    for (const node of nodes) if (node !== busy) node.gate = Promise.resolve();
    for (let count = 0; count < 20; count++) await ask(gateway, '/v1/kv/fast');
    expect(busy?.seen).toHaveLength(1);
    open();
    await slow;
    for (let count = 0; count < 20; count++) await ask(gateway, '/v1/kv/fast');
    expect(busy?.seen.length).toBeGreaterThan(4);
  });

  it('are spread in another way from the moment that it is chosen', async () => {
    const nodes = await startNodes();
    const gateway = await startGatewayOver(nodes);
    const choose = (strategy: unknown) =>
      ask(gateway, '/v1/balancer', { method: 'POST', body: JSON.stringify({ strategy }) });
    expect(await choose('ring-hash')).toMatchObject({ status: 200, body: { strategy: 'ring-hash' } });
    for (let count = 0; count < 12; count++) await ask(gateway, '/v1/kv/same');
    expect(nodes.map((node) => node.seen.length).sort()).toEqual([0, 0, 12]);
    const { body } = await ask(gateway, '/v1/cluster');
    expect(body.gateway).toMatchObject({
      strategy: 'ring-hash',
      strategies: expect.arrayContaining(['peak-ewma', 'maglev']),
    });
    expect(await choose('best')).toMatchObject({
      status: 400,
      body: {
        error: { message: expect.stringMatching(/strategy is "best": give round-robin, .* or rendezvous/) },
      },
    });
    expect(await choose(undefined)).toMatchObject({ status: 400 });
  });

  it('leave out a node whose answers fail, until it has proved itself again', async () => {
    const nodes = await startNodes();
    const gateway = await startGatewayOver(nodes);
    const broken = new RestError({ code: 'INTERNAL', message: 'broken' });
    nodes[1].answers = Array.from({ length: 100 }, () => broken);
    for (let count = 0; count < 30; count++) expect((await ask(gateway, '/v1/kv/a')).status).toBe(200);
    expect(nodes[1].seen).toHaveLength(5);
    const { body } = await ask(gateway, '/v1/cluster');
    expect(body.nodes[1]).toMatchObject({ healthy: true, balance: { state: 'ejected', share: 0 } });
  });

  it('go to members alone', async () => {
    const nodes = await startNodes();
    const gateway = await startGatewayOver(nodes);
    for (const node of nodes) node.members = ['n1', 'n3'];
    await expect
      .poll(async () => (await ask(gateway, '/v1/cluster')).body.nodes[1].balance, patience)
      .toBeUndefined();
    for (let count = 0; count < 10; count++) await ask(gateway, '/v1/kv/a');
    expect(nodes.map((node) => node.seen.length)).toEqual([5, 0, 5]);
  });

  it('go to another node when one fails in the middle', async () => {
    const nodes = await startNodes();
    const gateway = await startGatewayOver(nodes);
    nodes[0].answers = ['reset'];
    nodes[1].answers = [new RestError({ code: 'NO_LEADER', message: 'nobody leads', retryable: true })];
    for (let count = 0; count < 6; count++) {
      const { status, headers } = await ask(gateway, '/v1/kv/a');
      expect([status, headers.get('synod-node')]).toEqual([200, 'n3']);
    }
  });

  it('end with a definite error when no node answers in time', async () => {
    const nodes = await startNodes();
    const gateway = await startGatewayOver(nodes);
    for (const node of nodes)
      node.answers = [new RestError({ code: 'NO_LEADER', message: 'nobody leads', retryable: true })];
    const { status, body } = await ask(gateway, '/v1/kv/a', { headers: { 'synod-timeout-ms': '300' } });
    expect(status).toBe(503);
    expect(body).toMatchObject({ error: { code: 'NO_HEALTHY_NODE', effect: 'none', retryable: true } });
  });

  it('that the client got wrong are not tried again', async () => {
    const nodes = await startNodes();
    const gateway = await startGatewayOver(nodes);
    for (const node of nodes)
      node.answers = [new RestError({ code: 'KEY_NOT_FOUND', message: 'no such key' })];
    expect((await ask(gateway, '/v1/kv/a')).status).toBe(404);
    expect(nodes.flatMap((node) => node.seen)).toHaveLength(1);
  });
});

describe('writes through the gateway', () => {
  it('go to the leader with key and body as they came', async () => {
    const nodes = await startNodes();
    const gateway = await startGatewayOver(nodes);
    const { headers } = await ask(gateway, '/v1/kv/%FF%2F..?previous=true', put('value'));
    expect(headers.get('synod-node')).toBe('n1');
    expect(headers.get('synod-revision')).toBe('2');
    expect(nodes[0].seen).toEqual([
      { method: 'PUT', target: '/v1/kv/%FF%2F..?previous=true', body: 'value' },
    ]);
  });

  it('follow the hint of a node that leads no more', async () => {
    const nodes = await startNodes();
    const gateway = await startGatewayOver(nodes, {});
    const leader = { id: 'n2', url: nodes[1].url };
    nodes[0].answers = [new RestError({ code: 'NOT_LEADER', message: 'n2 leads', retryable: true, leader })];
    expect((await ask(gateway, '/v1/kv/a', put('b'))).headers.get('synod-node')).toBe('n2');
  });

  it('wait for a new leader when the old one is gone, since nothing was sent', async () => {
    const nodes = await startNodes();
    const gateway = await startGatewayOver(nodes);
    await nodes[0].stop();
    await expect.poll(() => gateway.directory.node('n1')?.reachable, patience).toBe(false);
    setTimeout(() => lead(nodes.slice(1), nodes[2]), 300);
    const { status, headers } = await ask(gateway, '/v1/kv/a', put('b'));
    expect([status, headers.get('synod-node')]).toEqual([200, 'n3']);
  });

  it('that nobody takes in time end as NO_LEADER without effect', async () => {
    const nodes = await startNodes();
    const gateway = await startGatewayOver(nodes);
    for (const node of nodes)
      node.answers = [new RestError({ code: 'NO_LEADER', message: 'nobody leads', retryable: true })];
    const { status, body } = await ask(gateway, '/v1/kv/a', put('b', { 'synod-timeout-ms': '300' }));
    expect([status, body.error.code, body.error.effect]).toEqual([503, 'NO_LEADER', 'none']);
  });

  it('that broke off are never sent twice, and the client learns that the outcome is unknown', async () => {
    const nodes = await startNodes();
    const gateway = await startGatewayOver(nodes);
    nodes[0].answers = ['reset'];
    const { status, body } = await ask(gateway, '/v1/kv/a', put('b'));
    expect([status, body.error.code, body.error.effect, body.error.retryable]).toEqual([
      504,
      'OUTCOME_UNKNOWN',
      'unknown',
      false,
    ]);
    expect(nodes.flatMap((node) => node.seen)).toHaveLength(1);
  });

  it('that a node calls unknown are not sent again either', async () => {
    const nodes = await startNodes();
    const gateway = await startGatewayOver(nodes);
    nodes[0].answers = [
      new RestError({ code: 'OUTCOME_UNKNOWN', message: 'the time ran out', effect: 'unknown' }),
    ];
    const { body } = await ask(gateway, '/v1/kv/a', put('b'));
    expect(body.error).toMatchObject({ code: 'OUTCOME_UNKNOWN', effect: 'unknown' });
    expect(nodes.flatMap((node) => node.seen)).toHaveLength(1);
  });

  it('of a session are repeated with the same number until they are through', async () => {
    const nodes = await startNodes();
    const gateway = await startGatewayOver(nodes);
    nodes[0].answers = ['reset', 'reset', 'ok'];
    const { status } = await ask(gateway, '/v1/kv/a', put('b', session));
    expect(status).toBe(200);
    expect(nodes[0].seen.map(({ sequence, body }) => [sequence, body])).toEqual([
      ['7', 'b'],
      ['7', 'b'],
      ['7', 'b'],
    ]);
  });

  it('of a session stay unknown when a repeat is refused, since the first may have gone through', async () => {
    const nodes = await startNodes();
    const gateway = await startGatewayOver(nodes);
    nodes[0].answers = ['reset', new RestError({ code: 'OVERLOADED', message: 'too much', retryable: true })];
    const { body } = await ask(gateway, '/v1/kv/a', put('b', session));
    expect(body.error).toMatchObject({ code: 'OUTCOME_UNKNOWN', effect: 'unknown' });
  });

  it('that open a session are repeated: an unused session does no harm', async () => {
    const nodes = await startNodes();
    const gateway = await startGatewayOver(nodes);
    nodes[0].answers = ['reset', 'ok'];
    expect((await ask(gateway, '/v1/sessions', { method: 'POST' })).status).toBe(200);
  });

  it('are refused by a busy leader with its own words', async () => {
    const nodes = await startNodes();
    const gateway = await startGatewayOver(nodes);
    nodes[0].answers = [new RestError({ code: 'OVERLOADED', message: 'too much waits', retryable: true })];
    const { status, body } = await ask(gateway, '/v1/kv/a', put('b'));
    expect([status, body.error.message]).toEqual([429, 'too much waits']);
  });
});

describe('the state of the cluster', () => {
  it('shows a node that is down with the reason, and the leader of the greatest term', async () => {
    const nodes = await startNodes();
    const gateway = await startGatewayOver(nodes);
    await nodes[2].stop();
    // A leader that was cut off and does not know it yet.
    nodes[1].role = 'leader';
    nodes[1].term = 9;
    await expect
      .poll(async () => (await ask(gateway, '/v1/cluster')).body, patience)
      .toMatchObject({
        cluster: 'fake',
        leader: 'n2',
        term: 9,
        nodes: [{ id: 'n1', reachable: true }, { id: 'n2' }, { id: 'n3', reachable: false, healthy: false }],
        gateway: { strategy: 'round-robin', faultsEnabled: false },
      });
    const { nodes: views } = (await ask(gateway, '/v1/cluster')).body;
    expect(views[2].reason).toMatch(/did not answer/);
  });

  it('a node that hangs gets no reads long before its poll runs out of time, and is back with its next answer', async () => {
    const nodes = await startNodes();
    const gateway = await startGatewayOver(nodes);
    const hung = nodes[1];
    const isHealthy = () => gateway.directory.node('n2')?.healthy;
    // Some answers first: how often a node answers is learnt.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    let open = (): void => {};
    hung.statusGate = new Promise<void>((resolve) => (open = resolve));
    const hungAt = performance.now();
    await expect.poll(isHealthy, { ...patience, interval: 10 }).toBe(false);
    expect(performance.now() - hungAt).toBeLessThan(1_000);
    expect(gateway.directory.node('n2')?.reason).toMatch(/nothing heard for \d+ ms/);
    open();
    await expect.poll(isHealthy, patience).toBe(true);
  });

  it('a node that does not take part yet gets no reads', async () => {
    const nodes = await startNodes();
    const gateway = await startGatewayOver(nodes);
    nodes[1].state = 'starting';
    await expect.poll(() => gateway.directory.node('n2')?.healthy, patience).toBe(false);
    nodes[1].seen.length = 0;
    for (let count = 0; count < 9; count++) await ask(gateway, '/v1/kv/a');
    expect(nodes[1].seen).toEqual([]);
  });

  it('is a page that says what to do when this build has no dashboard', async () => {
    const gateway = await startGatewayOver(await startNodes());
    const answer = await fetch(`${gateway.url}/`);
    expect(answer.headers.get('content-type')).toMatch(/^text\/html/);
    expect(await answer.text()).toContain('/v1/cluster');
  });
});

describe('faults', () => {
  const recorded = (): { readonly faults: FaultControl; readonly done: string[] } => {
    const done: string[] = [];
    const record = (action: string) => async (id: string) => void done.push(`${action} ${id}`);
    return { faults: { kill: record('kill'), restart: record('restart') }, done };
  };

  it('are refused while they are not enabled, with how to enable them', async () => {
    const gateway = await startGatewayOver(await startNodes());
    const { status, body } = await ask(gateway, '/v1/faults/n1/kill', { method: 'POST' });
    expect([status, body.error.code]).toEqual([403, 'FAULTS_DISABLED']);
    expect(body.error.message).toContain('--allow-faults');
  });

  it('reach the node that they name, and no other', async () => {
    const { faults, done } = recorded();
    const gateway = await startGatewayOver(await startNodes(), { faults });
    expect((await ask(gateway, '/v1/faults/n2/kill', { method: 'POST' })).status).toBe(200);
    expect((await ask(gateway, '/v1/faults/n2/restart', { method: 'POST' })).status).toBe(200);
    expect((await ask(gateway, '/v1/faults/n9/kill', { method: 'POST' })).status).toBe(404);
    expect((await ask(gateway, '/v1/faults/n1/explode', { method: 'POST' })).status).toBe(404);
    expect(done).toEqual(['kill n2', 'restart n2']);
  });

  it('and writes are refused to pages from elsewhere and to names that are not the gateway’s', async () => {
    const { faults, done } = recorded();
    const gateway = await startGatewayOver(await startNodes(), { faults });
    const { port } = new URL(gateway.url);
    const from = async (path: string, headers: http.OutgoingHttpHeaders): Promise<number | undefined> =>
      await new Promise((resolve, reject) => {
        const request = http.request({ host: '127.0.0.1', port, method: 'POST', path, headers }, (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        });
        request.on('error', reject).end();
      });
    const kill = '/v1/faults/n1/kill';
    expect(await from(kill, { origin: 'http://evil.example' })).toBe(403);
    expect(await from('/v1/kv/a/compare-and-set', { origin: 'null' })).toBe(403);
    expect(await from(kill, { host: `evil.example:${port}`, origin: `http://evil.example:${port}` })).toBe(
      403,
    );
    expect(await from(kill, { host: 'evil.example' })).toBe(403);
    expect(done).toEqual([]);
    expect(await from(kill, { host: `localhost:${port}`, origin: `http://localhost:${port}` })).toBe(200);
  });
});
