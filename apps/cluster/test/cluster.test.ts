import * as fs from 'node:fs/promises';
import * as net from 'node:net';
import * as path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ClusterProcess,
  isAlive,
  Program,
  readJson,
  runSynod,
  temporaryDirectory,
  waitFor,
} from './cluster-process.js';

describe('a cluster of three processes', () => {
  let cluster: ClusterProcess;

  beforeAll(async () => {
    cluster = await ClusterProcess.start();
  });

  afterAll(async () => {
    await cluster.stop();
  });

  const synod = (args: readonly string[], input?: string | Uint8Array) =>
    runSynod([...args, '--endpoint', cluster.gatewayUrl], input);

  it('is written, read and emptied from the command line', async () => {
    expect(await synod(['put', 'color', 'green'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^ok \(revision \d+, committed by n\d\)/),
    });
    expect(await synod(['get', 'color'])).toMatchObject({ code: 0, stdout: 'green' });
    expect(await synod(['get', 'color', '--stale'])).toMatchObject({ code: 0 });
    expect(await synod(['del', 'color'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^deleted/),
    });
    const gone = await synod(['get', 'color']);
    expect(gone.code).toBe(3);
    expect(gone.stderr).toContain('KEY_NOT_FOUND');
  });

  it('takes a value from the input exactly as it is', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    expect((await synod(['put', 'bytes', '-'], bytes)).code).toBe(0);
    const { document } = { document: JSON.parse((await synod(['get', 'bytes', '--json'])).stdout) };
    expect(Buffer.from(document.valueBase64, 'base64').equals(bytes)).toBe(true);
  });

  it('shows all nodes and one leader', async () => {
    const { stdout, code } = await synod(['status']);
    expect(code).toBe(0);
    for (const id of ['n1', 'n2', 'n3']) expect(stdout).toMatch(new RegExp(`${id} +(leader|follower)`));
    expect(stdout.match(/ leader {2}/g)).toHaveLength(1);
  });

  it('answers a linearizable read on every node with what was written last', async () => {
    for (let count = 1; count <= 10; count++) {
      const revision = await cluster.put('counter', String(count));
      const answers = await Promise.all(
        ['n1', 'n2', 'n3'].map(async (id) => {
          const { url } = await cluster.node(id);
          return await readJson<{ value: string; modRevision: number }>(await fetch(`${url}/v1/kv/counter`));
        }),
      );
      expect(answers).toEqual(
        answers.map(() => expect.objectContaining({ value: String(count), modRevision: revision })),
      );
    }
  });

  it('a follower refuses a write and names the leader with its address', async () => {
    const leader = await cluster.leader();
    const follower = ['n1', 'n2', 'n3'].find((id) => id !== leader) ?? '';
    const { url } = await cluster.node(follower);
    const answer = await fetch(`${url}/v1/kv/a`, { method: 'PUT', body: 'b' });
    expect(answer.status).toBe(421);
    const hint = { id: leader, url: (await cluster.node(leader)).url };
    expect(await answer.json()).toMatchObject({
      error: { code: 'NOT_LEADER', effect: 'none', leader: hint },
    });
  });

  it('a write that is repeated in a session is applied once', async () => {
    const opened = await fetch(`${cluster.gatewayUrl}/v1/sessions`, { method: 'POST' });
    const { session } = await readJson<{ session: number }>(opened);
    const headers = { 'synod-session': String(session), 'synod-sequence': '1' };
    const first = await cluster.put('once', 'a', headers);
    expect(await cluster.put('once', 'a', headers)).toBe(first);
    const read = await fetch(`${cluster.gatewayUrl}/v1/kv/once`);
    expect(await read.json()).toMatchObject({ version: 1, modRevision: first });
    const late = await fetch(`${cluster.gatewayUrl}/v1/kv/once`, {
      method: 'PUT',
      body: 'c',
      headers: { ...headers, 'synod-session': '999999' },
    });
    expect(late.status).toBe(409);
    expect(await late.json()).toMatchObject({ error: { code: 'SESSION_EXPIRED' } });
  });

  it('increments by compare-and-set from many clients at once lose nothing', async () => {
    const url = `${cluster.gatewayUrl}/v1/kv/sum`;
    await cluster.put('sum', '0');
    const increment = async (): Promise<void> => {
      for (;;) {
        const { value, modRevision } = await readJson<{ value: string; modRevision: number }>(
          await fetch(url),
        );
        const body = JSON.stringify({ expectedModRevision: modRevision, value: String(Number(value) + 1) });
        const set = await readJson<{ succeeded: boolean }>(
          await fetch(`${url}/compare-and-set`, { method: 'POST', body }),
        );
        if (set.succeeded) return;
      }
    };
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        for (let count = 0; count < 5; count++) await increment();
      }),
    );
    expect(await cluster.get('sum')).toBe('40');
  });

  it('lists keys by a prefix of bytes, in order and in parts', async () => {
    for (const key of ['list/b', 'list/a', 'list/c', 'listing']) await cluster.put(key, key);
    const listed = await fetch(`${cluster.gatewayUrl}/v1/kv?prefix=list%2F&limit=2&keysOnly=true`);
    const { keys, count, more } = await readJson<{
      keys: { key: string; value?: string }[];
      count: number;
      more: boolean;
    }>(listed);
    expect(keys.map(({ key, value }) => [key, value])).toEqual([
      ['list/a', undefined],
      ['list/b', undefined],
    ]);
    expect([count, more]).toEqual([3, true]);
  });

  it('shows its log and its events, with words and reasons', async () => {
    await cluster.put('logged', 'yes');
    const log = await readJson<{ entries: { summary: string }[] }>(
      await fetch(`${cluster.gatewayUrl}/v1/cluster/log?last=5`),
    );
    expect(log.entries.at(-1)?.summary).toBe('put "logged" = "yes"');
    const events = await fetch(`${cluster.gatewayUrl}/v1/cluster/events`);
    let text = '';
    for await (const chunk of events.body ?? []) {
      text += Buffer.from(chunk).toString();
      if (text.includes('"to":"leader"')) break;
    }
    expect(text).toMatch(/"type":"roleChanged"[^\n]*"reason":"/);
  });

  it('refuses faults where they are enabled to pages from elsewhere', async () => {
    const answer = await fetch(`${cluster.gatewayUrl}/v1/faults/n1/kill`, {
      method: 'POST',
      headers: { origin: 'http://evil.example' },
    });
    expect(answer.status).toBe(403);
  });

  it('serves the dashboard', async () => {
    const page = await (await fetch(`${cluster.gatewayUrl}/`)).text();
    const [, script = ''] = /src="\.(\/assets\/[^"]+\.js)"/.exec(page) ?? [];
    const asset = await fetch(`${cluster.gatewayUrl}${script}`);
    expect(asset.headers.get('content-type')).toMatch(/^text\/javascript/);
    await asset.body?.cancel();
  });
});

