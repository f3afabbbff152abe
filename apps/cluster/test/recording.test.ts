import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ClusterProcess, runSynod, temporaryDirectory, waitFor } from './cluster-process.js';

let directory: string;
let cluster: ClusterProcess | undefined;

beforeEach(async () => {
  directory = await temporaryDirectory('recordings');
});

afterEach(async () => {
  await cluster?.stop();
  cluster = undefined;
  await fs.rm(directory, { recursive: true, force: true });
});

async function fill(running: ClusterProcess, from: number, to: number): Promise<void> {
  const numbers = Array.from({ length: to - from }, (_, at) => from + at);
  await Promise.all(numbers.map((number) => running.put(`key-${number}`, `value-${number}`)));
}

/** A cluster whose leader is killed and comes back, until it was stopped. */
async function recordFailover(args: readonly string[] = []): Promise<string> {
  cluster = await ClusterProcess.start({ args: ['--record', directory, ...args] });
  const leader = await cluster.leader();
  await fill(cluster, 0, 100);
  // A killed process leaves no end: what is compared are the fingerprints on the way.
  await waitFor('a fingerprint of the leader', async () => {
    const text = await fs.readFile(path.join(directory, `${leader}.1.jsonl`), 'utf8');
    return text.includes('"check":') ? true : undefined;
  });
  await cluster.kill(leader);
  await cluster.leader(leader);
  await fill(cluster, 100, 200);
  await cluster.restart(leader);
  await cluster.stop();
  cluster = undefined;
  return leader;
}

describe('the recordings of real nodes', () => {
  it('of a killed leader, its followers and its next life come out the same when they are run again', async () => {
    const leader = await recordFailover(['--snapshot-entries', '50', '--retained-entries', '10']);
    const others = ['n1', 'n2', 'n3'].filter((id) => id !== leader);
    expect((await fs.readdir(directory)).sort()).toEqual(
      [...others.map((id) => `${id}.1.jsonl`), `${leader}.1.jsonl`, `${leader}.2.jsonl`].sort(),
    );
    const { code, stdout, stderr } = await runSynod(['replay', directory]);
    expect(`${code} ${stderr}`).toBe('0 ');
    const verdict = (node: string, life: number) =>
      stdout.split('\n').find((line) => line.startsWith(`${node} life ${life}:`)) ?? '';
    for (const id of others) expect(verdict(id, 1)).toMatch(/the same at (\d+) of \1 fingerprints.*closed/);
    expect(verdict(leader, 1)).toMatch(/the same at [1-9].*its process was killed/);
    expect(verdict(leader, 2)).toMatch(/: [1-9]\d* entries recovered.*the same.*closed/);
    // Who led, in the words of the engines that are run again, is who led.
    expect(stdout).toMatch(new RegExp(`s  ${leader}\\.1 +roleChanged .*to "leader"`));
  });

  it('from which a step was taken away come out differently, and the exit code says so', async () => {
    const killed = await recordFailover();
    const node = killed === 'n1' ? 'n2' : 'n1';
    const file = path.join(directory, `${node}.1.jsonl`);
    const lines = (await fs.readFile(file, 'utf8')).split('\n');
    // The last one: an engine that lacks an early tick may not even take what was done to it later, and throw.
    const tick = lines.findLastIndex((line) => line.includes('"input":{"type":"tick"}'));
    await fs.writeFile(file, lines.filter((_, at) => at !== tick).join('\n'));
    const { code, stdout, stderr } = await runSynod(['replay', '--quiet', file]);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      new RegExp(`${node} life 1: .* the recording counts \\d+ steps where it holds \\d+`),
    );
    expect(stderr).toContain('REPLAY_DIFFERS');
  });

  it('end at their limit, with an event, while the node goes on', async () => {
    cluster = await ClusterProcess.start({
      nodes: 1,
      args: ['--record', directory, '--record-bytes-max', '20000', '--verbose'],
    });
    const { up } = cluster;
    await fill(cluster, 0, 200);
    await waitFor('the event', () => (up.stderr.includes('recordingStopped') ? true : undefined));
    expect(await cluster.get('key-199')).toBe('value-199');
    await cluster.stop();
    cluster = undefined;
    const file = path.join(directory, 'n1.1.jsonl');
    expect((await fs.stat(file)).size).toBeLessThanOrEqual(20_000);
    const { code, stdout } = await runSynod(['replay', '--quiet', file]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/the same at \d+ of \d+ fingerprints.*full: .*limit of 20000 bytes/);
  });

  it('are not made up: what is no recording is refused with file and line', async () => {
    const file = path.join(directory, 'n1.1.jsonl');
    await fs.writeFile(file, '{"atUs":1,"node":"n1","life":1,"input":{"type":"tick"}}\n');
    const { code, stderr } = await runSynod(['replay', file]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/n1\.1\.jsonl, line 1: the recording does not say how life 1 of n1 started/);
  });
});
