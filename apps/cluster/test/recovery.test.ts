import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NodeStatusDocument } from '../src/rest-documents.js';
import { ClusterProcess, readJson, runSynod, temporaryDirectory, waitFor } from './cluster-process.js';

let data: string;
let cluster: ClusterProcess | undefined;

beforeEach(async () => {
  data = await temporaryDirectory('recovery');
});

afterEach(async () => {
  await cluster?.stop();
  cluster = undefined;
  await fs.rm(data, { recursive: true, force: true });
});

async function start(args: readonly string[] = []): Promise<ClusterProcess> {
  cluster = await ClusterProcess.start({ data, args });
  return cluster;
}

async function fill(running: ClusterProcess, from: number, to: number): Promise<void> {
  const numbers = Array.from({ length: to - from }, (_, at) => from + at);
  await Promise.all(numbers.map((number) => running.put(`key-${number}`, `value-${number}`)));
}

/** Digests of the whole store on all nodes, once they have applied the same. */
async function hashes(running: ClusterProcess): Promise<readonly (string | undefined)[]> {
  return await waitFor('equal revisions on all nodes', async () => {
    const { nodes } = await running.cluster();
    const states = await Promise.all(
      nodes.map(async ({ url }) => {
        // One that was just started may not listen yet.
        const answer = await fetch(`${url}/v1/status?hash=true`).catch(() => undefined);
        return answer && (await readJson<NodeStatusDocument>(answer)).keyValue;
      }),
    );
    const [first] = states;
    return states.every((state) => state !== undefined && state.revision === first?.revision)
      ? states.map((state) => state?.hash)
      : undefined;
  });
}

async function segments(id: string): Promise<readonly string[]> {
  const folder = path.join(data, id, 'wal');
  const names = (await fs.readdir(folder)).filter((name) => name.endsWith('.log'));
  return names.sort().map((name) => path.join(folder, name));
}

/** A segment as far as it was written: behind that stand zeros for what is to come. */
function withoutZeros(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.findLastIndex((byte) => byte !== 0) + 1);
}

describe('when a node is killed', () => {
  it('writes and reads go on through the others, and it catches up when it is back', async () => {
    const running = await start();
    const leader = await running.leader();
    await fill(running, 0, 50);
    await running.kill(leader);
    await fill(running, 50, 100);
    for (let count = 0; count < 20; count++) expect(await running.get('key-99')).toBe('value-99');
    const { picks } = await running.node(leader);
    for (let count = 0; count < 20; count++) await running.get('key-1');
    expect((await running.node(leader)).picks).toBe(picks);
    await running.restart(leader);
    expect(new Set(await hashes(running)).size).toBe(1);
  });

  it('a majority that is killed comes back with everything that was acknowledged', async () => {
    const running = await start();
    await fill(running, 0, 100);
    await Promise.all([running.kill('n1'), running.kill('n2')]);
    const write = await fetch(`${running.gatewayUrl}/v1/kv/a`, {
      method: 'PUT',
      body: 'b',
      headers: { 'synod-timeout-ms': '1000' },
    });
    expect([503, 504]).toContain(write.status);
    await running.restartOnly('n1');
    await running.restartOnly('n2');
    await running.leader();
    for (let number = 0; number < 100; number++)
      expect(await running.get(`key-${number}`)).toBe(`value-${number}`);
  });

  it('a node far behind the shortened log is filled by a snapshot', async () => {
    const running = await start(['--snapshot-entries', '100', '--retained-entries', '50']);
    await fill(running, 0, 50);
    const leader = await running.leader();
    const behind = ['n1', 'n2', 'n3'].find((id) => id !== leader) ?? '';
    await running.kill(behind);
    await fill(running, 50, 800);
    await waitFor('the log to be shortened', async () => {
      const { engine } = await running.status(leader);
      return (engine?.firstIndex ?? 0) > 200 ? true : undefined;
    });
    await running.restart(behind);
    const { replica } = await running.status(behind);
    expect(replica?.snapshotsReceived).toBe(1);
    expect(new Set(await hashes(running)).size).toBe(1);
    expect(await running.get('key-799')).toBe('value-799');
    // And again from its own disk, where the snapshot now is.
    await running.kill(behind);
    await running.restart(behind);
    expect(new Set(await hashes(running)).size).toBe(1);
  });

  it('the whole cluster, stopped and started again, goes on where it was', async () => {
    await fill(await start(['--snapshot-entries', '100']), 0, 300);
    await cluster?.stop();
    const running = await start();
    expect(await running.get('key-0')).toBe('value-0');
    expect(await running.get('key-299')).toBe('value-299');
    expect(new Set(await hashes(running)).size).toBe(1);
  });
});

