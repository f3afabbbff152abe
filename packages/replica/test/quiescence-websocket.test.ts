/** Sleeping groups over real sockets, real time and a real log. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { type NodeId, Random } from '@synod/core';
import { createRaftEngine, raftMessageCodec } from '@synod/raft';
import { openWalDirectory } from '@synod/storage-wal';
import { createWebSocketTransport } from '@synod/transport-ws';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openReplicaHost, type Replica, type ReplicaHost } from '../src/index.js';
import { add, type Count, Counter } from './counter.js';
import { eventually } from './raft-cluster.js';

const ids: readonly NodeId[] = ['n1', 'n2', 'n3'];
const groups = 50;

interface Node {
  readonly host: ReplicaHost;
  readonly replicas: readonly Replica<Count>[];
}

let folder: string;
const nodes = new Map<NodeId, Node>();

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'synod-sleep-'));
  const transports = ids.map((id) =>
    createWebSocketTransport({
      clusterId: 'sleep',
      id,
      listen: { port: 0 },
      peers: [],
      random: new Random(id),
    }),
  );
  for (const [position, id] of ids.entries()) {
    const transport = transports[position];
    if (transport === undefined) continue;
    const storage = await openWalDirectory(path.join(folder, id));
    const host = await openReplicaHost({
      id,
      membershipIds: ids,
      storage,
      transport,
      tickMs: 20,
      quiesceAfterTicks: 10,
    });
    const replicas = Array.from({ length: groups }, (_, group) =>
      host.openGroup({
        group,
        createEngine: (start) => createRaftEngine(start),
        codec: raftMessageCodec,
        stateMachine: new Counter(),
      }),
    );
    nodes.set(id, { host, replicas });
  }
  const peers = ids.map((id, position) => ({ id, address: transports[position]?.address?.url ?? '' }));
  for (const transport of transports) transport.updatePeers(peers);
  await eventually(() => allAsleep());
});

afterEach(async () => {
  await Promise.all([...nodes.values()].map(({ host }) => host.close()));
  nodes.clear();
  await rm(folder, { recursive: true, force: true });
});

function allAsleep(): boolean {
  return [...nodes.values()].every(({ host }) => host.status().asleep === groups);
}

function leaderOf(group: number): Replica<Count> | undefined {
  const replicas = [...nodes.values()].map((node) => node.replicas[group]);
  return replicas.find(
    (replica) =>
      replica?.isLeader === true && replicas.filter((each) => each?.leader === replica.id).length >= 2,
  );
}

describe('fifty sleeping groups over WebSockets', () => {
  it('wake for commands, and for the death of a node that leads some of them', async () => {
    const totals = await Promise.all(
      Array.from({ length: groups }, (_, group) => leaderOf(group)?.propose(add(group % 7))),
    );
    expect(totals.map((applied) => applied?.result.total)).toEqual(
      Array.from({ length: groups }, (_, group) => group % 7),
    );
    await eventually(() => allAsleep());
    const dead = leaderOf(0)?.id ?? '';
    await nodes.get(dead)?.host.close();
    nodes.delete(dead);
    await eventually(() => Array.from({ length: groups }, (_, group) => leaderOf(group)).every(Boolean));
    const results = await Promise.all(
      Array.from({ length: groups }, (_, group) => leaderOf(group)?.propose(add(1))),
    );
    expect(results.map((applied) => applied?.result.total)).toEqual(
      Array.from({ length: groups }, (_, group) => (group % 7) + 1),
    );
  });
});
