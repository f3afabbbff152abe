/** How long writes take when messages between nodes do. */
import type { NodeProcesses } from './node-processes.js';

const warmUpWrites = 20;
const writes = 60;

/** Writes one after the other at the leader, and gives the median in milliseconds. */
export async function medianWriteMs(nodes: NodeProcesses): Promise<number> {
  const leader = await nodes.settled();
  const tookMs: number[] = [];
  for (let write = 0; write < warmUpWrites + writes; write++) {
    const askedAt = performance.now();
    const { status, body } = await nodes.http.send('PUT', `${nodes.url(leader)}/v1/kv/slow`, 'x', 10_000);
    if (status !== 200) throw new Error(`a write gave ${status}: ${body}`);
    if (write >= warmUpWrites) tookMs.push(performance.now() - askedAt);
  }
  tookMs.sort((left, right) => left - right);
  return tookMs[Math.floor(tookMs.length / 2)] ?? 0;
}
