import { describe, expect, it } from 'vitest';
import { entry, keysOf, numbered } from '../test/support/entries.js';
import { textOf } from './key-text.js';
import { KeyTree } from './key-tree.js';
import type { KeyValue } from './key-value.js';

describe('key tree', () => {
  it('keeps byte-wise order: a prefix before what it begins, 0 first and 255 last', () => {
    const tree = new KeyTree();
    for (const key of [[255], [97, 0], [97], [0], [97, 97], [96, 255, 255]])
      set(tree, entry(Uint8Array.from(key)));
    expect([...tree.freeze()].map((kv) => [...kv.key])).toEqual([
      [0],
      [96, 255, 255],
      [97],
      [97, 0],
      [97, 97],
      [255],
    ]);
  });

  it('gives the replaced and the removed entry, and nothing for a key that was not there', () => {
    const tree = new KeyTree();
    const first = entry('k', 1);
    const second = entry('k', 2);
    expect(set(tree, first)).toBeUndefined();
    expect(set(tree, second)).toBe(first);
    expect(tree.delete('j')).toBeUndefined();
    expect(tree.delete('k')).toBe(second);
    expect(tree.get('k')).toBeUndefined();
    expect(tree.size).toBe(0);
  });

  it('counts an interval without reading it, like the entries one can count', () => {
    const tree = new KeyTree();
    for (let number = 0; number < 10_000; number += 2) set(tree, numbered(number));
    for (const [first, end] of [
      [0, 10_000],
      [1, 2],
      [5000, 5001],
      [777, 8888],
      [9000, 100],
    ] as const) {
      const interval = { first: keyText(first), end: keyText(end) };
      let seen = 0;
      tree.visit(interval, () => ++seen > 0);
      expect(tree.count(interval)).toBe(seen);
      expect(seen).toBe(Math.max(0, Math.ceil(end / 2) - Math.ceil(first / 2)));
    }
    expect(tree.count({ first: keyText(9000), end: undefined })).toBe(500);
  });

  it('stops a visit when the visitor has enough', () => {
    const tree = new KeyTree();
    for (let number = 0; number < 1000; number++) set(tree, numbered(number));
    const seen: string[] = [];
    tree.visit({ first: keyText(500), end: undefined }, (kv) => {
      seen.push(keysOf([kv])[0] ?? '');
      return seen.length < 3;
    });
    expect(seen).toEqual(['000500', '000501', '000502']);
  });

  it('stays shallow for keys that come in ascending, descending and scattered order', () => {
    const count = 20_000;
    for (const place of [
      (number: number) => number,
      (number: number) => count - number,
      (number: number) => (number * 7919) % count,
    ]) {
      const tree = new KeyTree();
      for (let number = 0; number < count; number++) set(tree, numbered(place(number)));
      expect(tree.size).toBe(count);
      // Five levels would hold 2 * 16^4 keys at the least.
      expect(tree.depth).toBeLessThanOrEqual(4);
    }
  });

  it('shrinks again when keys go, down to an empty tree of one level', () => {
    const tree = new KeyTree();
    const count = 20_000;
    for (let number = 0; number < count; number++) set(tree, numbered(number));
    for (let number = 0; number < count; number++) {
      if (number % 100 !== 0) tree.delete(keyText(number));
    }
    expect(tree.size).toBe(200);
    expect(tree.depth).toBeLessThanOrEqual(2);
    expect(keysOf(tree.freeze())).toEqual(
      Array.from({ length: 200 }, (_, n) => keysOf([numbered(n * 100)])[0]),
    );
    for (let number = 0; number < count; number += 100) tree.delete(keyText(number));
    expect([tree.size, tree.depth]).toEqual([0, 1]);
  });

  it('shrinks from its upper and its lower end alike', () => {
    const count = 20_000;
    for (const place of [(number: number) => number, (number: number) => count - 1 - number]) {
      const tree = new KeyTree();
      for (let number = 0; number < count; number++) set(tree, numbered(number));
      for (let number = 0; number < count - 60; number++) tree.delete(keyText(place(number)));
      expect([tree.size, tree.depth <= 2]).toEqual([60, true]);
    }
  });

  it('a frozen tree shows its moment, whatever is written before and while it is read', () => {
    const tree = new KeyTree();
    for (let number = 0; number < 5000; number++) set(tree, numbered(number, 1));
    const frozen = tree.freeze();
    set(tree, numbered(4999, 2));
    const seen: number[] = [];
    for (const kv of frozen) {
      seen.push(kv.modRevision);
      set(tree, numbered(seen.length + 10, 2));
      tree.delete(keyText(5000 - seen.length));
    }
    expect(seen).toEqual(new Array<number>(5000).fill(1));
    expect(keysOf(frozen)).toHaveLength(5000);
  });
});

function set(tree: KeyTree, kv: KeyValue): KeyValue | undefined {
  return tree.put(textOf(kv.key), () => kv);
}

function keyText(number: number): string {
  return textOf(numbered(number).key);
}
