/**
 * Failover as clients feel it: from the SIGKILL of the leader to the first write that the survivors acknowledge, sent
 * to them directly and, in the same round, through the gateway.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { HttpClient, type NodeView, RunningCluster } from './cluster-program.js';
import { median } from './quantile.js';

/** What was measured. */
export interface Failover {
  readonly rounds: number;
  /** Half of the rounds took longer until a survivor acknowledged a write. */
  readonly medianMs: number;
  readonly leastMs: number;
  readonly mostMs: number;
  /** The same for a client of the gateway, which keeps one request waiting and sends the next when it fails. */
  readonly gatewayMedianMs: number;
  readonly gatewayMostMs: number;
}

const attemptTimeoutMs = 1_000;
const pauseMs = 5;
const giveUpMs = 30_000;

/**
 * Kills the leader of a cluster of three again and again.
 *
 * @param rounds - How often.
 * @param directory - Where the logs go. Default the system's folder for temporary files.
 */
export async function measureFailover(rounds: number, directory = tmpdir()): Promise<Failover> {
  const folder = await mkdtemp(path.join(directory, 'failover-'));
  const cluster = await RunningCluster.start(folder);
  try {
    const direct: number[] = [];
    const throughGateway: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const leader = await cluster.settledLeader();
      const survivors = (await cluster.nodes()).filter(({ id }) => id !== leader.id);
      const killedAt = performance.now();
      cluster.kill(leader);
      const [directMs, gatewayMs] = await Promise.all([
        firstWrite(urlsOf(survivors), round, killedAt),
        firstWrite([cluster.gatewayUrl], round, killedAt),
      ]);
      direct.push(directMs);
      throughGateway.push(gatewayMs);
      await cluster.restart(leader);
    }
    direct.sort((left, right) => left - right);
    throughGateway.sort((left, right) => left - right);
    return {
      rounds,
      medianMs: median(direct),
      leastMs: direct[0] ?? 0,
      mostMs: direct.at(-1) ?? 0,
      gatewayMedianMs: median(throughGateway),
      gatewayMostMs: throughGateway.at(-1) ?? 0,
    };
  } finally {
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Tries the addresses in turn until one acknowledges a write; the time since the kill. */
async function firstWrite(urls: readonly string[], round: number, killedAt: number): Promise<number> {
  const client = new HttpClient(2);
  const value = Buffer.from(`round ${round}`);
  try {
    for (let attempt = 0; performance.now() - killedAt < giveUpMs; attempt++) {
      const url = `${urls[attempt % urls.length]}/v1/kv/failover`;
      const { status } = await client.send('PUT', url, value, attemptTimeoutMs);
      if (status === 200) return performance.now() - killedAt;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    throw new Error(`no write was acknowledged within ${giveUpMs} ms of the leader's end`);
  } finally {
    client.close();
  }
}

function urlsOf(nodes: readonly NodeView[]): readonly string[] {
  return nodes.map(({ url }) => url);
}
