/** One attack with a cluster that goes on meanwhile: what it cost, what was refused, and what the healthy felt. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import type { Attack } from './attacks.js';
import type { Target } from './hostile-socket.js';
import type { Victim, VictimStatus } from './victim.js';

/** What came of an attack. */
export interface Outcome {
  readonly attack: string;
  readonly inputs: number;
  readonly seconds: number;
  /** Greatest growth of the attacked process over what it had before, in MiB. */
  readonly growthMiB: number;
  /** Writes of a healthy client that were acknowledged meanwhile, and that failed. */
  readonly acknowledged: number;
  readonly failed: number;
  /** Longest that the healthy client waited for an acknowledgement, in milliseconds. */
  readonly longestMs: number;
  /** Whether leader and term stayed, and all processes. */
  readonly undisturbed: boolean;
  /** What the attacked node refused meanwhile, by reason. */
  readonly refused: Readonly<Record<string, number>>;
  /** What should not have been. */
  readonly complaints: readonly string[];
}

const growthMaxMiB = 192;

/**
 * Makes an attack on a follower.
 *
 * @param attack - Which.
 * @param victim - The cluster.
 * @param scale - How much of it.
 */
export async function tryAttack(attack: Attack, victim: Victim, scale: number): Promise<Outcome> {
  const before = await settled(victim);
  // Of two nodes the one with the smaller id dials: only its name can be taken.
  const attacked =
    [...before].reverse().find(({ engine }) => engine?.role !== 'leader') ?? fail('no follower');
  const other = before.find(({ id }) => id < attacked.id) ?? before.find(({ id }) => id !== attacked.id);
  const memory = new MemoryWatch(attacked.pid);
  const client = new SteadyClient(victim);
  const startedMs = performance.now();
  const inputs = await attack.run({
    peer: targetOf(attacked.addresses.peer),
    client: targetOf(attacked.addresses.client),
    claim: { cluster: attacked.cluster, id: other?.id ?? '', wantedId: attacked.id },
    scale,
  });
  const seconds = (performance.now() - startedMs) / 1_000;
  const felt = await client.stop();
  const growthMiB = memory.stop();
  const after = await quiet(victim);
  const refused = difference(
    refusalsOf(attacked),
    refusalsOf(after.find(({ id }) => id === attacked.id) ?? attacked),
  );
  const undisturbed = leadership(before) === leadership(after);
  const complaints = [
    ...(undisturbed
      ? []
      : [`leader, term or processes changed: ${leadership(before)} to ${leadership(after)}`]),
    ...(growthMiB > growthMaxMiB ? [`the process grew by ${growthMiB} MiB`] : []),
    ...(felt.failed > 0 ? [`${felt.failed} writes of a healthy client failed`] : []),
    ...(felt.acknowledged === 0 ? ['nothing was committed'] : []),
    ...(attack.refusals.some((reason) => (refused[reason] ?? 0) > 0)
      ? []
      : ['nothing was refused where it should be']),
  ];
  return { attack: attack.name, inputs, seconds, growthMiB, ...felt, undisturbed, refused, complaints };
}

/** Writes a key again and again, as a healthy client does. */
class SteadyClient {
  readonly #victim: Victim;
  readonly #running: Promise<void>;
  #stopped = false;
  #acknowledged = 0;
  #failed = 0;
  #longestMs = 0;

  constructor(victim: Victim) {
    this.#victim = victim;
    this.#running = this.#run();
  }

  async stop(): Promise<{ acknowledged: number; failed: number; longestMs: number }> {
    this.#stopped = true;
    await this.#running;
    return { acknowledged: this.#acknowledged, failed: this.#failed, longestMs: Math.round(this.#longestMs) };
  }

  async #run(): Promise<void> {
    do {
      const startedMs = performance.now();
      if (await this.#victim.write(`${this.#acknowledged}`)) this.#acknowledged++;
      else this.#failed++;
      this.#longestMs = Math.max(this.#longestMs, performance.now() - startedMs);
      await new Promise((resolve) => setTimeout(resolve, 10));
    } while (!this.#stopped);
  }
}

/** Looks at the memory that a process occupies. */
class MemoryWatch {
  readonly #pid: number;
  readonly #before: number;
  readonly #timer: NodeJS.Timeout;
  #highest: number;

  constructor(pid: number) {
    this.#pid = pid;
    this.#before = residentBytes(pid);
    this.#highest = this.#before;
    this.#timer = setInterval(() => this.#look(), 100);
  }

  stop(): number {
    clearInterval(this.#timer);
    this.#look();
    return Math.round((this.#highest - this.#before) / 2 ** 20);
  }

  #look(): void {
    this.#highest = Math.max(this.#highest, residentBytes(this.#pid));
  }
}

function residentBytes(pid: number): number {
  const statm = `/proc/${pid}/statm`;
  if (existsSync(statm)) return Number(readFileSync(statm, 'utf8').split(' ')[1]) * 4096;
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) * 1024;
}

async function settled(victim: Victim): Promise<readonly VictimStatus[]> {
  for (let attempt = 0; ; attempt++) {
    const statuses = await victim.statuses().catch(() => undefined);
    if (statuses?.some(({ engine }) => engine?.role === 'leader')) return statuses;
    if (attempt > 200) return fail('the cluster has no leader');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A busy node goes on refusing what came last after the attacker has left. */
async function quiet(victim: Victim): Promise<readonly VictimStatus[]> {
  for (let before = ''; ; ) {
    const statuses = await settled(victim);
    const now = JSON.stringify(statuses.map(refusalsOf));
    if (now === before) return statuses;
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 350));
  }
}

function leadership(statuses: readonly VictimStatus[]): string {
  const leader = statuses.find(({ engine }) => engine?.role === 'leader');
  return `${leader?.id} in term ${leader?.engine?.term}, processes ${statuses.map(({ pid }) => pid).join(' ')}`;
}

function refusalsOf({ transport, clients }: VictimStatus): Readonly<Record<string, number>> {
  return { ...transport?.refusals, ...clients.refusals, ...both(transport?.refusals, clients.refusals) };
}

/** Reasons that both ports have. */
function both(
  peers: Readonly<Record<string, number>> = {},
  clients: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const shared = Object.keys(peers).filter((reason) => reason in clients);
  return Object.fromEntries(shared.map((reason) => [reason, (peers[reason] ?? 0) + (clients[reason] ?? 0)]));
}

function difference(
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const grown = Object.entries(after).map(([reason, count]): [string, number] => [
    reason,
    count - (before[reason] ?? 0),
  ]);
  return Object.fromEntries(grown.filter(([, count]) => count > 0));
}

function targetOf(url: string): Target {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}

function fail(message: string): never {
  throw new Error(message);
}
