// Clients work on a real cluster while its nodes are killed again and again, and at last all of them. Then everything
// that any client was told is held against what there is. SYNOD_FAULT_SECONDS sets how long, SEED which plan,
// SYNOD_FAULT_NODES how many nodes.
import * as fs from 'node:fs/promises';
import { Random } from '@synod/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NodeStatusDocument, RangeDocument } from '../src/rest-documents.js';
import { ClusterProcess, readJson, temporaryDirectory, waitFor } from './cluster-process.js';
import { checkCounter, checkHistory } from './fault-check.js';
import {
  type ClientParts,
  churnSharedKeys,
  foundKey,
  incrementInSession,
  incrementPlainly,
  plainCounter,
  readAcknowledgedKeys,
  sessionCounter,
  writeUniqueKeys,
} from './fault-clients.js';
import { FaultHistory } from './fault-history.js';
import { compareLogs, type LogComparison, LogWatch } from './fault-logs.js';
import { Door } from './fault-requests.js';
import {
  dieWithFollowersHanging,
  type FaultCounts,
  killNodes,
  returnWithFollowersBehind,
} from './fault-schedule.js';

const inCi = process.env.CI !== undefined && process.env.CI !== '';
const seconds = Number(process.env.SYNOD_FAULT_SECONDS ?? (inCi ? 20 : 60));
const nodeCount = Number(process.env.SYNOD_FAULT_NODES ?? 3);
const seed = process.env.SEED ?? String(Date.now() % 1_000_000);
const leadersLeast = Math.max(2, Math.floor(seconds / 8));
const settleMs = 120_000;

/** Which client goes through which door, and how many of each there are. */
const crowd = [
  { run: writeUniqueKeys, door: 'gateway', count: 3 },
  { run: writeUniqueKeys, door: 'nodes', count: 3 },
  { run: churnSharedKeys, door: 'gateway', count: 1 },
  { run: churnSharedKeys, door: 'nodes', count: 1 },
  { run: incrementPlainly, door: 'gateway', count: 1 },
  { run: incrementPlainly, door: 'nodes', count: 1 },
  { run: incrementInSession, door: 'gateway', count: 1 },
  { run: incrementInSession, door: 'nodes', count: 2 },
  { run: readAcknowledgedKeys, door: 'gateway', count: 1 },
  { run: readAcknowledgedKeys, door: 'nodes', count: 2 },
] as const;

interface Outcome {
  readonly history: FaultHistory;
  readonly faults: FaultCounts;
  /** The longest time in which no write was acknowledged to anybody, while a majority ran. */
  readonly longestWaitMs: number;
  readonly watch: LogWatch;
  readonly statuses: readonly NodeStatusDocument[];
  readonly keysListed: number;
  readonly logs: LogComparison;
  readonly complaints: string;
}

const stop = new AbortController();
let data: string;
let cluster: ClusterProcess | undefined;
let outcome: Outcome;

beforeAll(
  async () => {
    console.log(`faults: SEED=${seed} SYNOD_FAULT_SECONDS=${seconds} SYNOD_FAULT_NODES=${nodeCount}`);
    data = await temporaryDirectory('faults');
    cluster = await ClusterProcess.start({
      nodes: nodeCount,
      data,
      args: ['--snapshot-entries', '2000', '--retained-entries', '1000'],
    });
    outcome = await runFaults(cluster);
    console.log(summaryOf(outcome));
  },
  // On a busy machine nodes take long to start, and every fault waits for them.
  seconds * 4_000 + settleMs,
);

afterAll(async () => {
  // Also when time ran out in the middle: no process may be left.
  stop.abort();
  await cluster?.stop();
  await fs.rm(data, { recursive: true, force: true });
});

describe('a cluster whose nodes are killed while clients use it', () => {
  it('keeps every acknowledged write, shows no refused one, and answers in an order that is linearizable', () => {
    expect(shorten(checkHistory(outcome.history))).toEqual([]);
    expect(outcome.statuses[0]?.keyValue?.keys).toBe(outcome.keysListed);
  });

  it('counts exactly the increments that were acknowledged, give or take those of unknown outcome', () => {
    expect(shorten(checkCounter(outcome.history, plainCounter))).toEqual([]);
  });

  it('counts increments in sessions exactly, however often they were repeated', () => {
    expect(shorten(checkCounter(outcome.history, sessionCounter))).toEqual([]);
    expect(outcome.history.count('unknown', sessionCounter)).toBe(0);
    expect(outcome.history.count('refused', sessionCounter)).toBe(0);
  });

  it('has the same log and the same state on every node', () => {
    const { watch, logs, statuses } = outcome;
    expect(shorten(watch.violations)).toEqual([]);
    expect(shorten(logs.violations)).toEqual([]);
    expect(logs.compared).toBeGreaterThan(100);
    expect(new Set(statuses.map(({ keyValue }) => keyValue?.hash)).size).toBe(1);
    expect(outcome.complaints).not.toMatch(/exit code/);
  });

  it('had to go through real faults under real load', () => {
    const { history, faults, watch } = outcome;
    expect(faults.leaders).toBeGreaterThanOrEqual(leadersLeast);
    expect(watch.terms).toBeGreaterThanOrEqual(leadersLeast);
    const acknowledged = history.count('acknowledged');
    expect(acknowledged).toBeGreaterThan(seconds * 10);
    expect(history.count('acknowledged', plainCounter)).toBeGreaterThan(seconds / 2);
    expect(history.count('acknowledged', sessionCounter)).toBeGreaterThan(seconds / 2);
    expect(history.reads.length).toBeGreaterThan(seconds * 20);
    expect(history.count('unknown')).toBeLessThan(acknowledged / 5);
  });
});

