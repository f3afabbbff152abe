/**
 * The tables of the guide "Raft and Paxos": what the engines really say to each other. Written anew with `vitest -u` when
 * an engine has moved on.
 */
import type { EngineMessage } from '@synod/core';
import { createMultiPaxosEngine, multiPaxosMessageCodec } from '@synod/paxos';
import { createRaftEngine, raftMessageCodec } from '@synod/raft';
import { describe, expect, it } from 'vitest';
import { paxosWords, raftWords } from './message-words.js';
import { TracedCluster, type TracedEngine } from './traced-cluster.js';

const raft = { create: createRaftEngine, codec: raftMessageCodec, words: raftWords };
const paxos = { create: createMultiPaxosEngine, codec: multiPaxosMessageCodec, words: paxosWords };

describe('what the engines say to each other', () => {
  it('in a normal write', async () => {
    await expectTables('normal-write', normalWrite(raft), normalWrite(paxos));
  });

  it('when the leader dies with a value that one other node holds', async () => {
    await expectTables('leader-loss', leaderLoss(raft), leaderLoss(paxos));
  });

  it('when a leader that was cut off comes back', async () => {
    await expectTables('healed-partition', healedPartition(raft), healedPartition(paxos));
  });
});

async function expectTables(situation: string, ofRaft: string, ofPaxos: string): Promise<void> {
  await expect(ofRaft).toMatchFileSnapshot(`../generated/${situation}-raft.md`);
  await expect(ofPaxos).toMatchFileSnapshot(`../generated/${situation}-paxos.md`);
}

function normalWrite<Message extends EngineMessage>(engine: TracedEngine<Message>): string {
  const traced = new TracedCluster(engine);
  traced.begin();
  traced.note('a client asks n1 to write x');
  traced.cluster.propose('n1', 'x');
  traced.settle();
  expect(traced.hasApplied('x', 'n1', 'n2', 'n3')).toBe(true);
  return traced.table();
}

function leaderLoss<Message extends EngineMessage>(engine: TracedEngine<Message>): string {
  const traced = new TracedCluster(engine);
  const { cluster } = traced;
  cluster.propose('n1', 'y');
  for (const message of cluster.network.splice(0)) if (message.to === 'n2') cluster.deliver(message);
  cluster.crash('n1');
  traced.begin();
  traced.note('n1 has sent y to n2 alone, and dies');
  expect(traced.hasApplied('y', 'n2')).toBe(false);
  traced.tickUntil(() => traced.hasApplied('y', 'n2', 'n3'));
  return traced.table();
}

function healedPartition<Message extends EngineMessage>(engine: TracedEngine<Message>): string {
  const traced = new TracedCluster(engine);
  const { cluster } = traced;
  cluster.isolate('n1');
  cluster.propose('n1', 'a');
  cluster.tick(60);
  const [leader, ...others] = cluster.leaders();
  expect(others).toEqual([]);
  if (leader === undefined || leader === 'n1') throw new Error('the two that hear each other have no leader');
  cluster.propose(leader, 'b');
  cluster.settle();
  expect(traced.hasApplied('b', 'n2', 'n3')).toBe(true);
  cluster.heal();
  traced.begin();
  traced.note(
    `n1 holds a, which it could tell nobody; ${leader} leads since, and b is decided. The links work again`,
  );
  traced.tickUntil(() => traced.hasApplied('b', 'n1'));
  expect(traced.hasApplied('a', 'n1')).toBe(false);
  return traced.table();
}
