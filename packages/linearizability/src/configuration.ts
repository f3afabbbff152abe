/**
 * A configuration of the search (Lowe, "Testing for linearizability", 2017, section 4): which operations have taken
 * effect, and the state they left; with the way that led here, so that steps can be taken back.
 *
 * Of the operations that are answered, all up to a frontier in the order of answers have taken effect, and besides
 * them only some that are under way there. So a few words of bits tell configurations apart, however long the history.
 */
import type { Operation } from './operation.js';
import { type ClosedOperations, none, type OpenOperations, realTimeOrder } from './real-time-order.js';
import { initialState, refused, type Transitions } from './transitions.js';

/** It took effect by choice; the search turns back to here and chooses otherwise. */
export const chosen = 0;
/** It took effect at once, since it only reads and fitted: no other way had to be tried. */
export const atOnce = 1;
/** It took effect just before the last overwriting operation, which covered it before anyone saw it. */
export const covered = 2;
/** It took effect, and the next overwriting operation will cover it before anyone sees it. */
export const doomed = 3;

/** How an operation takes effect: {@link chosen}, {@link atOnce}, {@link covered} or {@link doomed}. */
export type Manner = typeof chosen | typeof atOnce | typeof covered | typeof doomed;

/** The state that doomed operations leave: only an overwriting operation fits it. */
export const anyState = -2;

/** A configuration. Closed operations go by their numbers; open ones by theirs, added to the count of the closed. */
export class Configuration<State, Input, Output> {
  readonly transitions: Transitions<State, Input, Output>;
  readonly closed: ClosedOperations;
  readonly open: OpenOperations;

  /** How many answers, in their order, belong to operations that all have taken effect. */
  frontier = 0;
  /** Number of the state. */
  state = initialState;
  /** Moment before which operations were called that can have been {@link covered}; {@link none} if none can. */
  overwrittenAt: number = none;
  /** 1 while no operation has seen the last change, else 0. */
  unseen: 0 | 1 = 0;
  /** Closed operations that took effect and were answered from the frontier on, by slot. */
  readonly closedBits: Int32Array;
  /** Open operations that took effect, by number plus one; bit 0 is {@link Configuration.unseen}. */
  readonly openBits: Int32Array;

  /** How many operations have taken effect. */
  depth = 0;
  /** How many of them were never answered. */
  openDepth = 0;
  /** What they are, in the order in which the search took them. */
  readonly path: Int32Array;
  /** How each took effect. */
  readonly manners: Uint8Array;

  // As it was before each step of the way.
  readonly #states: Int32Array;
  readonly #frontiers: Int32Array;
  readonly #overwritten: Int32Array;
  readonly #unseens: Uint8Array;

  readonly #effective: Uint8Array;
  // Closed operations that have not taken effect, a ring in the order of calls that begins and ends at number `count`.
  readonly #nextCall: Int32Array;
  readonly #previousCall: Int32Array;
  // For each group of open operations, the first that has not taken effect.
  readonly #openHeads: Int32Array;

  constructor(
    operations: readonly Operation<Input, Output>[],
    transitions: Transitions<State, Input, Output>,
  ) {
    const { closed, open } = realTimeOrder(operations, transitions);
    this.transitions = transitions;
    this.closed = closed;
    this.open = open;
    this.closedBits = new Int32Array(wordsFor(closed.slots));
    this.openBits = new Int32Array(wordsFor(open.count + 1));
    const all = closed.count + open.count;
    this.path = new Int32Array(all);
    this.manners = new Uint8Array(all);
    this.#states = new Int32Array(all);
    this.#frontiers = new Int32Array(all);
    this.#overwritten = new Int32Array(all);
    this.#unseens = new Uint8Array(all);
    this.#effective = new Uint8Array(closed.count);
    const ring = closed.count + 1;
    this.#nextCall = new Int32Array(ring).map((_, number) => (number + 1) % ring);
    this.#previousCall = new Int32Array(ring).map((_, number) => (number + closed.count) % ring);
    this.#openHeads = open.groupStarts.slice(0, -1);
  }

  /** The closed operation that was called next and has not taken effect; `closed.count` before the first and after the last. */
  nextCall(number: number): number {
    return this.#nextCall[number] ?? this.closed.count;
  }

  /** The first open operation of a group that has not taken effect, or {@link none}. */
  openHead(group: number): number {
    const head = this.#openHeads[group] ?? none;
    return head === this.open.groupStarts[group + 1] ? none : head;
  }

  /** The closed operation that must take effect before the frontier moves on; {@link none} at the end. */
  first(): number {
    return this.closed.byReturn[this.frontier] ?? none;
  }

  /** Moment at which {@link Configuration.first} was answered: what was called before it can take effect. */
  frontierMoment(): number {
    return this.closed.returnedAt[this.first()] ?? Number.POSITIVE_INFINITY;
  }

  /** Whether a closed operation has taken effect. */
  isEffective(number: number): boolean {
    return this.#effective[number] === 1;
  }

