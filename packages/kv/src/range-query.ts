/** Answering ranges: the interval, then filters, then the order, then the limit, as etcd does (RangeRequest). */
import { compareBytes, InvalidArgumentError, unreachable } from '@synod/core';
import { sortTargets } from './command-format.js';
import { intervalOf, isOneKey } from './key-range.js';
import { textOf } from './key-text.js';
import type { KeyTree } from './key-tree.js';
import type { KeyValue } from './key-value.js';
import type { RangeResponse } from './result.js';
import type { RangeRequest, RangeSort, SortTarget } from './transaction.js';

const emptyValue = new Uint8Array(0);

/** Answers a range from a tree that stands at a revision. */
export function answerRange(
  tree: KeyTree,
  request: RangeRequest<Uint8Array>,
  revision: number,
): RangeResponse {
  const found = isOneKey(request) ? tree.get(textOf(request.key)) : undefined;
  const count = isOneKey(request) ? (found === undefined ? 0 : 1) : tree.count(intervalOf(request));
  if (request.countOnly === true) return { type: 'range', revision, kvs: [], more: false, count };
  const limit = request.limit ?? 0;
  // One more than the limit, to know whether it cut something off.
  const most = limit === 0 || request.sort !== undefined ? Number.POSITIVE_INFINITY : limit + 1;
  const all = isOneKey(request) ? oneOrNone(found, request) : collect(tree, request, most);
  if (request.sort !== undefined) sort(all, request.sort);
  const more = limit > 0 && all.length > limit;
  if (more) all.length = limit;
  return {
    type: 'range',
    revision,
    kvs: request.keysOnly === true ? all.map(withoutValue) : all,
    more,
    count,
  };
}

/** Tells whether more keys of the interval than the limit may have to be looked at. */
export function isRearranged(request: RangeRequest<Uint8Array>): boolean {
  return request.sort !== undefined || isFiltered(request);
}

/** An order with its defaults filled in; refuses names that TypeScript would not let through. */
export function resolveSort({ target = 'key', order = 'ascending' }: RangeSort): Required<RangeSort> {
  if (!sortTargets.includes(target)) {
    throw new InvalidArgumentError(
      `sort target is ${String(target)}: it must be one of ${sortTargets.join(', ')}`,
    );
  }
  if (order !== 'ascending' && order !== 'descending') {
    throw new InvalidArgumentError(`sort order is ${String(order)}: it must be ascending or descending`);
  }
  return { target, order };
}

function oneOrNone(kv: KeyValue | undefined, request: RangeRequest<Uint8Array>): KeyValue[] {
  return kv !== undefined && passes(kv, request) ? [kv] : [];
}

function collect(tree: KeyTree, request: RangeRequest<Uint8Array>, most: number): KeyValue[] {
  const kvs: KeyValue[] = [];
  const filtered = isFiltered(request);
  tree.visit(intervalOf(request), (kv) => {
    if (!filtered || passes(kv, request)) kvs.push(kv);
    return kvs.length < most;
  });
  return kvs;
}

function isFiltered(request: RangeRequest<Uint8Array>): boolean {
  const { minModRevision = 0, maxModRevision = 0, minCreateRevision = 0, maxCreateRevision = 0 } = request;
  return minModRevision + maxModRevision + minCreateRevision + maxCreateRevision > 0;
}

function passes(kv: KeyValue, request: RangeRequest<Uint8Array>): boolean {
  const { minModRevision = 0, maxModRevision = 0, minCreateRevision = 0, maxCreateRevision = 0 } = request;
  return (
    kv.modRevision >= minModRevision &&
    (maxModRevision === 0 || kv.modRevision <= maxModRevision) &&
    kv.createRevision >= minCreateRevision &&
    (maxCreateRevision === 0 || kv.createRevision <= maxCreateRevision)
  );
}

function sort(kvs: KeyValue[], { target = 'key', order = 'ascending' }: RangeSort): void {
  const sign = order === 'ascending' ? 1 : -1;
  kvs.sort((left, right) => sign * compareBy(target, left, right));
}

function compareBy(target: SortTarget, left: KeyValue, right: KeyValue): number {
  switch (target) {
    case 'key':
      return compareBytes(left.key, right.key);
    case 'value':
      return compareBytes(left.value, right.value);
    case 'version':
      return left.version - right.version;
    case 'createRevision':
      return left.createRevision - right.createRevision;
    case 'modRevision':
      return left.modRevision - right.modRevision;
    default:
      return unreachable(target);
  }
}

function withoutValue(kv: KeyValue): KeyValue {
  return { ...kv, value: emptyValue };
}
