/**
 * What many groups cost that have nothing to do: three hosts in one process, each with all groups. Every case runs in a
 * process of its own, so that its memory and processor time are its own.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type NodeId, type NodeStorage, Random, type Transport } from '@synod/core';
import { MemoryNetwork, MemoryNodeStorage } from '@synod/core/memory';
import { createRaftEngine, raftMessageCodec } from '@synod/raft';
import { openReplicaHost, type Replica, type ReplicaHost } from '@synod/replica';
import { openWalDirectory } from '@synod/storage-wal';
import { createWebSocketTransport } from '@synod/transport-ws';
import { CommandCounter } from './command-counter.js';

/** One case. */
export interface IdleCase {
  /** Memory for network and disk, or WebSockets and a log on the real disk. */
  readonly over: 'memory' | 'websocket';
  /** Groups on each of the three hosts. */
  readonly groups: number;
  /** Whether groups fall asleep. */
  readonly sleep: boolean;
}

/** What one case gave. */
export interface IdleGroups extends IdleCase {
  /** Milliseconds to open all groups on all hosts, without elections. */
  readonly openMs: number;
  /** Milliseconds from then until all groups have a leader on all hosts, and sleep if they do. */
  readonly settleMs: number;
  /** Milliseconds for one command in each of a hundred groups, from rest. */
  readonly wakeMs: number;
  /** Processor time over the idle stretch, in percent of one core. */
  readonly idlePercent: number;
  /** Payloads that left the three hosts a second, over WebSockets frames. */
  readonly framesPerSecond: number | undefined;
  /** Resident memory of the whole process while idle, in MiB. */
  readonly residentMiB: number;
}

const ids: readonly NodeId[] = ['n1', 'n2', 'n3'];
const tickMs = 50;
const wokenGroups = 100;

interface Node {
  readonly host: ReplicaHost;
  readonly replicas: readonly Replica<number>[];
}

interface Surroundings {
  readonly storageOf: (id: NodeId) => Promise<NodeStorage>;
  readonly transportOf: (id: NodeId) => Transport;
  /** Lets the nodes find each other. */
  readonly connect: () => void;
  readonly framesSent: () => number | undefined;
}

/** Measures one case in a process of its own. */
export async function measureIdleGroups(
  directory: string,
  durationMs: number,
  { over, groups, sleep }: IdleCase,
): Promise<IdleGroups> {
  const program = fileURLToPath(new URL('./idle-groups-process.js', import.meta.url));
  const child = spawn(
    process.execPath,
    [program, directory, String(durationMs), over, String(groups), String(sleep)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw new Error(`the process with ${groups} idle groups ended with ${code}`);
  return JSON.parse(output) as IdleGroups;
}

/** The measurement itself. */
export async function runIdleGroups(
  directory: string,
  durationMs: number,
  idle: IdleCase,
): Promise<IdleGroups> {
  const folder = await mkdtemp(path.join(directory, 'idle-'));
  const around = idle.over === 'memory' ? inMemory() : onSocketsAndDisk(folder);
  const hosts = await Promise.all(
    ids.map(async (id) =>
      openReplicaHost({
        id,
        membershipIds: ids,
        storage: await around.storageOf(id),
        transport: around.transportOf(id),
        tickMs,
        quiesceAfterTicks: idle.sleep ? 20 : 0,
      }),
    ),
  );
  around.connect();
  await Promise.all(hosts.map((host) => host.admitted));
  const openedAt = performance.now();
  const nodes = hosts.map((host) => openGroups(host, idle.groups));
  const openMs = performance.now() - openedAt;
  const settleMs = await timed(() => until(() => nodes.every((node) => isSettled(node, idle.sleep))));
  const wakeMs = await timed(() => commandInSome(nodes));
  await until(() => nodes.every((node) => isSettled(node, idle.sleep)));
  const measured = await measureIdling(durationMs, around);
  await Promise.all(hosts.map((host) => host.close()));
  await rm(folder, { recursive: true, force: true });
  return { ...idle, openMs, settleMs, wakeMs, ...measured };
}

async function measureIdling(durationMs: number, around: Surroundings) {
  // What the elections left behind is not part of idling.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const framesBefore = around.framesSent();
  const cpuBefore = process.cpuUsage();
  const began = performance.now();
  await new Promise((resolve) => setTimeout(resolve, durationMs));
  const elapsedMs = performance.now() - began;
  const { user, system } = process.cpuUsage(cpuBefore);
  const frames = around.framesSent();
  return {
    idlePercent: ((user + system) / 1000 / elapsedMs) * 100,
    framesPerSecond:
      frames === undefined || framesBefore === undefined
        ? undefined
        : ((frames - framesBefore) * 1000) / elapsedMs,
    residentMiB: process.memoryUsage().rss / 2 ** 20,
  };
}

function openGroups(host: ReplicaHost, groups: number): Node {
  const replicas = Array.from({ length: groups }, (_, group) =>
    host.openGroup({
      group,
      createEngine: (start) => createRaftEngine(start),
      codec: raftMessageCodec,
      stateMachine: new CommandCounter(),
    }),
  );
  return { host, replicas };
}

function isSettled({ host, replicas }: Node, sleep: boolean): boolean {
  if (sleep) return host.status().asleep === replicas.length;
  return replicas.every(({ leader }) => leader !== undefined);
}

async function commandInSome(nodes: readonly Node[]): Promise<void> {
  const command = new Uint8Array(64);
  const leaders = nodes.flatMap(({ replicas }) =>
    replicas.slice(0, wokenGroups).filter(({ isLeader }) => isLeader),
  );
  await Promise.all(leaders.map((leader) => leader.propose(command)));
}

async function timed(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + 300_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error('the groups did not come to rest in 300 s');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function inMemory(): Surroundings {
  const network = new MemoryNetwork();
  return {
    storageOf: (id) => Promise.resolve(new MemoryNodeStorage(String(ids.indexOf(id)).repeat(32))),
    transportOf: (id) => network.transport(id),
    connect: () => {},
    framesSent: () => undefined,
  };
}

function onSocketsAndDisk(folder: string): Surroundings {
  const transports = new Map(
    ids.map((id) => [
      id,
      createWebSocketTransport({
        clusterId: 'bench',
        id,
        listen: { port: 0 },
        peers: [],
        random: new Random(id),
      }),
    ]),
  );
  return {
    storageOf: (id) => openWalDirectory(path.join(folder, id)),
    transportOf: (id) => {
      const transport = transports.get(id);
      if (transport === undefined) throw new Error(`${id} is no node of the benchmark`);
      return transport;
    },
    connect: () => {
      const peers = [...transports].map(([id, { address }]) => ({ id, address: address?.url ?? '' }));
      for (const transport of transports.values()) transport.updatePeers(peers);
    },
    framesSent: () =>
      [...transports.values()].reduce((sum, transport) => sum + transport.stats().framesSent, 0),
  };
}
