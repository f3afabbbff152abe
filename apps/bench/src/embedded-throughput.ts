/**
 * The durable pipeline as an embedding service has it: three replicas in one process, each with its own log on the real
 * disk and a real WebSocket to each other. Shows how many entries share one fdatasync and one frame.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import * as path from 'node:path';
import { Random } from '@synod/core';
import { createRaftEngine, raftMessageCodec } from '@synod/raft';
import { openReplicaHost, type Replica, type ReplicaHost } from '@synod/replica';
import { openWalDirectory, type WalStorage } from '@synod/storage-wal';
import { createWebSocketTransport, type WebSocketTransport } from '@synod/transport-ws';
import { type LoadResult, runClosedLoop } from './closed-loop.js';
import { CommandCounter } from './command-counter.js';

/** What one load level gave. */
export interface EmbeddedThroughput extends LoadResult {
  readonly entriesPerSync: number;
  readonly entriesPerFrame: number;
}

interface Node {
  readonly host: ReplicaHost;
  readonly replica: Replica<number>;
  readonly storage: WalStorage;
  readonly transport: WebSocketTransport;
}

/** Measures several numbers of clients, one after the other, on one cluster. */
export async function measureEmbedded(
  directory: string,
  clientCounts: readonly number[],
  durationMs: number,
  commandBytes: number,
): Promise<readonly EmbeddedThroughput[]> {
  const folder = await mkdtemp(path.join(directory, 'embedded-'));
  const nodes = await startNodes(folder);
  try {
    const leader = await leaderOf(nodes);
    const command = new Uint8Array(commandBytes).fill(0x78);
    const results: EmbeddedThroughput[] = [];
    for (const clients of clientCounts) {
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
      results.push({
        ...load,
        entriesPerSync: ratio(after.entries - before.entries, after.syncs - before.syncs),
        // The leader sends each entry to two followers.
        entriesPerFrame: ratio(2 * (after.entries - before.entries), after.frames - before.frames),
      });
    }
    return results;
  } finally {
    for (const node of nodes) await node.host.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function counts({ storage, transport }: Node): { entries: number; syncs: number; frames: number } {
  const { entries, syncs } = storage.stats();
  return { entries, syncs, frames: transport.stats().framesSent };
}

async function startNodes(folder: string): Promise<readonly Node[]> {
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
      const replica = host.openGroup({
        createEngine: (start) => createRaftEngine(start),
        codec: raftMessageCodec,
        stateMachine: new CommandCounter(),
        snapshotEveryEntries: 100_000,
      });
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
