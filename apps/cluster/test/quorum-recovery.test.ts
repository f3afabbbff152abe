import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ClusterProcess,
  type Ended,
  Program,
  readJson,
  runSynod,
  temporaryDirectory,
  waitFor,
} from './cluster-process.js';

let data: string;
let running: Program | undefined;

beforeEach(async () => {
  data = await temporaryDirectory('quorum');
});

afterEach(async () => {
  running?.child.kill('SIGTERM');
  await running?.ended;
  running = undefined;
  await fs.rm(data, { recursive: true, force: true });
});

/** A cluster of three that was filled and stopped, and of which all but n1 are lost with their disks. */
async function loseTwo(): Promise<void> {
  const cluster = await ClusterProcess.start({ data, args: ['--snapshot-entries', '40'] });
  for (let number = 0; number < 100; number++) await cluster.put(`key-${number}`, `value-${number}`);
  await cluster.caughtUp('n1');
  await Promise.all([cluster.kill('n2'), cluster.kill('n3')]);
  await cluster.stop();
  for (const id of ['n2', 'n3']) await fs.rm(path.join(data, id), { recursive: true });
}

async function recoverQuorum(...args: readonly string[]): Promise<Ended> {
  return await runSynod(['recover-quorum', '--data', path.join(data, 'n1'), ...args]);
}

/** Starts n1 as it was, with the addresses of two nodes that are not there, and gives its REST interface. */
async function startSurvivor(): Promise<string> {
  running = new Program([
    ...['node', '--id', 'n1', '--cluster', 'survivor', '--data', path.join(data, 'n1')],
    ...['--peers', 'n1=ws://127.0.0.1:0,n2=ws://127.0.0.1:1,n3=ws://127.0.0.1:2'],
    ...['--client-listen', '127.0.0.1:0', '--listen', '127.0.0.1:0'],
  ]);
  const [, url = ''] = await running.printed(/clients at (http:\/\/\S+),/);
  return url;
}

async function put(url: string, key: string, value: string): Promise<Response> {
  const headers = { 'synod-timeout-ms': '1000' };
  return await fetch(`${url}/v1/kv/${key}`, { method: 'PUT', body: value, headers });
}

describe('synod recover-quorum', () => {
  it('lets the survivor of three go on with the data that it had, and not before', async () => {
    await loseTwo();
    const alone = await startSurvivor();
    expect((await put(alone, 'late', '1')).ok).toBe(false);
    running?.child.kill('SIGTERM');
    await running?.ended;

    const done = await recoverQuorum('--members', 'n1', '--yes');
    expect(done.stderr).toBe('');
    expect(done.code).toBe(0);
    expect(done.stdout).toMatch(
      /members then +n1, from index \d+[\s\S]*given up +n2, n3[\s\S]*Done\. Start n1/,
    );

    const url = await startSurvivor();
    await waitFor('a write to succeed', async () => ((await put(url, 'after', 'yes')).ok ? true : undefined));
    for (const [key, value] of [
      ['key-0', 'value-0'],
      ['key-99', 'value-99'],
      ['after', 'yes'],
    ]) {
      const answer = await readJson<{ readonly value: string }>(await fetch(`${url}/v1/kv/${key}`));
      expect(answer.value).toBe(value);
    }
  });

  it('only says what it would do, unless it is told to', async () => {
    await loseTwo();
    const first = await recoverQuorum('--members', 'n1');
    expect(first.code).toBe(0);
    expect(first.stdout).toMatch(/n1: log ends at index \d+, term \d+/);
    expect(first.stdout).toContain('members now    n1 (voter), n2 (voter), n3 (voter)');
    expect(first.stdout).toContain('Nothing is changed');
    expect((await recoverQuorum('--members', 'n1')).stdout).toBe(first.stdout);
  });

  it('refuses what is not needed, who is not known, and what is no node', async () => {
    await loseTwo();
    const quorum = await recoverQuorum('--members', 'n1,n2', '--yes');
    expect(quorum.code).toBe(2);
    expect(quorum.stderr).toContain('n1, n2 are still a quorum: start them');
    const stranger = await recoverQuorum('--members', 'n1,n9', '--yes');
    expect(stranger.code).toBe(2);
    expect(stranger.stderr).toContain('survivor n9 is no member: the members are n1, n2, n3');
    const nowhere = await runSynod(['recover-quorum', '--data', path.join(data, 'n8'), '--members', 'n8']);
    expect(nowhere.code).toBe(2);
    expect(nowhere.stderr).toContain('is not the directory of a node');
    await expect(fs.stat(path.join(data, 'n8'))).rejects.toThrow(/ENOENT/);
  });
});
