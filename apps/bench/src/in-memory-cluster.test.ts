import { describe, expect, it } from 'vitest';
import { measuredEngines } from './measured-engines.js';

const command = (proposal: number) => ({ proposal, data: new Uint8Array(64) });

describe.each(measuredEngines)('three engines in one thread: $name', (engine) => {
  const newCluster = () => engine.newCluster();

  it('commit every command on every node, and each state machine applies it', () => {
    const cluster = newCluster();
    for (let proposal = 0; proposal < 100; proposal++) {
      cluster.propose([command(proposal)]);
      cluster.settle();
    }
    cluster.propose([command(100), command(101), command(102)]);
    expect(cluster.committed).toBe(100);
    cluster.settle();
    expect([cluster.committed, cluster.committedEverywhere]).toEqual([103, 103]);
  });

  it('go on after the log was cut', () => {
    const cluster = newCluster();
    for (let turn = 0; turn < 3; turn++) {
      cluster.propose(Array.from({ length: 6000 }, (_, proposal) => command(proposal)));
      cluster.settle();
      cluster.compact();
    }
    expect(cluster.committedEverywhere).toBe(18_000);
  });

  it('send eight messages for one command, and save it once on each node', () => {
    const cluster = newCluster();
    const { messages, saves, savedEntries } = cluster;
    cluster.propose([command(1)]);
    cluster.settle();
    expect(cluster.messages - messages).toBe(8);
    expect(cluster.saves - saves).toBe(3);
    expect(cluster.savedEntries - savedEntries).toBe(3);
  });
});
