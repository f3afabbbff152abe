/** Does to a cluster what a script says. */
import type { EngineEvent, EngineMessage, NodeId, StateMachine } from '@synod/core';
import { situationOf } from './ambush.js';
import { Operator } from './operator.js';
import type { Ambush, Fault, PlainFault, ScriptStep, Situation, Target } from './script.js';
import type { SimulatedCluster } from './simulated-cluster.js';
import type { SimulatedNode } from './simulated-node.js';

/** An ambush that lies in wait. */
interface LaidAmbush {
  readonly ambush: Ambush;
  /** How often its situation was seen. */
  seen: number;
  /** How often it acted. */
  acted: number;
}

/** Carries out the steps of a script at their moments, and counts those that took effect. */
export class Faults<Message extends EngineMessage, Machine extends StateMachine<Output>, Input, Output> {
  readonly #cluster: SimulatedCluster<Message, Machine, Input, Output>;
  readonly #injected = new Map<string, number>();
  readonly #laid = new Set<LaidAmbush>();
  readonly #operator: Operator<Message, Machine, Input, Output>;
  #isOver = false;

  constructor(cluster: SimulatedCluster<Message, Machine, Input, Output>) {
    this.#cluster = cluster;
    this.#operator = new Operator(cluster);
    cluster.membershipsAskedFor = () => this.#operator.targets();
  }

  /** Whether a change of members is unanswered that one of these nodes was asked for. */
  isChangeUnanswered(nodes: readonly NodeId[]): boolean {
    return this.#operator.waitsFor(nodes);
  }

  /** How many faults of each kind took effect. */
  get injected(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#injected);
  }

