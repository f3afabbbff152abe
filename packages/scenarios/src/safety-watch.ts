/**
 * What must hold in every scenario whatever its file says (Raft figure 3; Paxos Made Simple §2.2): one leader a term,
 * and one entry an index for all state machines. A golden file of a run that breaks either cannot be written.
 */
import type { Entry, LogIndex, NodeId, Term } from '@synod/core';
import { ScenarioError } from './script.js';
import { tellEntry } from './telling.js';

/** Watches all nodes of one scenario. */
export class SafetyWatch {
  readonly #leaders = new Map<Term, NodeId>();
  readonly #applied = new Map<LogIndex, string>();

  leads(node: NodeId, term: Term): void {
    const other = this.#leaders.get(term) ?? node;
    if (other !== node) throw new ScenarioError(`safety: ${other} and ${node} both lead term ${term}`);
    this.#leaders.set(term, node);
  }

  applies(node: NodeId, entry: Entry): void {
    const told = tellEntry(entry);
    const other = this.#applied.get(entry.index) ?? told;
    if (other !== told) {
      throw new ScenarioError(`safety: ${node} applies ${told}, where ${other} was applied before`);
    }
    this.#applied.set(entry.index, told);
  }
}
