/**
 * Operators: they change the members, replace nodes whose disks are gone, and take back whom they sent away. They ask
 * whoever leads, or whoever they take for it, and ask again where a procedure has more than one step.
 */
import type { EngineMessage, Member, Membership, NodeId, StateMachine } from '@synod/core';
import type { ChangeEnd } from './applied-machine.js';
import { isQuorum, isSame } from './membership-ledger.js';
import type { MembershipPlan, Target } from './script.js';
import type { SimulatedCluster } from './simulated-cluster.js';
import type { SimulatedNode } from './simulated-node.js';

/** Time between two attempts of a procedure, and how long one lasts at most. */
const retryUs = 700_000;
const procedureUs = 60_000_000;

/** Changes members as scripts say. */
export class Operator<Message extends EngineMessage, Machine extends StateMachine<Output>, Input, Output> {
  readonly #cluster: SimulatedCluster<Message, Machine, Input, Output>;
  #isOver = false;
  /** Changes that have not ended: whom they were asked of, and what for. */
  readonly #asked = new Set<{ readonly node: NodeId; readonly target: Membership }>();

  constructor(cluster: SimulatedCluster<Message, Machine, Input, Output>) {
    this.#cluster = cluster;
  }

  /** What was asked for and may come to govern yet: an engine may hold a change back before it writes it. */
  targets(): readonly Membership[] {
    return [...this.#asked]
      .map(({ target }) => target)
      .filter(({ members }) => members.some(({ role }) => role === 'voter'));
  }

  /** Whether a change is unanswered that one of these nodes was asked for. */
  waitsFor(nodes: readonly NodeId[]): boolean {
    return [...this.#asked].some(({ node }) => nodes.includes(node));
  }

  /** Gives up every procedure. */
  end(): void {
    this.#isOver = true;
  }

  /** Asks one node once. */
  change(node: SimulatedNode<Message, Machine, Input, Output>, plan: MembershipPlan): boolean {
    const present = node.status()?.membership;
    if (present === undefined || !node.isAwake) return false;
    const target = this.#targetOf(present, plan);
    if (!this.#mayGovern(target)) return false;
    const asked = { node: node.id, target };
    this.#asked.add(asked);
    node.changeMembership({ target, admitLagging: plan.admitLagging }, (end) => {
      this.#asked.delete(asked);
      this.#cluster.coverage.reach(describeEnd(end));
      if (end === 'done') this.#left(leaversOf(present, target), plan);
    });
    return true;
  }

  /** A node whose disk is lost gives way to another: first a learner, then a voter in its place. */
  replace(lost: NodeId, by: NodeId): void {
    const admitLagging = false;
    const plans = [
      { voters: [], learners: [by], leave: [], admitLagging },
      { voters: [by], learners: [], leave: [lost], admitLagging },
    ];
    this.#pursue(plans, () => this.#cluster.coverage.reach('node replaced'));
  }

  /** What becomes of nodes that are members no more: they run on, or are stopped, or are wanted back. */
  #left(leavers: readonly NodeId[], { stopUs, backAfterUs }: MembershipPlan): void {
    if (leavers.length === 0 || this.#isOver) return;
    const { queue, coverage } = this.#cluster;
    // In an event of its own: nothing happens to a node in the middle of its turn.
    if (stopUs !== undefined) queue.after(0, () => this.#stop(leavers, stopUs));
    if (backAfterUs === undefined) return;
    const nothing = { voters: [], learners: [], leave: [], admitLagging: false };
    const back = [
      { ...nothing, learners: leavers },
      { ...nothing, voters: leavers },
    ];
    queue.after(backAfterUs, () => {
      if (this.#isOver) return;
      for (const node of this.#cluster.nodes)
        if (leavers.includes(node.id) && node.state === 'down') node.start();
      this.#pursue(back, () => coverage.reach('leavers taken back'));
    });
  }

  #stop(leavers: readonly NodeId[], forUs: number): void {
    if (this.#isOver) return;
    for (const id of leavers) {
      const node = this.#cluster.aim(id);
      // Somebody may have made it a member again meanwhile.
      if (node?.state !== 'up' || this.#cluster.ledger.memberships.isMember(id)) continue;
      this.#cluster.planDowntime(id, forUs);
      node.shutDown();
      this.#cluster.coverage.reach('removed node stopped');
    }
  }

  #pursue(plans: readonly MembershipPlan[], reached: () => void): void {
    const { queue } = this.#cluster;
    const untilUs = queue.nowUs + procedureUs;
    let done = 0;
    const attempt = () => {
      const plan = plans[done];
      if (plan === undefined) return reached();
      if (this.#isOver || queue.nowUs > untilUs) return;
      const leader = this.#cluster.aim('leader');
      const present = leader?.status()?.membership;
      if (leader === undefined || present === undefined) return void queue.after(retryUs, attempt);
      if (isSame(present, this.#targetOf(present, plan))) {
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

  /** The members as they shall be. Nodes are numbered, and the number is a member's ordinal for life. */
  #targetOf(present: Membership, { voters, learners, leave, flaw }: MembershipPlan): Membership {
    const parts = new Map<NodeId, Member['role']>();
    const leavers = this.#named(leave);
    for (const { id, role } of present.members) if (!leavers.includes(id)) parts.set(id, role);
    for (const id of this.#named(voters)) parts.set(id, 'voter');
    for (const id of this.#named(learners)) parts.set(id, 'learner');
    const members = [...parts].map(([id, role]): Member => ({ id, ordinal: Number(id.slice(1)), role }));
    members.sort((left, right) => left.ordinal - right.ordinal);
    const outgoingVoters = flaw === 'outgoing voters' ? members.map(({ id }) => id) : [];
    return { members: flaw === 'taken ordinal' ? renumbered(members) : members, outgoingVoters };
  }

  #named(targets: readonly Target[]): readonly NodeId[] {
    return targets.flatMap((target) => this.#cluster.aim(target)?.id ?? (target === 'leader' ? [] : target));
  }
}

function describeEnd(end: ChangeEnd): string {
  if (typeof end === 'object') return `change of members refused: ${end.refused}`;
  return end === 'done' ? 'change of members done' : 'change of members of unknown outcome';
}

function leaversOf(before: Membership, after: Membership): readonly NodeId[] {
  const stays = (id: NodeId) => after.members.some((member) => member.id === id);
  return before.members.map(({ id }) => id).filter((id) => !stays(id));
}

/** The members with each ordinal one too high, so that it is another's or one that its node never had. */
function renumbered(members: readonly Member[]): readonly Member[] {
  return members.map((member) => ({ ...member, ordinal: member.ordinal + 1 }));
}
