/**
 * The durable pipeline as an embedding service has it: three replicas in one process, each with its own log on the real
 * disk and a real WebSocket to each other. Shows how many entries share one fdatasync and one frame.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import * as path from 'node:path';
import { Random } from '@synod/core';
import { openReplicaHost, type Replica, type ReplicaHost } from '@synod/replica';
import { openWalDirectory, type WalStorage } from '@synod/storage-wal';
import { createWebSocketTransport, type WebSocketTransport } from '@synod/transport-ws';
import { type LoadResult, runClosedLoop } from './closed-loop.js';
import type { MeasuredEngine } from './measured-engines.js';
import { median, quantile } from './quantile.js';

/** What one load level gave an engine: medians of the rounds. */
export interface EmbeddedThroughput {
  readonly engine: string;
  readonly clients: number;
  readonly perSecond: number;
  /** Its throughput as a share of the first engine's in the same round. */
  readonly ofFirst: number;
  /** Between which shares half of the rounds lie. */
  readonly ofFirstQuartiles: readonly [lower: number, upper: number];
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly entriesPerSync: number;
  readonly entriesPerFrame: number;
}

interface Round extends LoadResult {
  readonly entriesPerSync: number;
  readonly entriesPerFrame: number;
}

interface Cluster {
  readonly engine: MeasuredEngine;
  readonly nodes: readonly Node[];
  readonly leader: Node;
}

interface Node {
  readonly host: ReplicaHost;
  readonly replica: Replica<number>;
  readonly storage: WalStorage;
  readonly transport: WebSocketTransport;
}

/** Rounds in which each case is measured, all engines in turn and in the other order each time. */
const rounds = 24;

/**
 * Measures several numbers of clients, one after the other. Each engine has a cluster of its own, and they take turns.
 *
 * @param directory - Where the nodes write.
 * @param engines - What to measure; the others are compared with the first.
 * @param clientCounts - How many clients work at once.
 * @param durationMs - How long each case is measured; a quarter more is spent before, unmeasured.
 * @param commandBytes - Length of a command.
 */
export async function measureEmbedded(
  directory: string,
  engines: readonly [MeasuredEngine, ...MeasuredEngine[]],
  clientCounts: readonly number[],
  durationMs: number,
  commandBytes: number,
): Promise<readonly EmbeddedThroughput[]> {
  const folder = await mkdtemp(path.join(directory, 'embedded-'));
  const clusters: Cluster[] = [];
  try {
    for (const engine of engines) {
      const nodes = await startNodes(path.join(folder, engine.name), engine);
      clusters.push({ engine, nodes, leader: await leaderOf(nodes) });
    }
    const command = new Uint8Array(commandBytes).fill(0x78);
    const results: EmbeddedThroughput[] = [];
    for (const clients of clientCounts) {
      const found = clusters.map((cluster) => ({ ...cluster, rounds: [] as Round[] }));
      for (let round = 0; round < rounds; round++) {
        for (const each of round % 2 === 0 ? found : [...found].reverse())
          each.rounds.push(await measureRound(each.leader, clients, durationMs / rounds, command));
      }
      const firsts = found[0]?.rounds ?? [];
      results.push(...found.map((each) => summary(each.engine.name, clients, each.rounds, firsts)));
    }
    return results;
  } finally {
    for (const { nodes } of clusters) for (const node of nodes) await node.host.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measureRound(
  leader: Node,
  clients: number,
  durationMs: number,
  command: Uint8Array,
): Promise<Round> {
  let before = counts(leader);
  const load = await runClosedLoop(
    clients,
    durationMs,
    async () => {
      await leader.replica.propose(command);
    },
    () => {
      before = counts(leader);
    },
  );
  const after = counts(leader);
  return {
    ...load,
    entriesPerSync: ratio(after.entries - before.entries, after.syncs - before.syncs),
    // The leader sends each entry to two followers.
    entriesPerFrame: ratio(2 * (after.entries - before.entries), after.frames - before.frames),
  };
}

function summary(
  engine: string,
  clients: number,
  own: readonly Round[],
  firsts: readonly Round[],
): EmbeddedThroughput {
  const shares = own.map(({ perSecond }, round) => ratio(perSecond, firsts[round]?.perSecond ?? 0));
  const middle = (of: (round: Round) => number) => median(own.map(of));
  return {
    engine,
    clients,
    perSecond: middle(({ perSecond }) => perSecond),
    ofFirst: quantile(shares, 0.5),
    ofFirstQuartiles: [quantile(shares, 0.25), quantile(shares, 0.75)],
    medianMs: middle(({ medianMs }) => medianMs),
    p99Ms: middle(({ p99Ms }) => p99Ms),
    entriesPerSync: middle(({ entriesPerSync }) => entriesPerSync),
    entriesPerFrame: middle(({ entriesPerFrame }) => entriesPerFrame),
  };
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function counts({ storage, transport }: Node): { entries: number; syncs: number; frames: number } {
  const { entries, syncs } = storage.stats();
  return { entries, syncs, frames: transport.stats().framesSent };
}

async function startNodes(folder: string, engine: MeasuredEngine): Promise<readonly Node[]> {
  const ids = ['n1', 'n2', 'n3'];
  const nodes = await Promise.all(
    ids.map(async (id) => {
      const storage = await openWalDirectory(path.join(folder, id));
      const transport = createWebSocketTransport({
        clusterId: 'bench',
        id,
        listen: { port: 0 },
        peers: [],
        random: new Random(id),
      });
      const host = await openReplicaHost({ id, membershipIds: ids, storage, transport });
      const replica = engine.openGroup(host);
      return { host, replica, storage, transport };
    }),
  );
  const peers = nodes.map(({ host, transport }) => ({ id: host.id, address: transport.address?.url ?? '' }));
  for (const { transport } of nodes) transport.updatePeers(peers);
  return nodes;
}

async function leaderOf(nodes: readonly Node[]): Promise<Node> {
  const leader = await nodes[0]?.replica.waitForLeader();
  const node = nodes.find(({ replica }) => replica.id === leader);
  if (node === undefined) throw new Error('the embedded cluster has no leader');
  return node;
}
