/** The order of effects, and what they promise. */
import type { EngineMessage } from '../engine.js';
import { demand } from './contract-watch.js';
import type { ComplianceCase, EngineUnderTest } from './engine-under-test.js';
import { clusterOf, demandCommands, ledCluster, proposeAs } from './trial.js';

/** Cases about effects and durability. */
export function effectCases<Message extends EngineMessage>(
  engine: EngineUnderTest<Message>,
): readonly ComplianceCase[] {
  return [
    { name: 'says who and what it is', run: () => saysWhoItIs(engine) },
    { name: 'gives its effects once', run: () => givesEffectsOnce(engine) },
    { name: 'commits nothing before a quorum has it on disk', run: () => waitsForQuorum(engine) },
    { name: 'applies nothing before its own disk has it', run: () => waitsForOwnDisk(engine) },
    { name: 'serves all commands of a turn with one save', run: () => batches(engine) },
    { name: 'applies every command once on every node, in one order', run: () => appliesInOrder(engine) },
  ];
}

function saysWhoItIs<Message extends EngineMessage>(engine: EngineUnderTest<Message>): void {
  const node = clusterOf(engine).node('n2').engine;
  const status = node.status();
  demand(node.kind === engine.kind && status.kind === engine.kind, `its kind is ${engine.kind}`);
  demand(
    node.id === 'n2' && status.id === 'n2' && status.group === node.group,
    'it is the node it was made as',
  );
  demand(status.role === 'follower' && status.leader === undefined, 'it begins as a follower of nobody');
  demand(status.explanation.length > 0, 'its status says in words what it waits for');
}

function givesEffectsOnce<Message extends EngineMessage>(engine: EngineUnderTest<Message>): void {
  const cluster = ledCluster(engine);
  const leader = cluster.node('n1').engine;
  leader.step({ type: 'propose', commands: [{ proposal: 1, data: Uint8Array.of(1) }] });
  demand(leader.takeEffects() !== undefined, 'a command has effects');
  demand(leader.takeEffects() === undefined, 'effects that were taken do not come again');
}

function waitsForQuorum<Message extends EngineMessage>(engine: EngineUnderTest<Message>): void {
  const cluster = ledCluster(engine);
  cluster.autoSave = false;
  proposeAs(cluster, 'n1', 1, 'x');
  cluster.save('n1');
  cluster.settle();
  demandCommands(cluster, [], ['n1']);
  cluster.save('n2');
  cluster.settle();
  demandCommands(cluster, ['x'], ['n1']);
  demand(
    cluster.node('n1').answered(1) !== undefined,
    'the committed entry carries the number of its proposal',
  );
}

function waitsForOwnDisk<Message extends EngineMessage>(engine: EngineUnderTest<Message>): void {
  const cluster = ledCluster(engine);
  cluster.autoSave = false;
  proposeAs(cluster, 'n1', 1, 'x');
  for (let hops = 0; hops < 4; hops++) {
    cluster.settle();
    for (const id of ['n2', 'n3']) cluster.save(id);
  }
  demandCommands(cluster, [], ['n1']);
  cluster.save('n1');
  cluster.settle();
  demandCommands(cluster, ['x'], ['n1']);
}

function batches<Message extends EngineMessage>(engine: EngineUnderTest<Message>): void {
  const cluster = ledCluster(engine);
  const leader = cluster.node('n1').engine;
  for (let proposal = 1; proposal <= 3; proposal++)
    leader.step({ type: 'propose', commands: [{ proposal, data: Uint8Array.of(proposal) }] });
  const commands = leader.takeEffects()?.save?.entries.filter(({ kind }) => kind === 'command') ?? [];
  demand(commands.length === 3, `one save holds the three commands of a turn, not ${commands.length}`);
}

function appliesInOrder<Message extends EngineMessage>(engine: EngineUnderTest<Message>): void {
  const cluster = ledCluster(engine);
  const texts = Array.from({ length: 50 }, (_, position) => `c${position}`);
  for (const [position, text] of texts.entries()) {
    proposeAs(cluster, 'n1', position + 1, text);
    if (position % 7 === 0) cluster.settle();
  }
  cluster.settle();
  cluster.tick(5);
  demandCommands(cluster, texts);
  for (const id of ['n2', 'n3'])
    demand(
      cluster.node(id).applied.every(({ proposal }) => proposal === undefined),
      `the numbers of the proposals stay on the node that proposed, and do not come to ${id}`,
    );
}
