/** Three nodes on real logs, one of whose disks says that it is full. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FileHandle, FileSystem, NodeId } from '@synod/core';
import { MemoryNetwork } from '@synod/core/memory';
import { createRaftEngine, raftMessageCodec } from '@synod/raft';
import { nodeFileSystem, openWal } from '@synod/storage-wal';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type HostEvent, openReplicaHost, type Replica, type ReplicaHost } from '../src/index.js';
import { add, type Count, Counter } from './counter.js';

/** A disk that can be filled. */
class FillableDisk {
  isFull = false;
  readonly fileSystem: FileSystem;

  constructor(folder: string) {
    const real = nodeFileSystem(folder);
    this.fileSystem = {
      open: async (path, mode) => this.#watched(await real.open(path, mode)),
      list: (path) => real.list(path),
      makeDirectory: (path) => real.makeDirectory(path),
      rename: (from, to) => real.rename(from, to),
      remove: (path) => real.remove(path),
      syncDirectory: (path) => real.syncDirectory(path),
    };
  }

  #watched(file: FileHandle): FileHandle {
    return {
      write: (bytes, position) =>
        this.isFull
          ? Promise.reject(Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' }))
          : file.write(bytes, position),
      read: (position, length) => file.read(position, length),
      size: () => file.size(),
      truncate: (length) => file.truncate(length),
      dataSync: () => file.dataSync(),
      close: () => file.close(),
    };
  }
}

interface Node {
  readonly id: NodeId;
  readonly disk: FillableDisk;
  readonly host: ReplicaHost;
  readonly replica: Replica<Count>;
  readonly counter: Counter;
}

let folder = '';
let nodes: readonly Node[] = [];
const events: HostEvent[] = [];

async function startAll(ids: readonly NodeId[]): Promise<readonly Node[]> {
  const network = new MemoryNetwork();
  return Promise.all(
    ids.map(async (id, position) => {
      const disk = new FillableDisk(join(folder, id));
      const incarnation = `${position}`.padStart(32, '0');
      await nodeFileSystem(folder).makeDirectory(id);
      const storage = await openWal({ fileSystem: disk.fileSystem, incarnation });
      const host = await openReplicaHost({
        id,
        membershipIds: ids,
        storage,
        transport: network.transport(id),
        tickMs: 10,
        onEvent: (event) => events.push(event),
      });
      const counter = new Counter();
      const replica = host.openGroup({
        createEngine: createRaftEngine,
        codec: raftMessageCodec,
        stateMachine: counter,
      });
      return { id, disk, host, replica, counter };
    }),
  );
}

async function leading(among: readonly Node[]): Promise<Node> {
  let leader: Node | undefined;
  await expect
    .poll(
      () => {
        leader = among.find(({ replica }) => replica.isLeader);
        return leader;
      },
      { timeout: 10_000 },
    )
    .toBeDefined();
  if (leader === undefined) throw new Error('nobody leads');
  return leader;
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'synod-full-disk-'));
  events.length = 0;
});

afterEach(async () => {
  await Promise.all(nodes.map(({ host }) => host.close()));
  await rm(folder, { recursive: true, force: true });
});

describe('a full disk', () => {
  it('of the leader: it hands over, refuses proposals, takes part, and catches up when there is room', async () => {
    nodes = await startAll(['n1', 'n2', 'n3']);
    const full = await leading(nodes);
    await full.replica.propose(add(1));
    full.disk.isFull = true;
    // It is met by the first save that comes, and that one's outcome is open until another leads.
    const open = full.replica.propose(add(10)).then(
      () => 'applied',
      (error: { readonly effect: string }) => error.effect,
    );
    const others = nodes.filter((node) => node !== full);
    const next = await leading(others);
    expect(await full.replica.propose(add(100)).catch((error: unknown) => error)).toMatchObject({
      code: 'STORAGE_FULL',
      effect: 'none',
      retryable: true,
    });
    expect(full.replica.status().explanation).toContain('its disk is full');
    await next.replica.propose(add(50));
    const total = next.counter.total;
    expect([51, 61]).toContain(total);
    // What is written now has no place there, but the node still takes part.
    expect(full.replica.leader).toBe(next.id);
    expect(full.counter.total).toBeLessThan(total);
    expect(await next.replica.read(() => next.counter.total)).toBe(total);
    const story = () => events.filter(({ node }) => node === full.id).map(({ event }) => event.type);
    expect(story()).toContain('storageFull');
    expect(story()).not.toContain('failed');

    full.disk.isFull = false;
    await expect.poll(() => full.counter.total, { timeout: 10_000 }).toBe(total);
    await expect.poll(story).toContain('storageHasRoom');
    expect(await open).toBe(total === 61 ? 'applied' : 'unknown');
    await (await leading(nodes)).replica.propose(add(1));
    await expect
      .poll(() => nodes.map(({ counter }) => counter.total))
      .toEqual([total + 1, total + 1, total + 1]);
  }, 30_000);

  it('of the only node: nothing that was acknowledged is lost, and it goes on without a restart', async () => {
    nodes = await startAll(['n1']);
    const [alone] = nodes;
    if (alone === undefined) throw new Error('no node');
    await alone.replica.waitForLeader();
    await alone.replica.propose(add(1));
    alone.disk.isFull = true;
    const waiting = alone.replica.propose(add(2), { timeoutMs: 30_000 });
    await expect.poll(() => alone.replica.status().explanation).toContain('its disk is full');
    expect(await alone.replica.propose(add(4)).catch((error: unknown) => error)).toMatchObject({
      code: 'STORAGE_FULL',
    });
    expect(await alone.replica.read(() => alone.counter.total)).toBe(1);
    alone.disk.isFull = false;
    await waiting;
    expect(alone.counter.total).toBe(3);
    await expect.poll(() => alone.replica.status().explanation).not.toContain('full');
    await alone.replica.propose(add(8));
    expect(alone.counter.total).toBe(11);
  }, 30_000);

  it('does not keep a node from being closed, which ends what waits as unknown', async () => {
    nodes = await startAll(['n1']);
    const [alone] = nodes;
    if (alone === undefined) throw new Error('no node');
    await alone.replica.waitForLeader();
    alone.disk.isFull = true;
    const waiting = alone.replica.propose(add(2)).catch((error: unknown) => error);
    await expect.poll(() => alone.replica.status().explanation).toContain('its disk is full');
    const closed = alone.host.close();
    expect(await waiting).toMatchObject({ effect: 'unknown' });
    await closed;
  });
});
