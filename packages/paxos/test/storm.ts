/**
 * A storm over the engine alone: random loss, repetition, reordering, one-way cuts, crashes that lose unsaved work,
 * slow disks, and as asked: changes of membership, transfers of leadership, leases. After every step the safety
 * properties must hold (Paxos Made Simple §2.1: one value a slot), and every read must see what was applied before it was asked.
 */
import { type Entry, encodeUtf8, invariant, type Member, Random, type ReadMode } from '@synod/core';
import type { QuorumRule } from '../src/index.js';
import { TestCluster } from './test-cluster.js';

/** What a storm holds beside faults. */
export interface StormKinds {
  readonly changes?: boolean;
  readonly transfers?: boolean;
  /** Leases on, and clocks that drift no further than they are allowed to. */
  readonly leases?: boolean;
  /** Quorums of phase 2 as small as they can be, and of phase 1 as large as they must be. */
  readonly smallPhase2?: boolean;
}

/** What came of a storm. */
export interface StormResult {
  readonly commits: number;
  readonly leaderTerms: number;
  readonly memberships: number;
  readonly transfers: number;
  readonly reads: number;
  readonly leaseReads: number;
  readonly quorumReads: number;
  readonly trace: string;
}

class SafetyCheck {
  readonly #leaders = new Map<number, string>();
  readonly #chosen = new Map<number, Entry>();
  readonly #commit = new Map<string, number>();
  readonly #asked = new Map<number, { readonly mode: ReadMode; readonly least: number }>();
  readonly #memberships = new Set<number>();
  highest = 0;
  transfers = 0;
  reads = 0;
  leaseReads = 0;
  quorumReads = 0;

  asked(context: number, mode: ReadMode): void {
    this.#asked.set(context, { mode, least: this.highest });
  }

  check(cluster: TestCluster): void {
    for (const node of cluster.nodes.values()) {
      if (cluster.down.has(node.id)) continue;
      const status = node.engine.status();
      const loss = node.events.find((event) => event.type === 'dataLossFound');
      invariant(loss === undefined, 'no disk went back, so none is said to have');
      for (const event of node.events)
        if (event.type === 'transferEnded' && !event.stillLeads) this.transfers++;
      node.events = [];
      if (status.role === 'leader') {
        const known = this.#leaders.get(status.term);
        invariant(
          known === undefined || known === status.id,
          `election safety: one leader in term ${status.term}`,
        );
        this.#leaders.set(status.term, status.id);
      }
      invariant(
        status.commitIndex >= (this.#commit.get(`${node.id}/${node.lives}`) ?? 0),
        'commit indexes never fall',
      );
      this.#commit.set(`${node.id}/${node.lives}`, status.commitIndex);
      this.#checkReads(node.reads);
      for (const entry of node.applied) this.#checkApplied(entry);
      node.applied = [];
    }
  }

  #checkReads(reads: Map<number, number>): void {
    for (const [context, index] of reads) {
      const asked = this.#asked.get(context);
      invariant(
        asked !== undefined && index >= asked.least,
        `a read of mode ${asked?.mode} sees index ${index}, though ${asked?.least} was applied before it was asked`,
      );
      this.reads++;
      if (asked.mode === 'lease') this.leaseReads++;
      if (asked.mode === 'quorum') this.quorumReads++;
    }
    reads.clear();
  }

  #checkApplied(entry: Entry): void {
    const known = this.#chosen.get(entry.index);
    if (known !== undefined) {
      const same = known.term === entry.term && known.data.join() === entry.data.join();
      invariant(same, `state machine safety: one entry at index ${entry.index}`);
    }
    this.#chosen.set(entry.index, entry);
    if (entry.kind === 'membership') this.#memberships.add(entry.index);
    this.highest = Math.max(this.highest, entry.index);
  }

  get leaderTerms(): number {
    return this.#leaders.size;
  }

  get memberships(): number {
    return this.#memberships.size;
  }
}

