/**
 * What clients get from a cluster as it is run: three processes, each with its log on the real disk, over HTTP. Writes
 * go straight to the leader, linearizable reads to all nodes in turn. The clients live in this process, on the same
 * machine as the nodes, so their own work is in the figures too.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import * as path from 'node:path';
import { type LoadResult, runClosedLoop } from './closed-loop.js';
import { HttpClient, type NodeView, RunningCluster } from './cluster-program.js';

/** What one load level gave. */
export interface ClusterThroughput {
  readonly clients: number;
  readonly writesPerSecond: number;
  readonly writeMedianMs: number;
  readonly writeP99Ms: number;
  /** Log entries that shared one fdatasync on the leader. */
  readonly entriesPerSync: number;
  /** Log entries that shared one frame from the leader to a follower; heartbeats and barriers are frames too. */
  readonly entriesPerFrame: number;
  readonly readsPerSecond: number;
  readonly readMedianMs: number;
  readonly readP99Ms: number;
  /** Requests that were not answered with success. */
  readonly failures: number;
}

interface Counts {
  readonly entries: number;
  readonly syncs: number;
  readonly frames: number;
}

const keys = 10_000;

/**
 * Measures several numbers of clients, one after the other, on one cluster.
 *
 * @param directory - Where its logs go.
 * @param clientCounts - How many clients work at once.
 * @param durationMs - How long writes, and then reads, are measured at each level.
 * @param valueBytes - Length of the values.
 */
export async function measureCluster(
  directory: string,
  clientCounts: readonly number[],
  durationMs: number,
  valueBytes: number,
): Promise<readonly ClusterThroughput[]> {
  const folder = await mkdtemp(path.join(directory, 'cluster-'));
  const cluster = await RunningCluster.start(folder);
  try {
    const value = Buffer.alloc(valueBytes, 0x78);
    const levels: ClusterThroughput[] = [];
    for (const clients of clientCounts) {
      const writes = await measureWrites(cluster, clients, durationMs, value);
      const reads = await measureReads(cluster, clients, durationMs);
      levels.push({
        clients,
        writesPerSecond: writes.perSecond,
        writeMedianMs: writes.medianMs,
        writeP99Ms: writes.p99Ms,
        entriesPerSync: writes.entriesPerSync,
        entriesPerFrame: writes.entriesPerFrame,
        readsPerSecond: reads.perSecond,
        readMedianMs: reads.medianMs,
        readP99Ms: reads.p99Ms,
        failures: writes.failures + reads.failures,
      });
    }
    return levels;
  } finally {
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measureWrites(
  cluster: RunningCluster,
  clients: number,
  durationMs: number,
  value: Uint8Array,
): Promise<LoadResult & { readonly entriesPerSync: number; readonly entriesPerFrame: number }> {
  const leader = await cluster.settledLeader();
  const http = new HttpClient(clients);
  let written = 0;
  let before = await counts(cluster, leader);
  const load = await runClosedLoop(
    clients,
    durationMs,
    async () => {
      await succeed(http, 'PUT', `${leader.url}/v1/kv/${keyOf(written++)}`, value);
    },
    async () => {
      before = await counts(cluster, leader);
    },
  );
  const after = await counts(cluster, leader);
  http.close();
  const entries = after.entries - before.entries;
  return {
    ...load,
    entriesPerSync: ratio(entries, after.syncs - before.syncs),
    // The leader sends each entry to two followers.
    entriesPerFrame: ratio(2 * entries, after.frames - before.frames),
  };
}

async function measureReads(
  cluster: RunningCluster,
  clients: number,
  durationMs: number,
): Promise<LoadResult> {
  const urls = (await cluster.nodes()).map(({ url }) => url);
  const http = new HttpClient(clients);
  // Other levels may have written fewer keys than this one reads.
  const key = keyOf(0);
  let sent = 0;
  const load = await runClosedLoop(clients, durationMs, async () => {
    await succeed(http, 'GET', `${urls[sent++ % urls.length]}/v1/kv/${key}`);
  });
  http.close();
  return load;
}

async function succeed(http: HttpClient, method: string, url: string, body?: Uint8Array): Promise<void> {
  const { status, body: answer } = await http.send(method, url, body);
  if (status !== 200) throw new Error(`${method} ${url} gave ${status}: ${answer}`);
}

async function counts(cluster: RunningCluster, node: NodeView): Promise<Counts> {
  const { storage, transport } = await cluster.status(node);
  return {
    entries: storage?.entries ?? 0,
    syncs: storage?.syncs ?? 0,
    frames: transport?.framesSent ?? 0,
  };
}

function keyOf(number: number): string {
  return `bench-${number % keys}`;
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
