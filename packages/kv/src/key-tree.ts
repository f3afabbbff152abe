/**
 * The ordered map from keys to what the store knows of them: a B+ tree that is changed in place between snapshots and
 * by copying the touched path after one, so that a snapshot is taken at once and stands still while writes go on.
 */
import { invariant } from '@synod/core';
import type { KeyInterval } from './key-range.js';
import { type KeyText, textOf } from './key-text.js';
import { Branch, Leaf, lowOf, type Node, type Owner } from './key-tree-node.js';
import type { KeyValue } from './key-value.js';

/** Looks at one key; gives `false` to look at no more. */
export type Visitor = (kv: KeyValue) => boolean;

/** Makes a key's next entry from the one it has. */
export type Successor = (before: KeyValue | undefined) => KeyValue;

/** An ordered map. Point operations and finding an interval take O(log n). */
export class KeyTree {
  #owner: Owner = {};
  #root: Node = new Leaf(this.#owner, [], []);
  #replaced: KeyValue | undefined;
  readonly #itemsMax: number;
  readonly #itemsMin: number;

  /**
   * @param itemsMax - Most items of a node: 8 or more. A node with less than a quarter of them, the root apart, merges
   * with a neighbour or shares with it.
   */
  constructor(itemsMax = 64) {
    this.#itemsMax = itemsMax;
    this.#itemsMin = itemsMax >>> 2;
  }

  /** How many keys there are. */
  get size(): number {
    return this.#root.size;
  }

  /** Levels of nodes from the root to the leaves; grows with the logarithm of {@link size}. */
  get depth(): number {
    let depth = 1;
    for (let node = this.#root; node instanceof Branch; node = node.at(0)) depth++;
    return depth;
  }

  /** The entry of a key. */
  get(key: KeyText): KeyValue | undefined {
    let node = this.#root;
    while (node instanceof Branch) node = node.at(node.place(key));
    const place = node.place(key);
    return node.keys[place] === key ? node.at(place) : undefined;
  }

  /** Sets a key's entry to what `next` makes of the one before, in one way down. Gives the one before. */
  put(key: KeyText, next: Successor): KeyValue | undefined {
    this.#replaced = undefined;
    this.#root = this.#editable(this.#root);
    const split = this.#insert(this.#root, key, next, true);
    if (split !== undefined) {
      const size = this.#root.size + split.size;
      const low = lowOf(split);
      this.#root = new Branch(this.#owner, [this.#root, split], [low, low], size);
    }
    return this.#replaced;
  }

  /** Removes a key and gives the entry that it had. */
  delete(key: KeyText): KeyValue | undefined {
    // Looked up first: a deletion of nothing must not copy a path.
    const removed = this.get(key);
    if (removed === undefined) return undefined;
    this.#root = this.#editable(this.#root);
    this.#remove(this.#root, key);
    if (this.#root instanceof Branch && this.#root.items === 1) this.#root = this.#root.at(0);
    return removed;
  }

  /** Removes all keys of an interval and gives their entries in ascending order. */
  deleteInterval(interval: KeyInterval): readonly KeyValue[] {
    const removed: KeyValue[] = [];
    this.visit(interval, (kv) => removed.push(kv) > 0);
    // Above this share, making the tree anew from what is left takes less time than removing key by key.
    if (removed.length * 4 > this.size) this.#rebuildWithout(interval);
    else for (const kv of removed) this.delete(textOf(kv.key));
    return removed;
  }

  /** Shows the entries of an interval in ascending order. */
  visit(interval: KeyInterval, visitor: Visitor): void {
    visitFrom(this.#root, interval, visitor);
  }

  /** How many keys are in an interval, in O(log n). */
  count(interval: KeyInterval): number {
    const below = rank(this.#root, interval.first);
    const through = interval.end === undefined ? this.#root.size : rank(this.#root, interval.end);
    return Math.max(0, through - below);
  }

  /** The entries of this moment in ascending order, whatever is written while they are read. O(1). */
  freeze(): Iterable<KeyValue> {
    const root = this.#root;
    this.#owner = {};
    return { [Symbol.iterator]: () => entriesOf(root) };
  }

  #editable(node: Node): Node {
    return node.owner === this.#owner ? node : node.copyFor(this.#owner);
  }

  #editableChild(branch: Branch, place: number): Node {
    const child = this.#editable(branch.at(place));
    branch.children[place] = child;
    return child;
  }

  // Gives the new right neighbour if the node had to be split.
  #insert(node: Node, key: KeyText, next: Successor, isRightmost: boolean): Node | undefined {
    if (node instanceof Leaf) return this.#insertEntry(node, key, next, isRightmost);
    const place = node.place(key);
    const isLast = isRightmost && place === node.items - 1;
    const split = this.#insert(this.#editableChild(node, place), key, next, isLast);
    if (this.#replaced === undefined) node.size++;
    if (split === undefined) return undefined;
    node.insert(place + 1, split);
    return node.items > this.#itemsMax ? node.splitAt(this.#splitPlace(isLast)) : undefined;
  }

  #insertEntry(leaf: Leaf, key: KeyText, next: Successor, isRightmost: boolean): Leaf | undefined {
    const place = leaf.place(key);
    if (leaf.keys[place] === key) {
      const before = leaf.at(place);
      this.#replaced = before;
      leaf.entries[place] = next(before);
      return undefined;
    }
    leaf.insert(place, key, next(undefined));
    const isAppended = isRightmost && place === leaf.items - 1;
    return leaf.items > this.#itemsMax ? leaf.splitAt(this.#splitPlace(isAppended)) : undefined;
  }

  // Keys that come in ascending order leave well-filled nodes behind, not half-filled ones.
  #splitPlace(isAppended: boolean): number {
    return isAppended ? this.#itemsMax - this.#itemsMin : this.#itemsMax >>> 1;
  }