  /** Plans all steps. */
  plan(steps: readonly ScriptStep[]): void {
    for (const { atUs, fault } of steps) {
      this.#cluster.queue.after(atUs - this.#cluster.queue.nowUs, () => {
        if (fault.type === 'ambush') this.#lay(fault);
        else this.#injectAndCount(fault);
      });
    }
  }

  /** An engine told what happened: does anybody lie in wait for that? */
  heard(node: NodeId, isLeader: boolean, event: EngineEvent): void {
    if (this.#laid.size === 0 || this.#isOver) return;
    const situation = situationOf(event, isLeader);
    if (situation !== undefined) this.#spring(node, situation);
  }

  #lay(ambush: Ambush): void {
    const laid = { ambush, seen: 0, acted: 0 };
    this.#laid.add(laid);
    this.#during(ambush.forUs, () => this.#laid.delete(laid));
  }

  #spring(node: NodeId, situation: Situation): void {
    for (const laid of this.#laid) {
      const { when, each, times, afterUs, fault } = laid.ambush;
      if (when !== situation || ++laid.seen % each !== 0) continue;
      if (++laid.acted >= times) this.#laid.delete(laid);
      // In an event of its own: nothing happens to a node in the middle of its turn.
      this.#cluster.queue.after(afterUs, () => {
        if (this.#injectAndCount(aimedAt(fault, node))) this.#count('ambush');
      });
    }
  }

  #injectAndCount(fault: PlainFault): boolean {
    if (this.#isOver || !this.#inject(fault)) return false;
    this.#count(fault.type);
    return true;
  }

  #count(kind: string): void {
    this.#injected.set(kind, (this.#injected.get(kind) ?? 0) + 1);
  }

  /** Ends every fault for good. Nodes that are down stay so. */
  end(): void {
    this.#isOver = true;
    this.#operator.end();
    this.#cluster.links.heal();
    for (const node of this.#cluster.nodes) {
      node.standstill.end();
      node.slowTurnUs = 0;
      node.slowSyncUs = 0;
      node.tickRate = 1;
      node.store.nextSync = 'succeeds';
      if (node.state === 'stopping') this.#cluster.planDowntime(node.id, 0);
    }
  }

  #inject(fault: PlainFault): boolean {
    const { links } = this.#cluster;
    switch (fault.type) {
      case 'cut':
        return fault.from !== fault.to && this.#links([[fault.from, fault.to]], fault.forUs);
      case 'partition':
        return this.#links(this.#across(fault.side, undefined), fault.forUs);
      case 'bridge':
        return this.#links(this.#across(fault.side, fault.hub), fault.forUs);
      case 'chain':
        return this.#links(this.#notNeighbours(), fault.forUs);
      case 'flap':
        return this.#flap(fault);
      case 'clog': {
        const { from, to } = fault;
        return this.#during(fault.forUs, links.clog(this.#position(from), this.#position(to)));
      }
      case 'loss':
      case 'duplicate':
      case 'corrupt':
        return this.#during(fault.forUs, links.rate(fault.type, fault.chance));
      case 'echo':
        return this.#during(fault.forUs, links.echo(fault.chance, fault.lateUs));
      case 'delay':
        return this.#during(fault.forUs, links.rate('delay', fault.meanUs));
      case 'retime': {
        const { type: _, ...timing } = fault;
        this.#cluster.timing = timing;
        for (const node of this.#cluster.nodes) if (node.state === 'up') node.retime(timing);
        return true;
      }
      default:
        return this.#injectInto(fault);
    }
  }

  #injectInto(fault: Extract<Fault, { readonly node: unknown }>): boolean {
    const node = this.#cluster.aim(fault.node);
    if (node === undefined) return false;
    // What is at rest rots in a stopped machine too, and one that starts or stops can crash.
    if (fault.type === 'bitRot') return this.#mayLose(node) && node.store.rot();
    if (node.state !== 'up' && !(node.isBetween && fault.type === 'crash')) return false;
    switch (fault.type) {
      case 'crash':
        this.#cluster.planDowntime(node.id, fault.downUs);
        // A process that dies in the middle of a sync is the interesting one: it may have promised nothing yet.
        if (fault.whileSaving && node.store.saving === 0) node.store.nextSync = 'is cut by a crash';
        else node.stop('crashed');
        return true;
      case 'shutdown':
        this.#cluster.planDowntime(node.id, fault.downUs);
        node.shutDown();
        return true;
      case 'failedSync':
        this.#cluster.planDowntime(node.id, fault.downUs);
        node.store.nextSync = 'fails';
        return true;
      case 'fullDisk':
        return this.#fill(node, fault.downUs);
      case 'pause':
        node.standstill.begin(fault.forUs);
        return true;
      case 'slowNode':
        node.slowTurnUs = fault.turnUs;
        return this.#during(fault.forUs, () => {
          node.slowTurnUs = 0;
        });
      case 'slowDisk':
        node.slowSyncUs = fault.syncUs;
        return this.#during(fault.forUs, () => {
          node.slowSyncUs = 0;
        });
      case 'drift':
        node.tickRate = fault.rate;
        return this.#during(fault.forUs, () => {
          node.tickRate = 1;
        });
      case 'clockJump':
        return this.#leap(node, fault.ticks);
      case 'isolate':
        return this.#isolate(node, fault.direction, fault.forUs);
      case 'wipe':
        return this.#wipe(node);
      case 'campaign':
      case 'forgetLeader':
      case 'requestSnapshot':
        if (node.isAwake) node.step({ type: fault.type });
        return true;
      case 'transfer':
        if (node.isAwake)
          node.step(
            fault.to === undefined
              ? { type: 'transferLeadership' }
              : { type: 'transferLeadership', to: fault.to },
          );
        return true;
      case 'changeMembers':
        return this.#operator.change(node, fault.plan);
      case 'replace':
        if (node.id === fault.by || !this.#wipe(node)) return false;
        this.#operator.replace(node.id, fault.by);
        return true;
      case 'snapshot':
        node.snapshots.take();
        return true;
    }
  }

  /** A storage that cannot wait for room ends its node; one that can goes on when there is some. */
  #fill(node: SimulatedNode<Message, Machine, Input, Output>, forUs: number): true {
    const { life } = node;
    this.#cluster.planDowntime(node.id, forUs);
    node.store.nextSync = 'finds no room';
    const { findRoom } = node.store;
    if (findRoom === undefined) return true;
    return this.#during(forUs, () => {
      if (node.life === life) findRoom();
    });
  }

  /**
   * Where clocks promise something, no clock runs ahead: a leap is then a machine that was suspended, and its process
   * counts the ticks as missed. Elsewhere they all come at once.
   */
  #leap(node: SimulatedNode<Message, Machine, Input, Output>, ticks: number): boolean {
    if (!node.isAwake) return false;
    if (this.#cluster.weather.clockDriftMax !== undefined) node.clock.leap(ticks);
    else for (let tick = 0; tick < ticks; tick++) node.tick();
    return true;
  }

  /** A node without its disk is refused by its peers, so it never comes back; a quorum must stay. */
  #wipe(node: SimulatedNode<Message, Machine, Input, Output>): boolean {
    if (!this.#mayLose(node)) return false;
    node.stop('crashed');
    node.state = 'gone';
    this.#cluster.ledger.lost(node.id);
    this.#cluster.coverage.reach('disk wiped');
    return true;
  }

  /** Whether quorums of all members that may govern keep sound disks without this node. */
  #mayLose(node: SimulatedNode<Message, Machine, Input, Output>): boolean {
    return node.state !== 'gone' && this.#cluster.suffices((other) => other !== node && other.isSound);
  }

  #isolate(
    node: SimulatedNode<Message, Machine, Input, Output>,
    direction: 'both' | 'in' | 'out',
    forUs: number,
  ): boolean {
    const others = this.#cluster.nodes.filter((other) => other !== node);
    const outward = others.map((other): readonly [NodeId, NodeId] => [node.id, other.id]);
    const inward = others.map((other): readonly [NodeId, NodeId] => [other.id, node.id]);
    const links = [...(direction === 'in' ? [] : outward), ...(direction === 'out' ? [] : inward)];
    return this.#links(links, forUs);
  }

  #flap(fault: Extract<Fault, { type: 'flap' }>): boolean {
    const { queue } = this.#cluster;
    const untilUs = queue.nowUs + fault.forUs;
    const again = () => {
      if (this.#isOver || queue.nowUs >= untilUs) return;
      this.#links([[fault.from, fault.to]], fault.periodUs);
      queue.after(2 * fault.periodUs, again);
    };
    again();
    return true;
  }

  /** Links between two sides. With a hub, the hub hears both. */
  #across(side: readonly NodeId[], hub: NodeId | undefined): readonly (readonly [NodeId, NodeId])[] {
    const ids = this.#cluster.nodes.map(({ id }) => id).filter((id) => id !== hub);
    return ids.flatMap((from) =>
      ids.filter((to) => side.includes(from) !== side.includes(to)).map((to) => [from, to] as const),
    );
  }

  #notNeighbours(): readonly (readonly [NodeId, NodeId])[] {
    const ids = this.#cluster.nodes.map(({ id }) => id);
    return ids.flatMap((from, left) =>
      ids.filter((_, right) => Math.abs(left - right) > 1).map((to) => [from, to] as const),
    );
  }

  #links(links: readonly (readonly [NodeId, NodeId])[], forUs: number): boolean {
    for (const [from, to] of links) {
      this.#during(forUs, this.#cluster.links.cut(this.#position(from), this.#position(to)));
    }
    return links.length > 0;
  }

  #during(forUs: number, end: () => void): true {
    this.#cluster.queue.after(forUs, () => {
      if (!this.#isOver) end();
    });
    return true;
  }

  #position(id: NodeId): number {
    return this.#cluster.position(id);
  }
}

/** The fault with the node that the ambush was laid for in place of `it`. */
function aimedAt(fault: PlainFault, it: NodeId): PlainFault {
  if (fault.type === 'changeMembers') {
    const { plan } = fault;
    const aimed = (targets: readonly Target[]) => targets.map((target) => (target === 'it' ? it : target));
    const { voters, learners, leave } = plan;
    const aimedPlan = {
      ...plan,
      voters: aimed(voters),
      learners: aimed(learners),
      leave: aimed(leave),
    };
    return { ...fault, node: fault.node === 'it' ? it : fault.node, plan: aimedPlan };
  }
  if ('node' in fault) return fault.node === 'it' ? { ...fault, node: it } : fault;
  if ('side' in fault) return { ...fault, side: fault.side.map((id) => (id === 'it' ? it : id)) };
  if (!('from' in fault)) return fault;
  return { ...fault, from: fault.from === 'it' ? it : fault.from, to: fault.to === 'it' ? it : fault.to };
}