/** Runs one storm of 3000 steps, then heals everything: the cluster must come to rest with equal state machines. */
export function storm(seed: number, kinds: StormKinds = {}): StormResult {
  const random = new Random(seed);
  const ids = ['n1', 'n2', 'n3', 'n4', 'n5'].slice(0, random.chance(0.5) ? 3 : 5);
  const spare = kinds.changes === true ? ['n6', 'n7'] : [];
  const nodes = [...ids, ...spare];
  const cluster = new TestCluster({
    ids,
    spare,
    seed,
    retainedEntries: random.integer(0, 20),
    acceptsInFlightMax: random.integer(1, 8),
    ...(kinds.leases === true ? { lease: { driftTicks: 3 } } : {}),
    ...(kinds.smallPhase2 === true ? { quorums: smallPhase2(ids.length) } : {}),
    windowSlotsMax: random.chance(0.5) ? 3 : 1000,
    acceptBytesMax: random.chance(0.5) ? 1 : 1000,
  });
  cluster.autoSave = false;
  const safety = new SafetyCheck();
  const loss = random.float() * 0.3;
  const repetition = random.float() * 0.3;
  const ticks = kinds.leases === true ? new EvenTicks(nodes, random) : undefined;
  let trace = '';
  let proposals = 0;
  for (let step = 0; step < 3000; step++) {
    const id = nodes[random.integer(0, nodes.length)] ?? 'n1';
    const dice = random.float();
    if (dice < 0.35) cluster.step(ticks?.next() ?? id, { type: 'tick' });
    else if (dice < 0.75) deliverOne(cluster, random, loss, repetition);
    else if (dice < 0.88) cluster.save(id, random.chance(0.5));
    else if (dice < 0.94)
      cluster.step(id, {
        type: 'propose',
        commands: [{ proposal: ++proposals, data: encodeUtf8(`${proposals}`) }],
      });
    else if (dice < 0.95) {
      const mode =
        kinds.leases === true && random.chance(0.7) ? 'lease' : random.chance(0.5) ? 'index' : 'quorum';
      const reader = mode === 'lease' ? (leaderOf(cluster, random) ?? id) : id;
      safety.asked(step, mode);
      cluster.step(reader, { type: 'read', context: step, mode });
    } else if (dice < 0.96) crashOrRestart(cluster, id, ids, random);
    else if (dice < 0.97)
      random.chance(0.5) ? cluster.heal() : cluster.cut(id, nodes[random.integer(0, nodes.length)] ?? 'n1');
    else if (dice < 0.98) cluster.snapshot(id);
    else if (dice < 0.99 || Object.keys(kinds).length === 0)
      cluster.step(id, { type: 'peerUnreachable', peer: nodes[random.integer(0, nodes.length)] ?? 'n1' });
    else operate(cluster, kinds, nodes, random, ++proposals);
    safety.check(cluster);
    if (step % 500 === 0) trace += nodes.map((node) => cluster.node(node).engine.fingerprint()).join();
  }
  healAndConverge(cluster, safety);
  const { highest: commits, leaderTerms, memberships, transfers, reads, leaseReads, quorumReads } = safety;
  return { commits, leaderTerms, memberships, transfers, reads, leaseReads, quorumReads, trace };
}

function smallPhase2(voters: number): QuorumRule {
  const phase2 = Math.floor(voters / 2);
  return { type: 'sizes', phase1: voters - phase2 + 1, phase2 };
}

/** Ticks that come to every node once a round, in an order of their own each time. */
class EvenTicks {
  readonly #nodes: readonly string[];
  readonly #random: Random;
  #due: string[] = [];

  constructor(nodes: readonly string[], random: Random) {
    this.#nodes = nodes;
    this.#random = random;
  }

