/**
 * Operators: they change the members, replace nodes whose disks are gone, and set other timing. They ask whoever leads,
 * or whoever they take for it, and ask again where a procedure has more than one step.
 */
import type { EngineMessage, Member, Membership, NodeId, StateMachine } from '@synod/core';
import type { ChangeEnd } from './applied-machine.js';
import { isQuorum, isSame } from './membership-ledger.js';
import type { MembershipPlan } from './script.js';
import type { SimulatedCluster } from './simulated-cluster.js';
import type { SimulatedNode } from './simulated-node.js';

/** Time between two attempts of a procedure, and how long one lasts at most. */
const retryUs = 700_000;
const procedureUs = 60_000_000;

/** Changes members as scripts say. */
export class Operator<Message extends EngineMessage, Machine extends StateMachine<Output>, Input, Output> {
  readonly #cluster: SimulatedCluster<Message, Machine, Input, Output>;
  #isOver = false;
  /** Whom changes were asked of that have not ended. */
  readonly #asked: NodeId[] = [];

  constructor(cluster: SimulatedCluster<Message, Machine, Input, Output>) {
    this.#cluster = cluster;
  }

  /** Whether a change is unanswered that one of these nodes was asked for. */
  waitsFor(nodes: readonly NodeId[]): boolean {
    return this.#asked.some((id) => nodes.includes(id));
  }

  /** Gives up every procedure. */
  end(): void {
    this.#isOver = true;
  }

  /** Asks one node once. */
  change(node: SimulatedNode<Message, Machine, Input, Output>, plan: MembershipPlan): boolean {
    const present = node.membership();
    if (present === undefined || !node.isAwake) return false;
    const target = targetOf(present, plan);
    if (!this.#mayGovern(target)) return false;
    this.#asked.push(node.id);
    node.changeMembership({ target, admitLagging: plan.admitLagging }, (end) => {
      this.#asked.splice(this.#asked.indexOf(node.id), 1);
      this.#cluster.coverage.reach(describeEnd(end));
    });
    return true;
  }

  /** A node whose disk is lost gives way to another: first a learner, then a voter in its place. */
  replace(lost: NodeId, by: NodeId): void {
    const admitLagging = false;
    this.#pursue([
      { voters: [], learners: [by], leave: [], admitLagging },
      { voters: [by], learners: [], leave: [lost], admitLagging },
    ]);
  }

  #pursue(plans: readonly MembershipPlan[]): void {
    const { queue, coverage } = this.#cluster;
    const untilUs = queue.nowUs + procedureUs;
    let done = 0;
    const attempt = () => {
      const plan = plans[done];
      if (plan === undefined) return coverage.reach('node replaced');
      if (this.#isOver || queue.nowUs > untilUs) return;
      const leader = this.#cluster.aim('leader');
      const present = leader?.membership();
      if (leader === undefined || present === undefined) return void queue.after(retryUs, attempt);
      if (isSame(present, targetOf(present, plan))) {
        done++;
        return attempt();
      }
      if (present.outgoingVoters.length === 0) this.change(leader, plan);
      queue.after(retryUs, attempt);
    };
    attempt();
  }

  /** Nobody in their right mind makes members of nodes that are known to be lost, a majority of them at that. */
  #mayGovern(target: Membership): boolean {
    const { nodes } = this.#cluster;
    const isSound = (id: NodeId) => nodes.some((node) => node.id === id && node.isSound);
    return target.members.every(({ role }) => role !== 'voter') || isQuorum(target, isSound);
  }
}

function describeEnd(end: ChangeEnd): string {
  if (typeof end === 'object') return `change of members refused: ${end.refused}`;
  return end === 'done' ? 'change of members done' : 'change of members of unknown outcome';
}

/** The members as they shall be. Nodes are numbered, and the number is a member's ordinal for life. */
function targetOf(present: Membership, { voters, learners, leave }: MembershipPlan): Membership {
  const parts = new Map<NodeId, Member['role']>();
  for (const { id, role } of present.members) if (!leave.includes(id)) parts.set(id, role);
  for (const id of voters) parts.set(id, 'voter');
  for (const id of learners) parts.set(id, 'learner');
  const members = [...parts].map(([id, role]): Member => ({ id, ordinal: Number(id.slice(1)), role }));
  return { members: members.sort((left, right) => left.ordinal - right.ordinal), outgoingVoters: [] };
}
