/** Restarts, snapshots and bounds. */
import type { EngineMessage } from '../engine.js';
import { createMembership } from '../membership.js';
import { demand } from './contract-watch.js';
import type { EngineCluster } from './engine-cluster.js';
import type { ComplianceCase, EngineUnderTest } from './engine-under-test.js';
import { awaitLeader, clusterOf, demandCommands, demandRefused, ledCluster, proposeAs } from './trial.js';

/** Cases about what is kept, and what is too much. */
export function logCases<Message extends EngineMessage>(
  engine: EngineUnderTest<Message>,
): readonly ComplianceCase[] {
  return [
    { name: 'recovers from its disk, and applies its log again', run: () => recovers(engine) },
    {
      name: 'remembers its term through a crash at any moment of an election',
      run: () => remembersTerm(engine),
    },
    {
      name: 'loses nothing acknowledged when all nodes lose what was not saved',
      run: () => survivesPowerLoss(engine),
    },
    {
      name: 'restores its own snapshot first when it starts from one',
      run: () => restoresOwnSnapshot(engine),
    },
    {
      name: 'brings a node that is behind the discarded log up by a snapshot',
      run: () => installsSnapshot(engine),
    },
    { name: 'offers a snapshot again that was not delivered', run: () => offersAgain(engine) },
    { name: 'refuses what is too large, and what is too much', run: () => refusesTooMuch(engine) },
  ];
}

/** At every moment of an election, what the disk holds is enough to stand by what was said. */
function remembersTerm<Message extends EngineMessage>(engine: EngineUnderTest<Message>): void {
  const cluster = clusterOf(engine);
  cluster.step('n1', { type: 'campaign' });
  for (let messages = 0; messages < 1000; messages++) {
    const message = cluster.network.shift();
    if (message === undefined) break;
    cluster.deliver(message);
    for (const { id, disk, term } of cluster.nodes.values()) {
      const start = { id, group: 0, membership: createMembership(['n1', 'n2', 'n3']), seed: 1 };
      const recovered = engine.createEngine({ ...start, recovered: disk.recover() }, {}).status().term;
      demand(
        recovered >= term,
        `${id} remembers term ${term} after a crash, and is not back in ${recovered}`,
      );
    }
  }
  demand(cluster.leaders().join() === 'n1', 'n1 is elected meanwhile');
}

function recovers<Message extends EngineMessage>(engine: EngineUnderTest<Message>): void {
  const cluster = ledCluster(engine);
  cluster.propose('n1', 'a', 'b', 'c');
  cluster.tick(5);
  for (const id of cluster.nodes.keys()) {
    cluster.crash(id);
    cluster.restart(id);
    cluster.tick(50);
  }
  awaitLeader(cluster);
  cluster.tick(20);
  demandCommands(cluster, ['a', 'b', 'c']);
}

function survivesPowerLoss<Message extends EngineMessage>(engine: EngineUnderTest<Message>): void {
  const cluster = ledCluster(engine);
  cluster.propose('n1', 'saved');
  cluster.settle();
  cluster.autoSave = false;
  cluster.propose('n1', 'not saved');
  cluster.settle();
  for (const id of cluster.nodes.keys()) cluster.crash(id);
  cluster.autoSave = true;
  for (const id of cluster.nodes.keys()) cluster.restart(id);
  const leader = awaitLeader(cluster);
  proposeAs(cluster, leader, 9, 'after');
  cluster.tick(20);
  demandCommands(cluster, ['saved', 'after']);
}

function restoresOwnSnapshot<Message extends EngineMessage>(engine: EngineUnderTest<Message>): void {
  const cluster = ledCluster(engine, { retainedEntries: 0 });
  cluster.propose('n1', 'a', 'b');
  cluster.tick(5);
  cluster.snapshot('n2');
  const { snapshot } = cluster.node('n2').disk;
  demand(snapshot !== undefined, 'a node stores a snapshot of its state machine');
  cluster.propose('n1', 'c');
  cluster.tick(5);
  cluster.crash('n2');
  cluster.restart('n2');
  demand(
    cluster.node('n2').machineIndex >= snapshot.index,
    'an engine that is made from a snapshot asks for it to be installed with its first effects',
  );
  cluster.tick(20);
  demandCommands(cluster, ['c'], ['n2']);
}

/** A cluster in which `n3` missed what the others have discarded behind a snapshot. */
function clusterWithLaggard<Message extends EngineMessage>(
  engine: EngineUnderTest<Message>,
): EngineCluster<Message> {
  const cluster = ledCluster(engine, { retainedEntries: 0 });
  cluster.isolate('n3');
  cluster.propose('n1', 'a', 'b', 'c');
  cluster.settle();
  cluster.tick(3);
  for (const id of ['n1', 'n2']) cluster.snapshot(id);
  cluster.propose('n1', 'd');
  cluster.settle();
  cluster.heal();
  return cluster;
}

function installsSnapshot<Message extends EngineMessage>(engine: EngineUnderTest<Message>): void {
  const cluster = clusterWithLaggard(engine);
  cluster.tick(60);
  demandCommands(cluster, ['d'], ['n3']);
  demand(cluster.node('n3').disk.snapshot !== undefined, 'n3 was brought up by a snapshot');
  cluster.crash('n3');
  cluster.restart('n3');
  cluster.tick(60);
  demandCommands(cluster, ['d'], ['n3']);
}

function offersAgain<Message extends EngineMessage>(engine: EngineUnderTest<Message>): void {
  const cluster = clusterWithLaggard(engine);
  let lost = 0;
  for (let ticks = 0; ticks < 60 && lost < 2; ticks++) {
    for (const id of cluster.nodes.keys()) cluster.step(id, { type: 'tick' });
    for (let hops = 0; hops < 10; hops++)
      for (const message of cluster.network.splice(0)) {
        if (engine.codec.offeredSnapshot(message) === undefined) cluster.deliver(message);
        else if (lost++ >= 0) cluster.lose(message);
      }
  }
  demand(lost >= 2, 'a snapshot that was not delivered is offered again');
  cluster.tick(60);
  demandCommands(cluster, ['d'], ['n3']);
}

function refusesTooMuch<Message extends EngineMessage>(engine: EngineUnderTest<Message>): void {
  const cluster = ledCluster(engine, { entryBytesMax: 100, uncommittedBytesMax: 400, pendingReadsMax: 2 });
  cluster.isolate('n1');
  const propose = (proposal: number, bytes: number) =>
    ({ type: 'propose', commands: [{ proposal, data: new Uint8Array(bytes) }] }) as const;
  demandRefused(cluster, 'n1', propose(1, 101), { type: 'proposal', proposal: 1 }, ['TOO_LARGE']);
  for (let proposal = 2; proposal < 12; proposal++) cluster.step('n1', propose(proposal, 100));
  demandRefused(cluster, 'n1', propose(12, 100), { type: 'proposal', proposal: 12 }, ['OVERLOADED']);
  for (let context = 1; context < 10; context++) cluster.step('n1', { type: 'read', context, mode: 'index' });
  const input = { type: 'read', context: 10, mode: 'index' } as const;
  demandRefused(cluster, 'n1', input, { type: 'read', context: 10 }, ['OVERLOADED']);
}
