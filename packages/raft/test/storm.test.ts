/**
 * A storm over the engine alone: random loss, repetition, reordering, one-way cuts, crashes that lose unsaved work,
 * slow disks. After every step the safety properties of figure 3 of the Raft paper must hold.
 */
import { type Entry, encodeUtf8, invariant, Random } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { TestCluster } from './test-cluster.js';

const ids = ['n1', 'n2', 'n3', 'n4', 'n5'];

class SafetyCheck {
  readonly #leaders = new Map<number, string>();
  readonly #chosen = new Map<number, Entry>();
  readonly #commit = new Map<string, number>();
  highest = 0;

  check(cluster: TestCluster): void {
    for (const node of cluster.nodes.values()) {
      if (cluster.down.has(node.id)) continue;
      const status = node.engine.status();
      const loss = node.events.find((event) => event.type === 'dataLossFound');
      invariant(loss === undefined, 'no disk went back, so none is said to have');
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
      for (const entry of node.applied) {
        const known = this.#chosen.get(entry.index);
        if (known !== undefined) {
          const same = known.term === entry.term && known.data.join() === entry.data.join();
          invariant(same, `state machine safety: one entry at index ${entry.index}`);
        }
        this.#chosen.set(entry.index, entry);
        this.highest = Math.max(this.highest, entry.index);
      }
      node.applied = [];
    }
  }

  get leaderTerms(): number {
    return this.#leaders.size;
  }
}

function storm(seed: number): { commits: number; leaderTerms: number; trace: string } {
  const random = new Random(seed);
  const nodes = ids.slice(0, random.chance(0.5) ? 3 : 5);
  const cluster = new TestCluster({
    ids: nodes,
    seed,
    retainedEntries: random.integer(0, 20),
    appendsInFlightMax: random.integer(1, 8),
  });
  cluster.autoSave = false;
  const safety = new SafetyCheck();
  const loss = random.float() * 0.3;
  const repetition = random.float() * 0.3;
  let trace = '';
  let proposals = 0;
  for (let step = 0; step < 3000; step++) {
    const id = nodes[random.integer(0, nodes.length)] ?? 'n1';
    const dice = random.float();
    if (dice < 0.35) cluster.step(id, { type: 'tick' });
    else if (dice < 0.75) deliverOne(cluster, random, loss, repetition);
    else if (dice < 0.88) cluster.save(id, random.chance(0.5));
    else if (dice < 0.94)
      cluster.step(id, {
        type: 'propose',
        commands: [{ proposal: ++proposals, data: encodeUtf8(`${proposals}`) }],
      });
    else if (dice < 0.95) cluster.step(id, { type: 'read', context: step, mode: 'index' });
    else if (dice < 0.96) crashOrRestart(cluster, id, nodes, random);
    else if (dice < 0.97)
      random.chance(0.5) ? cluster.heal() : cluster.cut(id, nodes[random.integer(0, nodes.length)] ?? 'n1');
    else if (dice < 0.98) takeSnapshot(cluster, id);
    else cluster.step(id, { type: 'peerUnreachable', peer: nodes[random.integer(0, nodes.length)] ?? 'n1' });
    safety.check(cluster);
    if (step % 500 === 0) trace += nodes.map((node) => cluster.node(node).engine.fingerprint()).join();
  }
  healAndConverge(cluster, nodes, safety);
  return { commits: safety.highest, leaderTerms: safety.leaderTerms, trace };
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

function crashOrRestart(cluster: TestCluster, id: string, nodes: readonly string[], random: Random): void {
  if (cluster.down.has(id)) {
    cluster.restart(id);
    return;
  }
  if (cluster.down.size + 1 > Math.floor((nodes.length - 1) / 2)) return;
  // Some of what the disk was given gets there, in order; the rest is lost.
  const node = cluster.node(id);
  while (node.unsaved.length > 0 && random.chance(0.5)) cluster.save(id, false);
  const messages = cluster.network;
  cluster.crash(id);
  cluster.network = messages; // what it had sent may still arrive
}

function takeSnapshot(cluster: TestCluster, id: string): void {
  const node = cluster.node(id);
  const status = node.engine.status();
  if (cluster.down.has(id) || node.machineIndex <= status.snapshot.index) return;
  const term = node.disk.entries.get(node.machineIndex)?.term;
  if (term === undefined) return;
  const meta = { index: node.machineIndex, term, membership: status.membership };
  node.disk.snapshot = meta;
  cluster.step(id, { type: 'snapshotSaved', meta });
}

function healAndConverge(cluster: TestCluster, nodes: readonly string[], safety: SafetyCheck): void {
  cluster.heal();
  for (const id of [...cluster.down]) cluster.restart(id);
  cluster.autoSave = true;
  for (const id of nodes) {
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
  const machines = new Set(nodes.map((id) => cluster.node(id).machineIndex));
  invariant(machines.size === 1, `a healed cluster converges: ${[...machines].join()}`);
}

describe('storms', () => {
  // 88: appends were lost, and the log behind them was discarded before the leader noticed.
  const seeds = [...Array.from({ length: 60 }, (_, offset) => offset + 1), 88];

  it('keep election safety, state machine safety and monotone commits, and converge when healed', () => {
    let commits = 0;
    let leaderTerms = 0;
    for (const seed of seeds) {
      try {
        const result = storm(seed);
        commits += result.commits;
        leaderTerms += result.leaderTerms;
      } catch (error) {
        throw new Error(`storm with seed ${seed} failed`, { cause: error });
      }
    }
    // A storm in which nothing happens proves nothing.
    expect(commits).toBeGreaterThan(seeds.length * 20);
    expect(leaderTerms).toBeGreaterThan(seeds.length * 2);
  });

  it('the same seed gives the same states', () => {
    expect(storm(7)).toEqual(storm(7));
  });
});