  next(): string {
    if (this.#due.length === 0) this.#due = [...this.#nodes];
    return this.#due.splice(this.#random.integer(0, this.#due.length), 1)[0] ?? '';
  }
}

/** What operators do: change members, move the leadership, force elections. */
function operate(
  cluster: TestCluster,
  kinds: StormKinds,
  nodes: readonly string[],
  random: Random,
  proposal: number,
): void {
  const leader = leaderOf(cluster, random);
  if (leader === undefined || random.chance(0.1)) {
    cluster.step(nodes[random.integer(0, nodes.length)] ?? 'n1', { type: 'campaign' });
  } else if (kinds.changes === true && random.chance(0.6)) {
    const target = { members: drawMembers(nodes, random), outgoingVoters: [] };
    const change = { target, admitLagging: random.chance(0.7) };
    cluster.step(leader, { type: 'changeMembership', change, proposal });
  } else if (kinds.transfers === true) {
    const to = nodes[random.integer(0, nodes.length)] ?? 'n1';
    cluster.step(
      leader,
      random.chance(0.3) ? { type: 'transferLeadership' } : { type: 'transferLeadership', to },
    );
  }
}

function leaderOf(cluster: TestCluster, random: Random): string | undefined {
  const leaders = cluster.leaders();
  return leaders.length === 0 ? undefined : leaders[random.integer(0, leaders.length)];
}

function drawMembers(nodes: readonly string[], random: Random): readonly Member[] {
  const members: Member[] = [];
  for (const id of nodes) {
    const dice = random.float();
    if (dice < 0.65)
      members.push({ id, ordinal: Number(id.slice(1)), role: dice < 0.5 ? 'voter' : 'learner' });
  }
  return members;
}

function deliverOne(cluster: TestCluster, random: Random, loss: number, repetition: number): void {
  if (cluster.network.length === 0) return;
  const position = random.integer(0, Math.min(cluster.network.length, 30));
  const message = cluster.network[position];
  if (message === undefined) return;
  if (!random.chance(repetition)) cluster.network.splice(position, 1);
  if (cluster.network.length > 2000) for (const old of cluster.network.splice(0, 1000)) cluster.lose(old);
  if (random.chance(loss)) cluster.lose(message);
  else cluster.deliver(message);
}

function crashOrRestart(cluster: TestCluster, id: string, voters: readonly string[], random: Random): void {
  if (cluster.down.has(id)) {
    cluster.restart(id);
    return;
  }
  if (cluster.down.size + 1 > Math.floor((voters.length - 1) / 2)) return;
  // Some of what the disk was given gets there, in order; the rest is lost.
  const node = cluster.node(id);
  while (node.unsaved.length > 0 && random.chance(0.5)) cluster.save(id, false);
  const messages = cluster.network;
  cluster.crash(id);
  cluster.network = messages; // what it had sent may still arrive
}

function healAndConverge(cluster: TestCluster, safety: SafetyCheck): void {
  cluster.heal();
  for (const id of [...cluster.down]) cluster.restart(id);
  cluster.autoSave = true;
  for (const id of cluster.nodes.keys()) {
    cluster.save(id);
    cluster.settleNode(id);
  }
  cluster.settle();
  cluster.tick(120);
  safety.check(cluster);
  const [leader] = cluster.leaders();
  invariant(leader !== undefined, 'a healed cluster elects a leader');
  cluster.propose(leader, 'last');
  cluster.tick(20);
  safety.check(cluster);
  const { membership, term } = cluster.node(leader).engine.status();
  invariant(
    membership.outgoingVoters.length === 0,
    'a healed cluster completes the change that is under way',
  );
  const members = membership.members.map(({ id }) => cluster.node(id));
  const machines = new Set(members.map((node) => node.machineIndex));
  invariant(machines.size === 1, `a healed cluster converges: ${[...machines].join()}`);
  cluster.tick(100);
  invariant(cluster.node(leader).term === term, 'nodes that were removed do not disturb a healed cluster');
}
