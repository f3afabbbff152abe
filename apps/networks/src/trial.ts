/** One situation, once, on real processes. */
import type { Network } from './network.js';
import { type NodeProcesses, sleep } from './node-processes.js';
import type { Situation } from './prediction.js';
import type { Writers } from './writers.js';

/** Length of a tick of the nodes, as they are by default. */
const tickMs = 50;
/** How long the cut is watched when nothing is decided: as long as in the simulator. */
const watchedTicks = 200;
/** How long it is watched once something was decided. */
const afterwardsMs = 1_000;
const warmUpMs = 500;
const deafTicks = 8;

/** What it came to. */
export interface TrialResult {
  /** Ticks from the cut to the first answer to a write that was asked for after it; `undefined` for none. */
  readonly ticks: number | undefined;
  /** Milliseconds from healing until all nodes were in step again. */
  readonly healedMs: number;
}

/** Cuts the network, watches the writers, and heals it. */
export async function tryOut(
  situation: Situation,
  nodes: NodeProcesses,
  network: Network,
  writers: Writers,
): Promise<TrialResult> {
  const leader = await nodes.settled();
  const real = castOf(situation.leader, leader);
  writers.start();
  await sleep(warmUpMs);
  if (situation.behind !== undefined) {
    await network.cut(leader, real(situation.behind));
    await sleep(deafTicks * tickMs);
  }
  const cutAt = performance.now();
  for (const [one, other] of situation.cuts) {
    await network.cut(real(one), real(other));
    await network.cut(real(other), real(one));
  }
  for (const [from, to] of situation.oneWay ?? []) await network.cut(real(from), real(to));
  // Several commands make one cut: what is asked for in the midst of them counts for neither side.
  const completeAt = performance.now();
  const first = await firstAnswer(writers, completeAt, cutAt + watchedTicks * tickMs);
  if (first !== undefined) await sleep(afterwardsMs);
  await writers.stop();
  const healedAt = performance.now();
  await network.heal();
  await nodes.settled();
  return {
    ticks: first === undefined ? undefined : (first - cutAt) / tickMs,
    healedMs: performance.now() - healedAt,
  };
}

/** Lets the node that leads play the leader, and the one whose part it has taken its own. */
function castOf(leader: string, leads: string): (id: string) => string {
  return (id) => (id === leader ? leads : id === leads ? leader : id);
}

async function firstAnswer(writers: Writers, after: number, until: number): Promise<number | undefined> {
  for (let seen = writers.acknowledged.length; performance.now() < until; await sleep(5)) {
    for (; seen < writers.acknowledged.length; seen++) {
      const write = writers.acknowledged[seen];
      if (write !== undefined && write.askedAt >= after) return write.answeredAt;
    }
  }
  return undefined;
}
