/**
 * One hash a seed over everything that happened in its run. Equal hashes on two machines, or on two versions of Node,
 * say that the runs were the same to the last event.
 */
import { drawScript, runScript, type StormOptions } from '@synod/simulator';
import { raftSubject } from './raft-subject.js';

/**
 * Runs seeds, each whole, and gives a line for each.
 *
 * @param first - First seed.
 * @param last - Last seed.
 * @param storm - Length and faults.
 */
export function* traceHashes(first: number, last: number, storm: StormOptions): Generator<string> {
  const subject = raftSubject();
  for (let seed = first; seed <= last; seed++) {
    const { traceHash, events, finding } = runScript(drawScript(seed, storm), subject);
    const broken = finding === undefined ? '' : `  broke: ${finding.invariant}`;
    yield `seed ${seed}  ${traceHash}  ${events} events${broken}`;
  }
}
