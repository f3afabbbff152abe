/** What the cases of the suite have in common: a cluster of the engine under test, and demands on it. */
import type { EngineInput, EngineMessage, Refusal, RefusalCode } from '../engine.js';
import type { NodeId } from '../ids.js';
import { encodeUtf8 } from '../utf8.js';
import { demand } from './contract-watch.js';
import { EngineCluster, type EngineClusterOptions } from './engine-cluster.js';
import type { ComplianceLimits, EngineUnderTest } from './engine-under-test.js';

/** A cluster of three, or what is asked for, with limits. */
export function clusterOf<Message extends EngineMessage>(
  { createEngine, codec }: EngineUnderTest<Message>,
  limits: ComplianceLimits = {},
  options: Omit<EngineClusterOptions<Message>, 'create' | 'codec'> = {},
): EngineCluster<Message> {
  return new EngineCluster({ ...options, codec, create: (start) => createEngine(start, limits) });
}

/** The same, led by `n1`, with what an election leaves behind settled. */
export function ledCluster<Message extends EngineMessage>(
  engine: EngineUnderTest<Message>,
  limits: ComplianceLimits = {},
  options: Omit<EngineClusterOptions<Message>, 'create' | 'codec'> = {},
): EngineCluster<Message> {
  const cluster = clusterOf(engine, limits, options);
  cluster.elect('n1');
  cluster.tick(3);
  return cluster;
}

/** Lets time pass until a node leads. */
export function awaitLeader<Message extends EngineMessage>(cluster: EngineCluster<Message>): NodeId {
  for (let ticks = 0; ticks < 500; ticks++) {
    const [leader] = cluster.leaders();
    if (leader !== undefined && cluster.leaders().length === 1) return leader;
    cluster.tick();
  }
  demand(false, 'a majority that can talk elects a leader within 500 ticks');
}

/** Steps one command with a number of its own. */
export function proposeAs<Message extends EngineMessage>(
  cluster: EngineCluster<Message>,
  id: NodeId,
  proposal: number,
  text: string,
): void {
  cluster.step(id, { type: 'propose', commands: [{ proposal, data: encodeUtf8(text) }] });
}

/** Whether a refusal is of what an input asked for. */
export type Subject = Refusal['subject'];

/** The refusals of one thing, told by a node. */
export function refusalsOf<Message extends EngineMessage>(
  cluster: EngineCluster<Message>,
  id: NodeId,
  subject: Subject,
): readonly Refusal[] {
  return cluster.node(id).refused.filter((refusal) => sameSubject(refusal.subject, subject));
}

function sameSubject(left: Subject, right: Subject): boolean {
  if (left.type === 'proposal') return right.type === 'proposal' && left.proposal === right.proposal;
  if (left.type === 'read') return right.type === 'read' && left.context === right.context;
  return right.type === 'transfer';
}

/** Demands that an input is refused for good, with one of these codes, and gives the refusal. */
export function demandRefused<Message extends EngineMessage>(
  cluster: EngineCluster<Message>,
  id: NodeId,
  input: EngineInput<Message>,
  subject: Subject,
  codes: readonly RefusalCode[],
): Refusal {
  cluster.step(id, input);
  const [refusal, ...more] = refusalsOf(cluster, id, subject);
  const what = `${input.type} at ${id}`;
  demand(refusal !== undefined, `${what} is refused at once`);
  demand(more.length === 0, `${what} is refused once, not ${more.length + 1} times`);
  demand(codes.includes(refusal.code), `${what} is refused with ${codes.join(' or ')}, not ${refusal.code}`);
  demand(refusal.effect === 'none', `${what} was not begun, so its refusal has no effect`);
  demand(refusal.reason.length > 0, `the refusal of ${what} gives its reason`);
  return refusal;
}

/** Demands that all running nodes have applied these commands, in this order, in this life. */
export function demandCommands<Message extends EngineMessage>(
  cluster: EngineCluster<Message>,
  expected: readonly string[],
  ids: Iterable<NodeId> = cluster.nodes.keys(),
): void {
  for (const id of ids) {
    const found = cluster.node(id).commands.join(' ');
    demand(found === expected.join(' '), `${id} applies "${expected.join(' ')}", not "${found}"`);
  }
}
