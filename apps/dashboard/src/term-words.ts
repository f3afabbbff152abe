/** What a term is called: Raft counts terms, and Paxos packs a round and its proposer into a ballot. */
import { formatBallot } from '@synod/paxos';
import { formatCount } from './formatting.js';

/** A term with its noun: `term 5`, or `ballot 3.1` for round 3 of the first member. */
export function termWords(engine: string | undefined, term: number | undefined): string {
  if (term === undefined) return engine === 'paxos' ? 'ballot ?' : 'term ?';
  return engine === 'paxos' ? `ballot ${formatBallot(term)}` : `term ${formatCount(term)}`;
}
