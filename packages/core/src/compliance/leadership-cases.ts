/** Elections, what a node that does not lead refuses, reads, and transfers of leadership. */
import type { EngineMessage } from '../engine.js';
import type { LogIndex } from '../ids.js';
import { demand } from './contract-watch.js';
import type { EngineCluster } from './engine-cluster.js';
import type { ComplianceCase, EngineUnderTest } from './engine-under-test.js';
import {
  awaitLeader,
  clusterOf,
  demandCommands,
  demandRefused,
  ledCluster,
  proposeAs,
  refusalsOf,
} from './trial.js';

/** Cases about who leads, and what that is good for. */
export function leadershipCases<Message extends EngineMessage>(
  engine: EngineUnderTest<Message>,
): readonly ComplianceCase[] {
  return [
    { name: 'elects a leader by itself, and keeps it', run: () => electsAndKeeps(engine) },
    { name: 'leads when it is asked to campaign', run: () => campaigns(engine) },
    { name: 'elects another when its leader is gone', run: () => replacesLeader(engine) },
    { name: 'settles each proposal once, whatever becomes of its leader', run: () => settlesOnce(engine) },
    { name: 'names the leader when it does not lead', run: () => namesLeader(engine) },
    { name: 'reads on every node what was committed before', run: () => readsOnEveryNode(engine) },
    { name: 'lets no read through at a leader that was replaced', run: () => readsNothingStale(engine) },
    { name: 'hands the leadership over when asked', run: () => transfers(engine) },
    { name: 'is not harmed when told that its leader is gone', run: () => forgets(engine) },
  ];
}

function electsAndKeeps<Message extends EngineMessage>(engine: EngineUnderTest<Message>): void {
  const cluster = clusterOf(engine);
  const leader = awaitLeader(cluster);
  cluster.tick(5);
  const { term } = cluster.node(leader);
  cluster.tick(300);
  demand(cluster.leaders().join() === leader, `${leader} leads on while all is well`);
  demand(cluster.node(leader).term === term, 'no term passes while all is well');
  for (const id of cluster.nodes.keys())
    demand(cluster.node(id).engine.status().leader === leader, `${id} knows that ${leader} leads`);
}

function campaigns<Message extends EngineMessage>(engine: EngineUnderTest<Message>): void {
  const cluster = clusterOf(engine);
  cluster.step('n3', { type: 'campaign' });
  cluster.settle();
  demand(cluster.leaders().join() === 'n3', 'who is asked to campaign while nobody leads is elected');
}

function replacesLeader<Message extends EngineMessage>(engine: EngineUnderTest<Message>): void {
  const cluster = ledCluster(engine);
  proposeAs(cluster, 'n1', 1, 'before');
  cluster.settle();
  cluster.crash('n1');
  const next = awaitLeader(cluster);
  proposeAs(cluster, next, 2, 'after');
  cluster.tick(5);
  demandCommands(cluster, ['before', 'after'], ['n2', 'n3']);
  cluster.restart('n1');
  cluster.tick(100);
  demandCommands(cluster, ['before', 'after']);
}

function settlesOnce<Message extends EngineMessage>(engine: EngineUnderTest<Message>): void {
  const cluster = ledCluster(engine);
  cluster.isolate('n1');
  proposeAs(cluster, 'n1', 7, 'lost or not');
  cluster.tick(200);
  cluster.heal();
  cluster.tick(200);
  const leader = awaitLeader(cluster);
  proposeAs(cluster, leader, 8, 'goes on');
  cluster.tick(20);
  const applied = cluster.node('n1').answered(7) === undefined ? 0 : 1;
  const refused = refusalsOf(cluster, 'n1', { type: 'proposal', proposal: 7 });
  demand(
    applied + refused.length === 1,
    `a proposal ends once: it was applied ${applied} and refused ${refused.length} times`,
  );
  const isThere = cluster.node(leader).commands.includes('lost or not');
  const isDefinite = refused.some(({ effect }) => effect === 'none');
  demand(!(isThere && isDefinite), 'what was refused without effect never takes effect');
}