describe('what a disk can do', () => {
  it('a torn tail is cut at the start and everything acknowledged is there', async () => {
    const running = await start();
    await fill(running, 0, 50);
    const follower = (await running.leader()) === 'n2' ? 'n3' : 'n2';
    await running.kill(follower);
    const last = (await segments(follower)).at(-1) ?? '';
    const whole = await fs.readFile(last);
    // The beginning of the last frame once more, as if the power had failed in the middle of a write.
    const frame = whole.lastIndexOf(whole.subarray(0, 1));
    await fs.appendFile(last, whole.subarray(frame, frame + 9));
    await running.restart(follower);
    expect(new Set(await hashes(running)).size).toBe(1);
    const written = withoutZeros(whole);
    expect((await fs.readFile(last)).subarray(0, written.length).equals(written)).toBe(true);
    const events = await fetch(`${(await running.node(follower)).url}/v1/events`);
    let text = '';
    for await (const chunk of events.body ?? []) {
      text += Buffer.from(chunk).toString();
      if (text.includes('"admitted"') || text.includes('tornTailCut')) break;
    }
    expect(text).toContain('tornTailCut');
  });

  it('a flipped byte in the middle is refused with file and offset, and the others go on', async () => {
    const running = await start();
    for (let count = 0; count < 20; count++) await running.put('key', `value-${count}`);
    const follower = (await running.leader()) === 'n2' ? 'n3' : 'n2';
    await running.kill(follower);
    const [first = ''] = await segments(follower);
    const bytes = await fs.readFile(first);
    const middle = Math.floor(withoutZeros(bytes).length / 2);
    bytes[middle] = (bytes[middle] ?? 0) ^ 0x10;
    await fs.writeFile(first, bytes);
    await running.restartOnly(follower);
    const { process } = await waitFor('the node to end', async () => {
      const node = await running.node(follower);
      return node.process?.state === 'stopped' ? node : undefined;
    });
    expect(process?.exit?.code).toBe(10);
    expect(process?.exit?.message).toMatch(
      /STORAGE_CORRUPT: wal\/\S+ is damaged at offset \d+: expected .* found/,
    );
    const [, offset] = /at offset (\d+)/.exec(process?.exit?.message ?? '') ?? [];
    expect(Math.abs(Number(offset) - middle)).toBeLessThan(400);
    await waitFor('the words of the supervisor', () =>
      running.up.stderr.includes('STORAGE_CORRUPT') ? true : undefined,
    );
    expect(running.up.stderr).toContain(`node ${follower} ended with exit code 10`);
    await running.put('after', 'yes');
    expect(await running.get('after')).toBe('yes');
  });

  it('a voter whose disk was wiped is refused, with what to do, and the others go on', async () => {
    const running = await start();
    await fill(running, 0, 20);
    const follower = (await running.leader()) === 'n2' ? 'n3' : 'n2';
    await running.kill(follower);
    await fs.rm(path.join(data, follower), { recursive: true });
    await running.restartOnly(follower);
    const { process } = await waitFor('the node to end', async () => {
      const node = await running.node(follower);
      return node.process?.state === 'stopped' ? node : undefined;
    });
    expect(process?.exit?.code).toBe(11);
    expect(process?.exit?.message).toMatch(/INCARNATION_LOST: .*wiped.*Put its own directory back/);
    await running.put('after', 'yes');
    expect(await running.get('after')).toBe('yes');
  });

  it('a directory that another process has open is refused', async () => {
    const running = await start();
    const { addresses, cluster: name } = await running.status('n1');
    const second = await runSynod([
      ...['node', '--id', 'n1', '--cluster', name, '--data', path.join(data, 'n1')],
      ...['--peers', `n1=${addresses.peer}`, '--client-listen', '127.0.0.1:0'],
    ]);
    expect(second.code).toBe(13);
    expect(second.stderr).toContain('STORAGE_LOCKED');
  });

  it('a cluster whose majority is refused says why it does not come up', async () => {
    await fill(await start(), 0, 20);
    await cluster?.stop();
    for (const id of ['n1', 'n2']) {
      const [first = ''] = await segments(id);
      const bytes = await fs.readFile(first);
      bytes.fill(0xff, 40, 60);
      await fs.writeFile(first, bytes);
    }
    cluster = undefined;
    const { code, stderr } = await runSynod(['up', '--data', data, '--port', '0']);
    expect(code).toBe(10);
    expect(stderr).toMatch(
      /node n1 ended with exit code 10[\s\S]*node n2 ended with exit code 10|node n2 ended[\s\S]*node n1 ended/,
    );
    expect(stderr).toContain('too few nodes are left');
  });
});