  #remove(node: Node, key: KeyText): void {
    const place = node.place(key);
    if (node instanceof Leaf) {
      node.remove(place);
      return;
    }
    this.#remove(this.#editableChild(node, place), key);
    node.size--;
    if (node.at(place).items < this.#itemsMin) this.#refill(node, Math.max(0, place - 1));
  }

  #rebuildWithout({ first, end }: KeyInterval): void {
    const kept: KeyValue[] = [];
    const keep = (kv: KeyValue) => kept.push(kv) > 0;
    this.visit({ first: '', end: first }, keep);
    if (end !== undefined) this.visit({ first: end > first ? end : first, end: undefined }, keep);
    this.#root = new Leaf(this.#owner, [], []);
    for (const kv of kept) this.put(textOf(kv.key), () => kv);
  }

  // Merges the children at a place and right of it, or shares their items evenly if they are too many for one.
  #refill(branch: Branch, place: number): void {
    if (place + 1 >= branch.items) return;
    const left = this.#editableChild(branch, place);
    absorb(left, branch.at(place + 1));
    if (left.items <= this.#itemsMax) {
      branch.remove(place + 1);
      return;
    }
    const right = left.splitAt(left.items >>> 1);
    branch.children[place + 1] = right;
    branch.lows[place + 1] = lowOf(right);
  }
}

function absorb(left: Node, right: Node): void {
  if (left instanceof Leaf && right instanceof Leaf) return left.absorb(right);
  invariant(left instanceof Branch && right instanceof Branch, 'all leaves are at one depth');
  left.absorb(right);
}

function rank(root: Node, key: KeyText): number {
  let node = root;
  let before = 0;
  while (node instanceof Branch) {
    const place = node.place(key);
    for (let left = 0; left < place; left++) before += node.at(left).size;
    node = node.at(place);
  }
  return before + node.place(key);
}

function visitFrom(node: Node, interval: KeyInterval, visitor: Visitor): boolean {
  const { first, end } = interval;
  const from = node.place(first);
  if (node instanceof Leaf) {
    const to = end === undefined ? node.items : node.place(end);
    for (let place = from; place < to; place++) {
      if (!visitor(node.at(place))) return false;
    }
    return true;
  }
  const last = end === undefined ? node.items - 1 : node.place(end);
  for (let place = from; place <= last; place++) {
    if (!visitFrom(node.at(place), interval, visitor)) return false;
  }
  return true;
}

function* entriesOf(node: Node): Generator<KeyValue> {
  if (node instanceof Leaf) yield* node.entries;
  else for (const child of node.children) yield* entriesOf(child);
}
