/** Real nodes whose disks fail and fill up under them. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ClusterProcess, temporaryDirectory, waitFor } from './cluster-process.js';

const preload = pathToFileURL(path.join(import.meta.dirname, 'broken-disk.mjs')).href;

let data: string;
let orders: string;
let cluster: ClusterProcess;

beforeEach(async () => {
  data = await temporaryDirectory('broken-disk');
  orders = path.join(data, 'orders');
  process.env.NODE_OPTIONS = `--import=${preload}`;
  process.env.SYNOD_BROKEN_DISK = orders;
  cluster = await ClusterProcess.start({ data });
});

afterEach(async () => {
  delete process.env.NODE_OPTIONS;
  delete process.env.SYNOD_BROKEN_DISK;
  await cluster.stop();
  await fs.rm(data, { recursive: true, force: true });
});

async function putUntilTaken(key: string): Promise<void> {
  await waitFor(`room for ${key}`, async () => {
    try {
      await cluster.put(key, 'value');
      return true;
    } catch {
      return undefined;
    }
  });
}

describe('a disk that breaks under a node', () => {
  it('at a failed sync the node stops at once and says what to do, and the others go on', async () => {
    await cluster.put('before', 'value');
    const follower = (await cluster.leader()) === 'n2' ? 'n3' : 'n2';
    await fs.writeFile(orders, `${follower} EIO datasync`);
    await putUntilTaken('during');
    const { process: ended } = await waitFor('the node to end', async () => {
      const node = await cluster.node(follower);
      return node.process?.state === 'stopped' ? node : undefined;
    });
    expect(ended?.exit?.code).toBe(12);
    expect(ended?.exit?.message).toMatch(
      /writing to the log failed \(EIO.*restart the node once the disk is sound/,
    );
    await fs.rm(orders);
    await cluster.restart(follower);
    await putUntilTaken('after');
    for (const key of ['before', 'during', 'after']) expect(await cluster.get(key)).toBe('value');
  });

  it('when the disk of the leader is full another node leads, and it goes on without a restart', async () => {
    await cluster.put('before', 'value');
    const full = await cluster.leader();
    const { pid } = await cluster.status(full);
    await fs.writeFile(orders, `${full} ENOSPC write`);
    for (let count = 0; count < 5; count++) await putUntilTaken(`during-${count}`);
    expect(await cluster.leader()).not.toBe(full);
    expect((await cluster.status(full)).storage?.full).toBe(true);
    await fs.rm(orders);
    await waitFor('room on the disk', async () =>
      (await cluster.status(full)).storage?.full === false ? true : undefined,
    );
    await putUntilTaken('after');
    expect((await cluster.status(full)).pid).toBe(pid);
    for (const key of ['before', 'during-0', 'during-4', 'after'])
      expect(await cluster.get(key)).toBe('value');
  });
});
