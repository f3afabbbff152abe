import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openClusterDirectory } from './cluster-directory.js';

let directory: string;

beforeEach(async () => {
  directory = await fs.mkdtemp(path.join(os.tmpdir(), 'synod-directory-'));
});

afterEach(async () => {
  await fs.rm(directory, { recursive: true, force: true });
});

describe('the directory of a cluster', () => {
  it('keeps the name and the nodes over restarts', async () => {
    const first = await openClusterDirectory(path.join(directory, 'new'), 5, 'raft');
    expect(first.nodes).toEqual(['n1', 'n2', 'n3', 'n4', 'n5']);
    expect(await openClusterDirectory(path.join(directory, 'new'), undefined, 'raft')).toEqual(first);
  });

  it('is not started with another number of nodes or another engine than it holds', async () => {
    await openClusterDirectory(directory, 3, 'raft');
    await expect(openClusterDirectory(directory, 5, 'raft')).rejects.toThrow('give --nodes 3');
    await expect(openClusterDirectory(directory, 3, 'paxos')).rejects.toThrow('give --engine raft');
  });

  it('is not taken over when something else is in it, or its file is damaged', async () => {
    await fs.writeFile(path.join(directory, 'thesis.tex'), 'years of work');
    await expect(openClusterDirectory(directory, 3, 'raft')).rejects.toThrow(
      'is not the directory of a cluster',
    );
    await fs.writeFile(
      path.join(directory, 'cluster.json'),
      '{"format":1,"cluster":"c","nodes":[],"engine":"raft"}',
    );
    await expect(openClusterDirectory(directory, 3, 'raft')).rejects.toThrow(
      'restore it, or give another --data',
    );
  });
});
