/** Deciding compares, as etcd does (Compare in rpc.proto): all must hold; an absent key counts as zeros. */
import { compareBytes, unreachable } from '@synod/core';
import { intervalOf, isOneKey } from './key-range.js';
import { textOf } from './key-text.js';
import type { KeyTree } from './key-tree.js';
import type { KeyValue } from './key-value.js';
import type { Compare, CompareResult, NumberCompare } from './transaction.js';

/** Tells whether a compare holds in a tree. */
export function holds(tree: KeyTree, compare: Compare<Uint8Array>): boolean {
  if (isOneKey(compare)) return holdsFor(tree.get(textOf(compare.key)), compare);
  const interval = intervalOf(compare);
  // Of no keys at all one absent key is asked.
  if (tree.count(interval) === 0) return holdsFor(undefined, compare);
  let all = true;
  tree.visit(interval, (kv) => {
    all = holdsFor(kv, compare);
    return all;
  });
  return all;
}

function holdsFor(kv: KeyValue | undefined, compare: Compare<Uint8Array>): boolean {
  if (compare.target !== 'value')
    return isResult(numberOf(kv, compare.target) - compare.value, compare.result);
  return kv !== undefined && isResult(compareBytes(kv.value, compare.value), compare.result);
}

function numberOf(kv: KeyValue | undefined, target: NumberCompare['target']): number {
  return kv === undefined ? 0 : kv[target];
}

function isResult(difference: number, result: CompareResult): boolean {
  switch (result) {
    case 'equal':
      return difference === 0;
    case 'greater':
      return difference > 0;
    case 'less':
      return difference < 0;
    case 'not-equal':
      return difference !== 0;
    default:
      return unreachable(result);
  }
}
