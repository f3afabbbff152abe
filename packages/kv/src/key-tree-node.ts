/**
 * Nodes of the key tree: a B+ tree (Comer, "The Ubiquitous B-Tree", 1979) whose leaves hold the keys in byte-wise
 * order. Every node knows its owner: a node may be changed in place by the tree that owns it and must be copied by
 * any other. A snapshot costs nothing but a change of owner.
 */
import { invariant } from '@synod/core';
import type { KeyText } from './key-text.js';
import type { KeyValue } from './key-value.js';

/** Identity of one stretch of a tree's life between two snapshots. */
export type Owner = object;

/** A node of either kind. */
export type Node = Leaf | Branch;

/** Holds keys. */
export class Leaf {
  readonly owner: Owner;
  /** In ascending order. */
  readonly keys: KeyText[];
  /** What belongs to each key, in the same places. */
  readonly entries: KeyValue[];

  constructor(owner: Owner, keys: KeyText[], entries: KeyValue[]) {
    this.owner = owner;
    this.keys = keys;
    this.entries = entries;
  }

  /** Keys below this node. */
  get size(): number {
    return this.keys.length;
  }

  /** Items of this node itself. */
  get items(): number {
    return this.keys.length;
  }

  /** Place of the first key that is not below `key`. */
  place(key: KeyText): number {
    const keys = this.keys;
    let low = 0;
    let high = keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((keys[middle] ?? '') < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  at(place: number): KeyValue {
    const entry = this.entries[place];
    invariant(entry !== undefined, 'a place in a leaf has an entry');
    return entry;
  }

  copyFor(owner: Owner): Leaf {
    return new Leaf(owner, this.keys.slice(), this.entries.slice());
  }

  insert(place: number, key: KeyText, entry: KeyValue): void {
    this.keys.splice(place, 0, key);
    this.entries.splice(place, 0, entry);
  }

  remove(place: number): void {
    this.keys.splice(place, 1);
    this.entries.splice(place, 1);
  }

  /** Moves the entries from a place on into a new right neighbour. */
  splitAt(place: number): Leaf {
    return new Leaf(this.owner, this.keys.splice(place), this.entries.splice(place));
  }

  /** Takes over all entries of the right neighbour. */
  absorb(right: Leaf): void {
    this.keys.push(...right.keys);
    this.entries.push(...right.entries);
  }
}

/** Holds nodes. */
export class Branch {
  readonly owner: Owner;
  readonly children: Node[];
  /**
   * `lows[n]` parts child `n - 1` from child `n`: the keys of the one are below it, those of the other are not.
   * `lows[0]` parts this node from its left neighbour in the same way; in the leftmost node it has no meaning.
   */
  readonly lows: KeyText[];
  /** Keys below this node. */
  size: number;

  constructor(owner: Owner, children: Node[], lows: KeyText[], size: number) {
    this.owner = owner;
    this.children = children;
    this.lows = lows;
    this.size = size;
  }

  /** Items of this node itself. */
  get items(): number {
    return this.children.length;
  }

  /** Place of the child in which a key is or would be. */
  place(key: KeyText): number {
    const lows = this.lows;
    let low = 1;
    let high = lows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((lows[middle] ?? '') <= key) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  at(place: number): Node {
    const child = this.children[place];
    invariant(child !== undefined, 'a place in a branch has a child');
    return child;
  }

  lowOf(place: number): KeyText {
    const low = this.lows[place];
    invariant(low !== undefined, 'a place in a branch has a bound');
    return low;
  }

  copyFor(owner: Owner): Branch {
    return new Branch(owner, this.children.slice(), this.lows.slice(), this.size);
  }

  insert(place: number, child: Node): void {
    this.children.splice(place, 0, child);
    this.lows.splice(place, 0, lowOf(child));
  }

  remove(place: number): void {
    this.children.splice(place, 1);
    this.lows.splice(place, 1);
  }

  /** Moves the children from a place on into a new right neighbour. */
  splitAt(place: number): Branch {
    const children = this.children.splice(place);
    const lows = this.lows.splice(place);
    let size = 0;
    for (const child of children) size += child.size;
    this.size -= size;
    return new Branch(this.owner, children, lows, size);
  }

  /** Takes over all children of the right neighbour. */
  absorb(right: Branch): void {
    this.children.push(...right.children);
    this.lows.push(...right.lows);
    this.size += right.size;
  }
}

/** What parts a node from its left neighbour. Not of the leftmost one. */
export function lowOf(node: Node): KeyText {
  const low = node instanceof Leaf ? node.keys[0] : node.lowOf(0);
  invariant(low !== undefined, 'a node beside another has items');
  return low;
}
