/**
 * The rule that a transaction changes each key at most once (etcd: "duplicate key given in txn request"). Operations
 * that exclude each other, because one is under `success` and one under `failure` of the same transaction, may name
 * the same key; deletions may overlap.
 */
import { contains, intervalOf, type KeyInterval } from './key-range.js';
import { type KeyText, textOf } from './key-text.js';
import type { Operation, Transaction } from './transaction.js';

type Operations = readonly Operation<Uint8Array>[];

/** What a list of operations may change, nested transactions counted. */
interface Changes {
  readonly puts: Set<KeyText>;
  readonly deletions: KeyInterval[];
}

/** Tells whether two operations that can run together put the same key, or put and delete it. */
export function hasDuplicateKey(transaction: Required<Transaction<Uint8Array>>): boolean {
  return listHasDuplicateKey(transaction.success) || listHasDuplicateKey(transaction.failure);
}

function listHasDuplicateKey(operations: Operations): boolean {
  if (operations.length <= 1 && operations[0]?.type !== 'transaction') return false;
  return changesOf(operations) === undefined;
}

// `undefined`: a duplicate was found.
function changesOf(operations: Operations): Changes | undefined {
  const changes: Changes = { puts: new Set(), deletions: [] };
  for (const operation of operations) {
    if (operation.type === 'put') {
      const key = textOf(operation.key);
      if (!isFree(changes, key)) return undefined;
      changes.puts.add(key);
    } else if (operation.type === 'deleteRange') {
      const deletion = intervalOf(operation);
      if (deletesPut(deletion, changes)) return undefined;
      changes.deletions.push(deletion);
    } else if (operation.type === 'transaction') {
      const success = changesOf(operation.success ?? []);
      const failure = changesOf(operation.failure ?? []);
      if (success === undefined || failure === undefined) return undefined;
      if (overlaps(changes, success) || overlaps(changes, failure)) return undefined;
      include(changes, success);
      include(changes, failure);
    }
  }
  return changes;
}

function isFree(changes: Changes, key: KeyText): boolean {
  return !changes.puts.has(key) && !changes.deletions.some((deletion) => contains(deletion, key));
}

function deletesPut(deletion: KeyInterval, changes: Changes): boolean {
  for (const key of changes.puts) {
    if (contains(deletion, key)) return true;
  }
  return false;
}

function overlaps(changes: Changes, more: Changes): boolean {
  for (const key of more.puts) {
    if (!isFree(changes, key)) return true;
  }
  return more.deletions.some((deletion) => deletesPut(deletion, changes));
}

function include(changes: Changes, more: Changes): void {
  for (const key of more.puts) changes.puts.add(key);
  for (const deletion of more.deletions) changes.deletions.push(deletion);
}