async function runFaults(cluster: ClusterProcess): Promise<Outcome> {
  const { nodes } = await cluster.cluster();
  const urls = nodes.map(({ url }) => url);
  const history = new FaultHistory();
  const random = new Random(seed);
  const clients = runClients(cluster.gatewayUrl, urls, history, random.fork('clients'), stop.signal);
  const watch = new LogWatch(urls);
  watch.start();
  try {
    const faults = await killNodes(cluster, random.fork('faults'), seconds * 1_000, leadersLeast);
    const waitMs = longestWaitMs(history);
    await dieWithFollowersHanging(cluster);
    await returnWithFollowersBehind(cluster);
    stop.abort();
    await clients;
    const statuses = await settled(urls);
    const keysListed = await readEverything(cluster.gatewayUrl, 'linearizable', history);
    for (const url of urls) await readEverything(url, 'stale', history);
    await watch.lookAgain();
    const { stderr: complaints } = await cluster.stop();
    const commitIndex = Math.min(...statuses.map(({ engine }) => engine?.commitIndex ?? 0));
    const logs = await compareLogs(
      data,
      nodes.map(({ id }) => id),
      commitIndex,
    );
    return { history, faults, longestWaitMs: waitMs, watch, statuses, keysListed, logs, complaints };
  } finally {
    stop.abort();
    await cluster.stop();
    await Promise.all([clients, watch.stop()]);
  }
}

async function runClients(
  gatewayUrl: string,
  nodeUrls: readonly string[],
  history: FaultHistory,
  random: Random,
  signal: AbortSignal,
): Promise<void> {
  const running = crowd.flatMap(({ run, door, count }, kind) =>
    Array.from({ length: count }, async (_, number) => {
      const name = `c${kind}-${number}`;
      const own = random.fork(name);
      const urls = door === 'gateway' ? [gatewayUrl] : nodeUrls;
      const client: ClientParts = { name, door: new Door(urls, own), history, random: own, signal };
      try {
        await run(client);
      } catch (error) {
        history.violated(`${name} gave up: ${error instanceof Error ? error.message : error}`);
      } finally {
        client.door.close();
      }
    }),
  );
  await Promise.all(running);
}

/** Waits until all nodes have applied the same index, and gives what they say of themselves then. */
async function settled(urls: readonly string[]): Promise<readonly NodeStatusDocument[]> {
  const ask = async (url: string) =>
    await readJson<NodeStatusDocument>(await fetch(`${url}/v1/status?hash=true`));
  return await waitFor(
    'all nodes at the same applied index',
    async () => {
      const statuses = await Promise.all(urls.map(ask));
      const indexes = statuses.flatMap(({ engine }) => [
        engine?.appliedIndex,
        engine?.commitIndex,
        engine?.lastIndex,
      ]);
      return new Set(indexes).size === 1 ? statuses : undefined;
    },
    settleMs,
  );
}

/** Reads all keys that anybody tried to write, and gives the number of those that are there. */
async function readEverything(
  url: string,
  consistency: 'linearizable' | 'stale',
  history: FaultHistory,
): Promise<number> {
  const byPrefix = new Map<string, Set<string>>();
  for (const { key } of history.writes) {
    const prefix = key.slice(0, key.lastIndexOf('/') + 1);
    const keys = byPrefix.get(prefix) ?? new Set();
    byPrefix.set(prefix, keys.add(key));
  }
  let listed = 0;
  for (const [prefix, expected] of byPrefix) {
    const beganMs = performance.now();
    const target = `/v1/kv?prefix=${encodeURIComponent(prefix)}&consistency=${consistency}&limit=10000`;
    const { keys, more, revision } = await readJson<RangeDocument>(await fetch(url + target));
    expect(more).toBe(false);
    const endedMs = performance.now();
    const missing = new Set(expected);
    const read = { source: url, linearizable: consistency === 'linearizable', beganMs, endedMs, revision };
    for (const document of keys) {
      if (document.key === undefined || !('valueBase64' in document))
        throw new Error(`${prefix} holds bytes`);
      missing.delete(document.key);
      history.read({ ...read, key: document.key, found: foundKey(document) });
    }
    for (const key of missing) history.read({ ...read, key, found: undefined });
    listed += keys.length;
  }
  return listed;
}

function summaryOf(outcome: Outcome): string {
  const { history, faults, watch, logs, statuses } = outcome;
  const { leaders, followers, starting, paused } = faults;
  const counts = (['acknowledged', 'refused', 'unknown'] as const).map(
    (what) => `${history.count(what)} ${what}`,
  );
  return (
    `faults: ${leaders} leaders, ${followers} followers and ${starting} starting nodes killed, ${paused} leaders stopped, twice all killed; ` +
    `${watch.terms} terms; writes: ${counts.join(', ')}, longest wait for one ${outcome.longestWaitMs} ms; ` +
    `${history.reads.length} reads; ` +
    `${watch.entries} committed entries watched, ${logs.compared} compared on disk through index ` +
    `${statuses[0]?.engine?.commitIndex}; SEED=${seed}`
  );
}

function longestWaitMs(history: FaultHistory): number {
  const ends = history.writes
    .filter(({ outcome }) => outcome === 'acknowledged')
    .map(({ endedMs }) => endedMs);
  ends.sort((left, right) => left - right);
  return Math.round(Math.max(0, ...ends.map((end, position) => end - (ends[position - 1] ?? end))));
}

/** A broken cluster breaks many things; a handful tells enough. */
function shorten(violations: readonly string[]): readonly string[] {
  const most = 10;
  if (violations.length <= most) return violations;
  return [...violations.slice(0, most), `and ${violations.length - most} more`];
}
