/** Changes of membership. */
import type { EngineMessage, MembershipChange } from '../engine.js';
import { demand } from './contract-watch.js';
import { membersOf } from './engine-node.js';
import type { ComplianceCase, EngineUnderTest } from './engine-under-test.js';
import { awaitLeader, clusterOf, demandCommands, demandRefused, ledCluster, proposeAs } from './trial.js';

/** Cases about who takes part. */
export function membershipCases<Message extends EngineMessage>(
  engine: EngineUnderTest<Message>,
): readonly ComplianceCase[] {
  if (engine.lacks?.includes('changeMembership') === true)
    return [{ name: 'refuses to change its members, since it cannot', run: () => refusesAll(engine) }];
  return [
    { name: 'takes a node in as a learner, then as a voter', run: () => takesIn(engine) },
    { name: 'lets a node go, and does not need it any more', run: () => letsGo(engine) },
    { name: 'goes on without a leader that is removed', run: () => removesLeader(engine) },
    { name: 'refuses changes that are not for now, or never', run: () => refusesUnsafe(engine) },
    { name: 'asks nothing of a learner that nobody made a voter', run: () => learnersDecideNothing(engine) },
  ];
}

function asking(change: MembershipChange, proposal: number) {
  return { type: 'changeMembership', change, proposal } as const;
}

function refusesAll<Message extends EngineMessage>(engine: EngineUnderTest<Message>): void {
  const cluster = ledCluster(engine);
  const input = asking({ target: membersOf('n1 n2') }, 1);
  demandRefused(cluster, 'n1', input, { type: 'proposal', proposal: 1 }, ['UNSUPPORTED']);
}

function takesIn<Message extends EngineMessage>(engine: EngineUnderTest<Message>): void {
  const cluster = ledCluster(engine, {}, { spare: ['n4'] });
  cluster.propose('n1', 'x');
  cluster.settle();
  cluster.change('n1', 'n1 n2 n3 (n4)', 11);
  cluster.tick(20);
  demand(cluster.node('n1').answered(11) !== undefined, 'a change is answered when it is complete');
  demandCommands(cluster, ['x']);
  cluster.change('n1', 'n1 n2 n3 n4', 12);
  cluster.tick(20);
  demand(cluster.node('n1').answered(12) !== undefined, 'a learner that has caught up becomes a voter');
  for (const { id, members } of cluster.nodes.values())
    demand(members === 'n1 n2 n3 n4', `${id} is governed by n1 n2 n3 n4, not by ${members}`);
}

function letsGo<Message extends EngineMessage>(engine: EngineUnderTest<Message>): void {
  const cluster = ledCluster(engine);
  cluster.change('n1', 'n1 n2', 11);
  cluster.tick(20);
  demand(cluster.node('n1').answered(11) !== undefined, 'a voter can be removed');
  cluster.crash('n3');
  cluster.propose('n1', 'x');
  cluster.tick(20);
  demandCommands(cluster, ['x'], ['n1', 'n2']);
  cluster.crash('n2');
  cluster.propose('n1', 'y');
  cluster.tick(3);
  demandCommands(cluster, ['x'], ['n1']);
}

function removesLeader<Message extends EngineMessage>(engine: EngineUnderTest<Message>): void {
  const cluster = ledCluster(engine);
  cluster.change('n1', 'n2 n3', 11);
  cluster.tick(100);
  const leader = awaitLeader(cluster);
  demand(leader !== 'n1', 'a node that is no member any more does not lead');
  cluster.crash('n1');
  proposeAs(cluster, leader, 1, 'x');
  cluster.tick(20);
  demandCommands(cluster, ['x'], ['n2', 'n3']);
}

function refusesUnsafe<Message extends EngineMessage>(engine: EngineUnderTest<Message>): void {
  const cluster = ledCluster(engine, {}, { spare: ['n4'] });
  const refuse = (
    change: MembershipChange,
    proposal: number,
    ...codes: Parameters<typeof demandRefused>[4]
  ) => demandRefused(cluster, 'n1', asking(change, proposal), { type: 'proposal', proposal }, codes);
  refuse({ target: membersOf('(n1) (n2)') }, 1, 'INVALID');
  refuse({ target: { ...membersOf('n1 n2'), outgoingVoters: ['n3'] } }, 2, 'INVALID');
  refuse({ target: membersOf('n1 n2 n3 n4') }, 3, 'NOT_READY');
  refuse({ target: membersOf('n1 n2'), ifMembershipIndex: 1_000_000 }, 4, 'CONFLICT');
  const follower = asking({ target: membersOf('n1 n2') }, 5);
  demandRefused(cluster, 'n2', follower, { type: 'proposal', proposal: 5 }, ['NOT_LEADER']);
  cluster.isolate('n1');
  cluster.change('n1', 'n1 n2 n3 (n4)', 6);
  refuse({ target: membersOf('n1 n2') }, 7, 'NOT_READY');
}

function learnersDecideNothing<Message extends EngineMessage>(engine: EngineUnderTest<Message>): void {
  const cluster = clusterOf(engine, {}, { spare: ['n4'] });
  cluster.elect('n1');
  cluster.tick(3);
  cluster.change('n1', 'n1 n2 n3 (n4)', 11);
  cluster.tick(20);
  for (const id of ['n2', 'n3']) cluster.crash(id);
  cluster.propose('n1', 'x');
  cluster.settle();
  demandCommands(cluster, [], ['n1']);
  cluster.crash('n1');
  cluster.step('n4', { type: 'campaign' });
  cluster.tick(100);
  demand(cluster.leaders().length === 0, 'a learner does not lead, not even when it is asked to campaign');
}
