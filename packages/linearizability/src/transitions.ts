/**
 * A model as a table: states and kinds of operations become small integers, and the model is asked once for each pair
 * of them. Integers are given by exact comparison of keys, so equal numbers mean equal states.
 */
import { InvalidArgumentError, invariant } from '@synod/core';
import type { Behaviour, Model, StateKey } from './model.js';
import type { Operation } from './operation.js';
import { structuralKey } from './operation-kind.js';

/** Number that stands for "this operation does not fit this state". */
export const refused = -1;

/** Number of the state that the model starts from. */
export const initialState = 0;

const firstCapacity = 64;
const entryWords = 3;
/** What a state takes in memory beside its text, roughly. */
const stateBytes = 150;

/** The table of one partition; it fills as the search asks. */
export class Transitions<State, Input, Output> {
  readonly #model: Model<State, Input, Output>;
  readonly #examples: Operation<Input, Output>[] = [];
  readonly #behaviours: Behaviour[] = [];
  /** For each kind that overwrites: the state it left first. */
  readonly #left = new Map<number, number>();
  readonly #kinds = new Map<string, number>();
  readonly #states: { readonly state: State }[] = [];
  readonly #stateNumbers = new Map<StateKey, number>();
  // Open addressing: (state + 1, kind, next state or refused); a first word of 0 is a free place.
  #entries = new Int32Array(firstCapacity * entryWords);
  #capacity = firstCapacity;
  #used = 0;
  #stateBytes = 0;

  constructor(model: Model<State, Input, Output>) {
    this.#model = model;
    this.#stateNumber({ state: model.init() });
  }

  /** Bytes that the table takes, about. */
  get bytes(): number {
    return this.#entries.byteLength + this.#stateBytes;
  }

  /** The number of an operation's kind. */
  kindOf(operation: Operation<Input, Output>): number {
    const { input, output } = operation;
    const key = structuralKey([input, output]);
    const known = key === undefined ? undefined : this.#kinds.get(key);
    if (known !== undefined) return known;
    const kind = this.#examples.push(operation) - 1;
    this.#behaviours.push(this.#model.behaviour?.(input, output) ?? 'depends');
    if (key !== undefined) this.#kinds.set(key, kind);
    return kind;
  }

  /** How operations of a kind behave. */
  behaviourOf(kind: number): Behaviour {
    return this.#behaviours[kind] ?? 'depends';
  }

  /** Whether operations of a kind fit whatever state there is. */
  fitsEveryState(kind: number): boolean {
    const behaviour = this.#behaviours[kind];
    return behaviour === 'overwrites' || behaviour === 'changes';
  }

  /** What operations of a kind ask. */
  inputOf(kind: number): Input {
    return this.#example(kind).input;
  }

  /** Whether the model can see that read-only operations will not fit. */
  get seesAhead(): boolean {
    return this.#model.mayFitLater !== undefined;
  }

  /** Whether a read-only operation may fit after others, of which `before` tells the inputs. */
  mayFitLater(state: number, kind: number, before: readonly Input[]): boolean {
    const { input, output } = this.#example(kind);
    if (output === undefined) return true;
    return this.#model.mayFitLater?.(this.#reached(state).state, input, output, before) ?? true;
  }

  /** The state that an operation of a kind leaves, or {@link refused}. */
  next(state: number, kind: number): number {
    const mask = this.#capacity - 1;
    const entries = this.#entries;
    let place = hash(state, kind) & mask;
    for (;;) {
      const at = place * entryWords;
      const found = entries[at];
      if (found === 0) break;
      if (found === state + 1 && entries[at + 1] === kind) return entries[at + 2] ?? refused;
      place = (place + 1) & mask;
    }
    const next = this.#ask(state, kind);
    this.#remember(state, kind, next);
    return next;
  }

  #ask(state: number, kind: number): number {
    const { input, output } = this.#example(kind);
    const step = this.#model.step(this.#reached(state).state, input, output);
    const next = step.ok ? this.#stateNumber(step) : refused;
    this.#checkBehaviour(state, kind, next);
    return next;
  }

  #checkBehaviour(state: number, kind: number, next: number): void {
    const behaviour = this.behaviourOf(kind);
    if (behaviour === 'overwrites' && !this.#left.has(kind)) this.#left.set(kind, next);
    const kept = {
      reads: next === refused || next === state,
      overwrites: next !== refused && next === this.#left.get(kind),
      changes: next !== refused,
      depends: true,
    };
    if (kept[behaviour]) return;
    const { input, output } = this.#example(kind);
    throw new InvalidArgumentError(
      `the model says of ${JSON.stringify(input)} answered ${JSON.stringify(output)} that it "${behaviour}", ` +
        `but its step ${next === refused ? 'does not fit every state' : 'leaves another state'}`,
    );
  }

  #example(kind: number): Operation<Input, Output> {
    const example = this.#examples[kind];
    invariant(example !== undefined, `kind ${kind} was given out`);
    return example;
  }

  #reached(state: number): { readonly state: State } {
    const reached = this.#states[state];
    invariant(reached !== undefined, `state ${state} was given out`);
    return reached;
  }

  #stateNumber(reached: { readonly state: State }): number {
    const { state } = reached;
    const key = this.#model.stateKey === undefined ? primitive(state) : this.#model.stateKey(state);
    const known = this.#stateNumbers.get(key);
    if (known !== undefined) return known;
    const number = this.#states.push(reached) - 1;
    this.#stateNumbers.set(key, number);
    this.#stateBytes += stateBytes + (typeof key === 'string' ? key.length : 0);
    return number;
  }

  #remember(state: number, kind: number, next: number): void {
    if (this.#used * 2 >= this.#capacity) this.#grow();
    this.#used += 1;
    place(this.#entries, this.#capacity - 1, state, kind, next);
  }

  #grow(): void {
    const old = this.#entries;
    this.#capacity *= 2;
    this.#entries = new Int32Array(this.#capacity * entryWords);
    for (let at = 0; at < old.length; at += entryWords) {
      const state = (old[at] ?? 0) - 1;
      if (state >= 0) place(this.#entries, this.#capacity - 1, state, old[at + 1] ?? 0, old[at + 2] ?? 0);
    }
  }
}

function place(entries: Int32Array, mask: number, state: number, kind: number, next: number): void {
  let at = hash(state, kind) & mask;
  while (entries[at * entryWords] !== 0) at = (at + 1) & mask;
  entries[at * entryWords] = state + 1;
  entries[at * entryWords + 1] = kind;
  entries[at * entryWords + 2] = next;
}

function hash(state: number, kind: number): number {
  const mixed = Math.imul(Math.imul(state, 0x9e3779b1) ^ kind, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}

function primitive(state: unknown): StateKey {
  switch (typeof state) {
    case 'string':
    case 'number':
    case 'bigint':
    case 'boolean':
    case 'undefined':
      return state;
    default:
      if (state === null) return null;
      throw new InvalidArgumentError(
        `a state is a ${typeof state}: give the model a stateKey, or states that are strings or numbers`,
      );
  }
}