  /** Whether a closed operation can have taken effect just before the last overwriting one. */
  isCoverable(number: number): boolean {
    return (
      (this.closed.calledAt[number] ?? 0) < this.overwrittenAt &&
      this.transitions.fitsEveryState(this.closed.kind[number] ?? none)
    );
  }

  /** The kind of an operation. */
  kindOf(operation: number): number {
    const { closed, open } = this;
    return (operation < closed.count ? closed.kind[operation] : open.kind[operation - closed.count]) ?? none;
  }

  /** The state that an operation of a kind leaves here, or {@link refused}. */
  next(kind: number): number {
    return this.#nextAfter(this.state, kind);
  }

  /**
   * Whether the last step was an open operation that looks at the state, and one of a kind would go just the same
   * without it.
   */
  isIdle(kind: number): boolean {
    const last = this.depth - 1;
    const operation = this.path[last] ?? 0;
    if (last < 0 || operation < this.closed.count) return false;
    if (this.transitions.behaviourOf(this.kindOf(operation)) !== 'depends') return false;
    return this.#nextAfter(this.#states[last] ?? none, kind) === this.next(kind);
  }

  /** Lets an operation take effect. */
  take(operation: number, manner: Manner): void {
    const depth = this.depth++;
    this.path[depth] = operation;
    this.manners[depth] = manner;
    this.#states[depth] = this.state;
    this.#frontiers[depth] = this.frontier;
    this.#overwritten[depth] = this.overwrittenAt;
    this.#unseens[depth] = this.unseen;
    if (manner === doomed) this.state = anyState;
    if (manner === chosen || manner === atOnce) this.#change(operation);
    if (operation < this.closed.count) this.#takeClosed(operation);
    else this.#takeOpen(operation - this.closed.count);
  }

  /** Takes the last step back. */
  takeBack(): void {
    const depth = --this.depth;
    const operation = this.path[depth] ?? 0;
    if (operation < this.closed.count) this.#takeBackClosed(operation, this.#frontiers[depth] ?? 0);
    else this.#takeBackOpen(operation - this.closed.count);
    this.state = this.#states[depth] ?? none;
    this.overwrittenAt = this.#overwritten[depth] ?? none;
    this.#setUnseen(this.#unseens[depth] === 1 ? 1 : 0);
  }

  #nextAfter(state: number, kind: number): number {
    if (state !== anyState) return this.transitions.next(state, kind);
    const overwrites = this.transitions.behaviourOf(kind) === 'overwrites';
    return overwrites ? this.transitions.next(initialState, kind) : refused;
  }

  #change(operation: number): void {
    const kind = this.kindOf(operation);
    const behaviour = this.transitions.behaviourOf(kind);
    this.state = this.next(kind);
    if (behaviour === 'overwrites') this.overwrittenAt = this.frontierMoment();
    const isOpen = operation >= this.closed.count;
    this.#setUnseen(isOpen || behaviour === 'overwrites' || behaviour === 'changes' ? 1 : 0);
  }

  #setUnseen(unseen: 0 | 1): void {
    this.unseen = unseen;
    this.openBits[0] = ((this.openBits[0] ?? 0) & ~1) | unseen;
  }

  #takeClosed(number: number): void {
    const { count, byReturn, slot } = this.closed;
    const previous = this.#previousCall[number] ?? count;
    const next = this.#nextCall[number] ?? count;
    this.#nextCall[previous] = next;
    this.#previousCall[next] = previous;
    this.#effective[number] = 1;
    flip(this.closedBits, slot[number] ?? 0);
    while (this.frontier < count) {
      const first = byReturn[this.frontier] ?? 0;
      if (this.#effective[first] === 0) break;
      flip(this.closedBits, slot[first] ?? 0);
      this.frontier += 1;
    }
  }

  #takeBackClosed(number: number, frontier: number): void {
    const { count, byReturn, slot } = this.closed;
    while (this.frontier > frontier) {
      this.frontier -= 1;
      flip(this.closedBits, slot[byReturn[this.frontier] ?? 0] ?? 0);
    }
    flip(this.closedBits, slot[number] ?? 0);
    this.#effective[number] = 0;
    this.#nextCall[this.#previousCall[number] ?? count] = number;
    this.#previousCall[this.#nextCall[number] ?? count] = number;
  }

  #takeOpen(number: number): void {
    this.openDepth += 1;
    flip(this.openBits, number + 1);
    this.#openHeads[this.open.group[number] ?? 0] = number + 1;
  }

  #takeBackOpen(number: number): void {
    this.openDepth -= 1;
    flip(this.openBits, number + 1);
    this.#openHeads[this.open.group[number] ?? 0] = number;
  }
}

function flip(bits: Int32Array, bit: number): void {
  bits[bit >>> 5] = (bits[bit >>> 5] ?? 0) ^ (1 << (bit & 31));
}

function wordsFor(bits: number): number {
  return (bits + 31) >>> 5;
}