describe('the supervisor', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('%s ends it and every node, with exit code 0', async (signal) => {
    const cluster = await ClusterProcess.start();
    const pids = await cluster.pids();
    expect(pids).toHaveLength(3);
    const { code } = await cluster.stop(signal);
    expect(code).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('Ctrl-C in a terminal, which reaches every process, still lets every node close its log', async () => {
    const data = await temporaryDirectory('interrupted');
    const cluster = await ClusterProcess.start({ data });
    await cluster.put('color', 'green');
    process.kill(-(cluster.up.child.pid ?? 0), 'SIGINT');
    expect((await cluster.up.ended).code).toBe(0);
    for (const id of ['n1', 'n2', 'n3']) {
      expect(await fs.readdir(path.join(data, id, 'wal'))).toContain('closed');
    }
    await fs.rm(data, { recursive: true });
  });

  it('Ctrl-C before there is a leader ends it too', async () => {
    const data = await temporaryDirectory('early');
    const up = new Program(['up', '--data', data, '--port', '0', '--election-ticks', '1000']);
    await waitFor('the first node', async () => ((await fs.readdir(data)).includes('n1') ? true : undefined));
    up.child.kill('SIGINT');
    const { code, stderr } = await up.ended;
    expect([code, stderr]).toEqual([0, '']);
    await fs.rm(data, { recursive: true });
  });

  it('leaves no node behind even when it is killed', async () => {
    const cluster = await ClusterProcess.start();
    const pids = await cluster.pids();
    await cluster.stop('SIGKILL');
    await waitFor('the nodes to end', () => (pids.some(isAlive) ? undefined : true));
  });

  it('refuses faults unless they were enabled', async () => {
    const cluster = await ClusterProcess.start({ nodes: 1, allowFaults: false });
    const killed = await runSynod(['fault', 'kill', 'n1', '--endpoint', cluster.gatewayUrl]);
    expect(killed.code).toBe(1);
    expect(killed.stderr).toMatch(/FAULTS_DISABLED.*--allow-faults/);
    expect(await cluster.pids()).toHaveLength(1);
    await cluster.stop();
  });

  it('says what to do when the port that was asked for is taken', async () => {
    const holder = net.createServer();
    const port = await new Promise<number>((resolve) => {
      holder.listen(0, '127.0.0.1', () => {
        const address = holder.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
    const data = await temporaryDirectory('taken');
    const { code, stderr } = await runSynod(['up', '--data', data, '--port', String(port)]);
    expect(code).toBe(14);
    expect(stderr).toContain(`port ${port} on 127.0.0.1 is taken`);
    await fs.rm(data, { recursive: true });
    await new Promise((resolve) => holder.close(resolve));
  });
});

describe('the command line', () => {
  it.each([
    [['up', '--engine', 'zab'], 'give raft or paxos'],
    [['up', '--nodes', '0'], '--nodes is 0'],
    [
      ['up', '--strategy', 'best'],
      'give round-robin, smooth-weighted-round-robin, least-request, power-of-two-choices, peak-ewma, random, ring-hash, maglev or rendezvous',
    ],
    [['up', '--tick-ms', '50', '--election-ticks', '4', '--heartbeat-ticks', '2'], 'at least 3 times'],
    [['node', '--id', 'n1'], '--cluster'],
    [['fault', 'explode', 'n1'], 'give kill or restart'],
    [['get'], 'key'],
    [['dance'], "unknown command 'dance'"],
    [['get', 'a', '--endpoint', 'localhost'], 'give http:// or https://HOST:PORT'],
  ])('%j is refused with exit code 2 and what would be right', async (args, reason) => {
    const { code, stderr } = await runSynod(args);
    expect(code).toBe(2);
    expect(stderr).toContain(reason);
  });

  it('every command explains itself with an example', async () => {
    for (const command of [
      [],
      ['up'],
      ['demo'],
      ['node'],
      ['gateway'],
      ['put'],
      ['get'],
      ['del'],
      ['status'],
      ['fault'],
    ]) {
      const { code, stdout } = await runSynod([...command, '--help']);
      expect([code, command]).toEqual([0, command]);
      expect(stdout).toContain('  $ synod ');
    }
  });

  it('an endpoint where nobody listens has an exit code of its own', async () => {
    const { code, stderr } = await runSynod(['get', 'a', '--endpoint', 'http://127.0.0.1:1']);
    expect(code).toBe(5);
    expect(stderr).toContain('http://127.0.0.1:1 did not answer');
  });
});

describe('the demo', () => {
  it('ends by itself after the first checked write and read, and leaves nothing behind', async () => {
    const temporary = await temporaryDirectory('demo-home');
    const demo = new Program(['demo', '--smoke', '--port', '0'], undefined, { TMPDIR: temporary });
    const { code, stdout } = await demo.ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/wrote +greeting = "hello from synod-\w+" +\(revision 2, committed by n\d\)/);
    expect(stdout).toMatch(
      /read +greeting = "hello from synod-\w+" +\(revision 2, linearizable, answered by n\d\)/,
    );
    expect(await fs.readdir(temporary)).toEqual([]);
    await fs.rm(temporary, { recursive: true });
  });

  it('of five nodes keeps its data where it is told to, and goes on there', async () => {
    const data = path.join(await temporaryDirectory('demo'), 'kept');
    expect((await runSynod(['demo', '--smoke', '--port', '0', '--nodes', '5', '--data', data])).code).toBe(0);
    expect((await fs.readdir(data)).sort()).toEqual(['cluster.json', 'n1', 'n2', 'n3', 'n4', 'n5']);
    const again = await runSynod(['demo', '--smoke', '--port', '0', '--data', data]);
    expect(again.stdout).toMatch(/starting 5 nodes[\s\S]*revision 3/);
    await fs.rm(path.dirname(data), { recursive: true });
  });
});
