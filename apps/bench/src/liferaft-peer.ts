/**
 * The peer: @markwylde/liferaft, a Raft on npm, on the same task as our engine. Three nodes in one process, its log over
 * an in-memory store, messages copied through JSON. It gets one command at a time.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import LifeRaft from '@markwylde/liferaft';
import Log from '@markwylde/liferaft/log.js';
import memdown from 'memdown';

/**
 * Commits a second with one command under way, or `undefined` when it elects no leader or stalls. It runs in a process
 * of its own: its timers and database outlive its end.
 */
export function measureLifeRaft(durationMs: number, commandBytes: number): Promise<number | undefined> {
  const program = fileURLToPath(new URL('./liferaft-process.js', import.meta.url));
  const child = spawn(process.execPath, [program, String(durationMs), String(commandBytes)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  return new Promise((resolve) => {
    child.on('error', () => resolve(undefined));
    child.on('close', () => resolve(Number.parseFloat(output) || undefined));
  });
}

/** The measurement itself, in the process that it may leave in any state. */
export async function runLifeRaft(durationMs: number, commandBytes: number): Promise<number | undefined> {
  const nodes = new Map<string, LifeRaft>();
  for (const id of ['n1', 'n2', 'n3']) {
    const node = new LifeRaft(id, {
      'election min': '150 ms',
      'election max': '300 ms',
      heartbeat: '50 ms',
      Log,
      adapter: memdown,
      path: id,
    });
    node.on('error', () => {});
    nodes.set(id, node);
  }
  for (const [id, node] of nodes) {
    for (const other of nodes.keys()) {
      if (other !== id) node.join(other, (packet, callback) => deliver(nodes.get(other), packet, callback));
    }
  }
  const leader = await leaderOf(nodes);
  return leader === undefined
    ? undefined
    : await commitOneByOne(leader, durationMs, 'x'.repeat(commandBytes));
}

function deliver(
  target: LifeRaft | undefined,
  packet: unknown,
  callback: (error: unknown, reply?: unknown) => void,
): void {
  const copy: unknown = JSON.parse(JSON.stringify(packet));
  setImmediate(() => target?.emit('data', copy, (reply) => callback(undefined, reply)));
}

async function leaderOf(nodes: ReadonlyMap<string, LifeRaft>): Promise<LifeRaft | undefined> {
  const until = performance.now() + 5000;
  while (performance.now() < until) {
    const leader = [...nodes.values()].find((node) => node.state === LifeRaft.LEADER);
    if (leader !== undefined) return leader;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return undefined;
}

async function commitOneByOne(
  leader: LifeRaft,
  durationMs: number,
  text: string,
): Promise<number | undefined> {
  let onCommit = () => {};
  leader.on('commit', () => onCommit());
  let commits = 0;
  const began = performance.now();
  while (performance.now() - began < durationMs) {
    const committed = new Promise<boolean>((resolve) => {
      const patience = setTimeout(() => resolve(false), 1000);
      onCommit = () => {
        clearTimeout(patience);
        resolve(true);
      };
    });
    await leader.command({ text });
    if (!(await committed)) return undefined;
    commits++;
  }
  return (commits * 1000) / (performance.now() - began);
}
