/** What must hold of every engine's effects at any time, whatever is done to it. */
import type { Effects, EngineMessage } from '../engine.js';
import type { Entry } from '../entry.js';
import { SynodError } from '../errors.js';
import type { LogIndex, NodeId, Term } from '../ids.js';
import type { EngineStatus } from '../status.js';
import type { DiskModel } from './disk-model.js';

/** An engine broke the contract; the message says which rule, and how. */
export class ComplianceError extends SynodError {
  /** @param message - The rule and what was found. */
  constructor(message: string) {
    super({ code: 'NOT_COMPLIANT', message });
  }
}

/**
 * States a rule of the contract.
 *
 * @param condition - Whether it holds.
 * @param message - The rule, and what was found.
 */
export function demand(condition: boolean, message: string): asserts condition {
  if (!condition) throw new ComplianceError(message);
}

/** Watches all nodes of one cluster. */
export class ContractWatch {
  readonly #applied = new Map<LogIndex, Entry>();
  readonly #leaders = new Map<Term, NodeId>();
  readonly #sequences = new Map<NodeId, number>();

  /** A node starts anew, and counts its saves anew. */
  restarted(id: NodeId): void {
    this.#sequences.delete(id);
  }

  /** Effects were taken, and nothing of them is carried out yet. */
  taken<Message extends EngineMessage>(id: NodeId, disk: DiskModel, effects: Effects<Message>): void {
    const { save, committed, sendNow, sendAfterSave } = effects;
    if (save !== undefined) {
      const sequence = (this.#sequences.get(id) ?? 0) + 1;
      demand(
        save.receipt.sequence === sequence,
        `saves are numbered 1, 2, 3: ${id} numbers one ${save.receipt.sequence} where ${sequence} is next`,
      );
      this.#sequences.set(id, sequence);
      demandAscending(id, save.entries);
    }
    for (const { from, to } of [...sendNow, ...sendAfterSave])
      demand(
        from === id && to !== id,
        `messages of ${id} are from it and to others, not from ${from} to ${to}`,
      );
    for (const entry of committed) {
      demand(
        disk.holds(entry),
        `what is committed is durable here before: ${id} applies ${entry.index}, which its disk does not hold`,
      );
      this.#agree(id, entry);
    }
  }

  /** A node was stepped. */
  stepped({ id, role, term, commitIndex, appliedIndex }: EngineStatus): void {
    demand(appliedIndex <= commitIndex, `${id} has applied ${appliedIndex} and committed ${commitIndex}`);
    if (role !== 'leader') return;
    const other = this.#leaders.get(term) ?? id;
    demand(other === id, `one leader a term: ${other} and ${id} both lead ${term}`);
    this.#leaders.set(term, id);
  }

  /** One entry an index, on all nodes and in all their lives. */
  #agree(id: NodeId, entry: Entry): void {
    const known = this.#applied.get(entry.index);
    if (known === undefined) {
      this.#applied.set(entry.index, entry);
      return;
    }
    demand(
      known.kind === entry.kind && sameBytes(known.data, entry.data),
      `one entry an index: ${id} applies another one at ${entry.index} than was applied before`,
    );
  }
}

function demandAscending(id: NodeId, entries: readonly Entry[]): void {
  let previous = 0;
  for (const { index } of entries) {
    demand(index > previous, `entries of a save ascend: ${id} saves ${index} after ${previous}`);
    previous = index;
  }
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, at) => byte === right[at]);
}
