/**
 * Planning a transaction: which lists of operations its compares choose, and whether anything forbids them. All of it
 * looks at the state before the first change, as in etcd, so that a refused transaction needs no undoing.
 */
import { holds } from './compare.js';
import { intervalOf, isOneKey } from './key-range.js';
import { textOf } from './key-text.js';
import type { KeyTree } from './key-tree.js';
import { isRearranged } from './range-query.js';
import type { RefusalCode } from './refusal.js';
import type { Compare, KeyRange, Operation, PutOperation, Transaction } from './transaction.js';

/**
 * Whether the compares held, of the transaction and of each nested one on the way, outer before inner and in the order
 * of the operations.
 */
export type Choices = readonly boolean[];

/** Plans a transaction, or gives the reason why it must not be done. */
export function planTransaction(
  tree: KeyTree,
  transaction: Transaction<Uint8Array>,
  scannedKeysMax: number,
): Choices | RefusalCode {
  const planner = new Planner(tree, scannedKeysMax);
  return planner.plan(transaction) ?? planner.choices;
}

/** The list of operations that a choice stands for. */
export function chosen(
  transaction: Transaction<Uint8Array>,
  succeeded: boolean,
): readonly Operation<Uint8Array>[] {
  return (succeeded ? transaction.success : transaction.failure) ?? [];
}

class Planner {
  readonly choices: boolean[] = [];
  readonly #tree: KeyTree;
  #scansLeft: number;

  constructor(tree: KeyTree, scannedKeysMax: number) {
    this.#tree = tree;
    this.#scansLeft = scannedKeysMax;
  }

  plan(transaction: Transaction<Uint8Array>): RefusalCode | undefined {
    const compares = transaction.compares ?? [];
    for (const compare of compares) this.#scan(compare, Number.POSITIVE_INFINITY);
    if (this.#scansLeft < 0) return 'TOO_MANY_KEYS';
    const succeeded = this.#allHold(compares);
    this.choices.push(succeeded);
    for (const operation of chosen(transaction, succeeded)) {
      const refusal = this.#refusalOf(operation);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  #allHold(compares: readonly Compare<Uint8Array>[]): boolean {
    for (const compare of compares) {
      if (!holds(this.#tree, compare)) return false;
    }
    return true;
  }

  #refusalOf(operation: Operation<Uint8Array>): RefusalCode | undefined {
    if (operation.type === 'transaction') return this.plan(operation);
    if (operation.type === 'put') return this.#refusalOfPut(operation);
    if (operation.type === 'range' && operation.countOnly !== true) {
      const isCutShort = operation.limit !== undefined && operation.limit > 0 && !isRearranged(operation);
      this.#scan(operation, isCutShort ? (operation.limit ?? 0) : Number.POSITIVE_INFINITY);
    } else if (operation.type === 'deleteRange' && operation.prevKv === true) {
      this.#scan(operation, Number.POSITIVE_INFINITY);
    }
    return this.#scansLeft < 0 ? 'TOO_MANY_KEYS' : undefined;
  }

  // No other operation of the transaction may touch the same key, so the state before it is what the put will find.
  #refusalOfPut(put: PutOperation<Uint8Array>): RefusalCode | undefined {
    if (put.lease !== undefined && put.lease !== 0) return 'LEASE_NOT_FOUND';
    if (put.ignoreValue !== true && put.ignoreLease !== true) return undefined;
    return this.#tree.get(textOf(put.key)) === undefined ? 'KEY_NOT_FOUND' : undefined;
  }

  #scan(range: KeyRange<Uint8Array>, most: number): void {
    if (!isOneKey(range)) this.#scansLeft -= Math.min(most, this.#tree.count(intervalOf(range)));
  }
}
