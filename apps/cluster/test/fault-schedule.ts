/**
 * What happens to the nodes: every few seconds the leader is killed, sometimes followers with it or instead of it, or
 * it is only stopped for a while and comes back as a leader that others have replaced. Never more than a minority is
 * away, and all come back a little later. The same seed gives the same plan, though not the same race between the plan and
 * the cluster.
 */
import type { Random } from '@synod/core';
import { type ClusterProcess, waitFor } from './cluster-process.js';

/** What was done. */
export interface FaultCounts {
  /** Leaders killed. */
  leaders: number;
  /** Followers killed. */
  followers: number;
  /** Nodes killed again while they were starting. */
  starting: number;
  /** Leaders stopped for a while. */
  paused: number;
}

const startTimeoutMs = 60_000;

/**
 * Kills and restarts nodes for a while; all of them run again when it is done.
 *
 * @param cluster - With faults allowed.
 * @param random - Decides when and whom.
 * @param durationMs - How long; longer on a machine too slow for so many faults.
 * @param leadersLeast - How many leaders have to be killed.
 */
export async function killNodes(
  cluster: ClusterProcess,
  random: Random,
  durationMs: number,
  leadersLeast: number,
): Promise<FaultCounts> {
  const counts: FaultCounts = { leaders: 0, followers: 0, starting: 0, paused: 0 };
  const deadlineMs = performance.now() + durationMs;
  for (;;) {
    await allRun(cluster);
    if (performance.now() > deadlineMs && counts.leaders >= leadersLeast) return counts;
    await pause(random.integer(1_000, 2_500));
    if (random.chance(0.15)) await stopLeaderForAWhile(cluster, random, counts);
    else await killSome(cluster, random, counts);
  }
}

async function killSome(cluster: ClusterProcess, random: Random, counts: FaultCounts): Promise<void> {
  const { leader, followers } = await roles(cluster);
  const victims = chooseVictims(leader, followers, random);
  await Promise.all(victims.map((id) => cluster.kill(id)));
  counts.leaders += victims.includes(leader) ? 1 : 0;
  counts.followers += victims.filter((id) => id !== leader).length;
  await pause(random.integer(300, 1_500));
  for (const id of victims) await cluster.restartOnly(id);
  const [victim] = victims;
  if (victim === undefined || !random.chance(0.25)) return;
  await pause(random.integer(0, 400));
  await cluster.kill(victim);
  counts.starting++;
  await pause(random.integer(0, 300));
  await cluster.restartOnly(victim);
}

function chooseVictims(leader: string, followers: readonly string[], random: Random): readonly string[] {
  const minority = Math.floor(followers.length / 2);
  const first = random.integer(0, followers.length);
  const anyFollowers = [...followers.slice(first), ...followers.slice(0, first)];
  if (random.chance(0.2)) return anyFollowers.slice(0, minority);
  return [leader, ...anyFollowers.slice(0, random.integer(0, minority))];
}

/** It does not notice that time passes, and is still full of confidence when the others have elected another one. */
async function stopLeaderForAWhile(
  cluster: ClusterProcess,
  random: Random,
  counts: FaultCounts,
): Promise<void> {
  const { leader } = await roles(cluster);
  await signal(cluster, leader, 'SIGSTOP');
  counts.paused++;
  await pause(random.integer(1_000, 3_000));
  await signal(cluster, leader, 'SIGCONT');
}

/**
 * Whatever a leader acknowledges while its followers hang is lost here: they stop, all nodes die, and the followers come
 * back and elect a leader before the old one returns.
 *
 * @param cluster - With faults allowed.
 */
export async function dieWithFollowersHanging(cluster: ClusterProcess): Promise<void> {
  const { leader, followers } = await roles(cluster);
  await Promise.all(followers.map((id) => signal(cluster, id, 'SIGSTOP')));
  await pause(500);
  await Promise.all([leader, ...followers].map((id) => cluster.kill(id)));
  for (const id of followers) await cluster.restartOnly(id);
  await cluster.leader(leader, startTimeoutMs);
  await cluster.restartOnly(leader);
  await allRun(cluster);
}

/**
 * Whatever is acknowledged while some followers are down is lost here if one of them gets to lead: all nodes die,
 * and these come back with no more of the others than a majority needs.
 *
 * @param cluster - With faults allowed.
 */
export async function returnWithFollowersBehind(cluster: ClusterProcess): Promise<void> {
  const { leader, followers } = await roles(cluster);
  const minority = Math.floor(followers.length / 2);
  const behind = followers.slice(0, minority);
  const ahead = followers.slice(minority);
  await Promise.all(behind.map((id) => cluster.kill(id)));
  await pause(700);
  await Promise.all([leader, ...ahead].map((id) => cluster.kill(id)));
  const [firstAhead, ...restAhead] = ahead;
  for (const id of [...behind, ...(firstAhead === undefined ? [] : [firstAhead])])
    await cluster.restartOnly(id);
  await cluster.leader(leader, startTimeoutMs);
  for (const id of [...restAhead, leader]) await cluster.restartOnly(id);
  await allRun(cluster);
}

async function roles(
  cluster: ClusterProcess,
): Promise<{ readonly leader: string; readonly followers: readonly string[] }> {
  const leader = await cluster.leader(undefined, startTimeoutMs);
  const { nodes } = await cluster.cluster();
  return { leader, followers: nodes.map(({ id }) => id).filter((id) => id !== leader) };
}

/** A node that is still starting counts as down. */
async function allRun(cluster: ClusterProcess): Promise<void> {
  await waitFor(
    'all nodes to take part',
    async () => {
      const { nodes } = await cluster.cluster();
      for (const { id, process } of nodes) {
        if (process?.exit?.code !== undefined) throw new Error(`${id} gave up: ${process.exit.message}`);
      }
      return nodes.every(({ healthy }) => healthy) ? true : undefined;
    },
    startTimeoutMs,
  );
}

async function signal(cluster: ClusterProcess, id: string, name: 'SIGSTOP' | 'SIGCONT'): Promise<void> {
  const pid = (await cluster.node(id)).process?.pid;
  if (pid === undefined) throw new Error(`${id} does not run`);
  process.kill(pid, name);
}

async function pause(durationMs: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, durationMs));
}
