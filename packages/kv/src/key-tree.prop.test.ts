import fc from 'fast-check';
import { expect, it } from 'vitest';
import { numbered } from '../test/support/entries.js';
import { textOf } from './key-text.js';
import { KeyTree } from './key-tree.js';
import type { KeyValue } from './key-value.js';

type Step =
  | {
      readonly type: 'put' | 'delete' | 'range' | 'deleteInterval';
      readonly from: number;
      readonly count: number;
    }
  | { readonly type: 'freeze' };

const keyMax = 600;
const run = { from: fc.nat(keyMax), count: fc.integer({ min: 1, max: 150 }) };
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ type: fc.constant('put' as const), ...run }),
  fc.record({ type: fc.constant('delete' as const), ...run }),
  fc.record({ type: fc.constant('range' as const), ...run }),
  fc.record({ type: fc.constant('deleteInterval' as const), ...run }),
  fc.constant({ type: 'freeze' as const }),
);

it('runs of puts, deletions and freezes leave what a plain sorted map holds, and frozen trees as they were', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      // Small nodes, for a deep tree of few keys.
      const tree = new KeyTree(8);
      const oracle = new Map<number, KeyValue>();
      const frozen: [Iterable<KeyValue>, KeyValue[]][] = [];
      let revision = 1;
      for (const each of steps) {
        revision++;
        if (each.type === 'freeze') {
          frozen.push([tree.freeze(), sorted(oracle)]);
          continue;
        }
        const numbers = Array.from({ length: each.count }, (_, n) => (each.from + n * 7) % keyMax);
        if (each.type === 'deleteInterval') {
          const to = each.from + (each.count % 40) * (each.count % 3);
          const removed = tree.deleteInterval({ first: keyText(each.from), end: keyText(to) });
          expect(removed).toEqual(sorted(oracle, each.from, to));
          for (let number = each.from; number < to; number++) oracle.delete(number);
          expect([tree.size, tree.depth <= depthMax(oracle.size)]).toEqual([oracle.size, true]);
          continue;
        }
        if (each.type === 'range') {
          const interval = { first: keyText(each.from), end: keyText(each.from + each.count) };
          const seen: KeyValue[] = [];
          tree.visit(interval, (kv) => seen.push(kv) > 0);
          expect(seen).toEqual(sorted(oracle, each.from, each.from + each.count));
          expect(tree.count(interval)).toBe(seen.length);
          continue;
        }
        for (const number of numbers) {
          const kv = numbered(number, revision);
          expect(each.type === 'put' ? set(tree, kv) : tree.delete(keyText(number))).toBe(oracle.get(number));
          if (each.type === 'put') oracle.set(number, kv);
          else oracle.delete(number);
        }
        expect(tree.size).toBe(oracle.size);
        expect(tree.depth).toBeLessThanOrEqual(depthMax(oracle.size));
      }
      for (const [number, kv] of oracle) expect(tree.get(keyText(number))).toBe(kv);
      frozen.push([tree.freeze(), sorted(oracle)]);
      for (const [actual, expected] of frozen) expect([...actual]).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});

// Each level below the root has at least two items a node, and the root has two.
function depthMax(size: number): number {
  return Math.max(1, Math.log2(size));
}

function sorted(oracle: ReadonlyMap<number, KeyValue>, from = 0, to = Number.POSITIVE_INFINITY): KeyValue[] {
  return [...oracle]
    .filter(([number]) => number >= from && number < to)
    .sort(([left], [right]) => left - right)
    .map(([, kv]) => kv);
}

function set(tree: KeyTree, kv: KeyValue): KeyValue | undefined {
  return tree.put(textOf(kv.key), () => kv);
}

function keyText(number: number): string {
  return textOf(numbered(number).key);
}