function namesLeader<Message extends EngineMessage>(engine: EngineUnderTest<Message>): void {
  const cluster = ledCluster(engine);
  const input = { type: 'propose', commands: [{ proposal: 1, data: Uint8Array.of(1) }] } as const;
  const subject = { type: 'proposal', proposal: 1 } as const;
  const { leader } = demandRefused(cluster, 'n2', input, subject, ['NOT_LEADER']);
  demand(leader === 'n1', `a follower that refuses names n1, not ${leader}`);
  const alone = clusterOf(engine);
  demandRefused(alone, 'n1', input, subject, ['NO_LEADER']);
}

function readsOnEveryNode<Message extends EngineMessage>(engine: EngineUnderTest<Message>): void {
  const cluster = ledCluster(engine);
  proposeAs(cluster, 'n1', 1, 'x');
  cluster.settle();
  const index = cluster.node('n1').answered(1) ?? Number.POSITIVE_INFINITY;
  for (const mode of ['index', 'lease'] as const)
    for (const id of cluster.nodes.keys()) {
      const context = mode === 'index' ? 1 : 2;
      cluster.step(id, { type: 'read', context, mode });
      cluster.settle();
      demandRead(cluster, id, context, index);
    }
}

function demandRead<Message extends EngineMessage>(
  cluster: EngineCluster<Message>,
  id: string,
  context: number,
  least: LogIndex,
): void {
  const index = cluster.node(id).reads.get(context);
  demand(index !== undefined, `a read at ${id} is let through while a quorum is there`);
  demand(
    index >= least,
    `a read at ${id} waits for ${least}, which was committed before, not only for ${index}`,
  );
}

function readsNothingStale<Message extends EngineMessage>(engine: EngineUnderTest<Message>): void {
  const cluster = ledCluster(engine);
  cluster.isolate('n1');
  cluster.tick(100);
  const next = cluster.leaders().find((id) => id !== 'n1');
  demand(next !== undefined, 'the others elect a leader when theirs is cut off');
  proposeAs(cluster, next, 1, 'new');
  cluster.tick(5);
  cluster.step('n1', { type: 'read', context: 9, mode: 'index' });
  cluster.tick(200);
  demand(!cluster.node('n1').reads.has(9), 'a leader that was replaced lets no read through');
  const refused = refusalsOf(cluster, 'n1', { type: 'read', context: 9 });
  demand(
    refused.length === 1,
    `a read that cannot be confirmed is refused once in the end, not ${refused.length} times`,
  );
}

function transfers<Message extends EngineMessage>(engine: EngineUnderTest<Message>): void {
  const cluster = ledCluster(engine);
  const input = { type: 'transferLeadership', to: 'n3' } as const;
  const subject = { type: 'transfer' } as const;
  if (engine.lacks?.includes('transferLeadership') === true) {
    demandRefused(cluster, 'n1', input, subject, ['UNSUPPORTED']);
    return;
  }
  demandRefused(cluster, 'n2', input, subject, ['NOT_LEADER']);
  demandRefused(cluster, 'n1', { type: 'transferLeadership', to: 'n9' }, subject, ['INVALID']);
  cluster.step('n1', input);
  cluster.settle();
  cluster.tick(2);
  demand(cluster.leaders().join() === 'n3', 'the leadership goes to the node that was named');
}

function forgets<Message extends EngineMessage>(engine: EngineUnderTest<Message>): void {
  const cluster = ledCluster(engine);
  for (const id of cluster.nodes.keys()) cluster.step(id, { type: 'forgetLeader' });
  cluster.tick(20);
  const leader = awaitLeader(cluster);
  proposeAs(cluster, leader, 1, 'x');
  cluster.tick(5);
  demandCommands(cluster, ['x']);
}
