/**
 * Breadth-first search through everything that a model can do. What it finds first is found on a shortest way, so a
 * counterexample has no action too many. It remembers states by hash and finds the way again by walking it.
 */
import { InvalidArgumentError, invariant } from '@synod/core';
import { SimulationViolation } from '../violation.js';
import { StateHash } from './state-hash.js';
import { noState, VisitedStates } from './visited-states.js';

/** Something to be known of states. */
export interface Property<State> {
  /** What it is called in reports. */
  readonly name: string;
  /**
   * Whether a state has it.
   *
   * @param state - The state.
   * @throws SimulationViolation in place of answering no, to say what is wrong.
   */
  holds(state: State): boolean;
}

/**
 * What is explored: states, and the actions that lead from one to the next.
 *
 * @typeParam State - Never changed once made.
 * @typeParam Action - Whatever tells one step from another.
 */
export interface Model<State, Action> {
  /** Where everything begins. */
  initial(): readonly State[];
  /**
   * What can happen in a state.
   *
   * @param state - The state.
   */
  actions(state: State): Iterable<Action>;
  /**
   * What an action makes of a state.
   *
   * @param state - The state, which stays as it is.
   * @param action - One of its actions.
   * @returns The next state, or `undefined` when nothing comes of it.
   * @throws SimulationViolation when a rule is broken on the way: that ends the exploration.
   */
  next(state: State, action: Action): State | undefined;
  /**
   * Folds a state into its hash: all of it, and equal states equally. A model with symmetry folds in the same form for
   * states that differ only in who is who; that is sound when initial states, actions and properties know no names.
   *
   * @param state - The state.
   * @param hash - Where to fold it in; it was cleared, and is finished later.
   */
  fold(state: State, hash: StateHash): void;
  /** What must hold in every state. */
  readonly always?: readonly Property<State>[];
  /** What must hold in at least one state, or the model does not reach what it was made for. */
  readonly sometimes?: readonly Property<State>[];
  /**
   * What must come to hold on every way, before it ends. A way that ends nowhere, going round in circles, is not found
   * out: let actions use something up.
   */
  readonly eventually?: readonly Property<State>[];
  /**
   * Whether to look at a state at all; what lies beyond is neither counted nor checked. Default: everything is.
   *
   * @param state - The state.
   */
  within?(state: State): boolean;
}

/** How far to go. */
export interface ExploreOptions {
  /** Most unique states; the exploration then ends and is not complete. Default 50 000 000. */
  readonly statesMax?: number;
  /** Most actions on a way; what lies beyond is not looked at, and the exploration not complete. Default: no limit. */
  readonly depthMax?: number;
  /**
   * Told now and then how far it is.
   *
   * @param progress - Counts so far.
   */
  readonly onProgress?: (progress: ExploreProgress) => void;
}

/** How far an exploration is. */
export interface ExploreProgress {
  /** States that differ. */
  readonly uniqueStates: number;
  /** Steps from one state to another, repeated ones included. */
  readonly transitions: number;
  /** Actions on the longest of the shortest ways so far. */
  readonly depth: number;
}

/** A rule that does not hold, and the shortest way to where it does not. */
export interface Counterexample<Action> {
  /** Name of the rule. */
  readonly property: string;
  /** What was seen. */
  readonly message: string;
  /** What happened, in order. */
  readonly actions: readonly Action[];
}

/** What an exploration came to. */
export interface Exploration<Action> extends ExploreProgress {
  /** Whether all that can happen was looked at. */
  readonly complete: boolean;
  /** The first rule found broken, if any was. The exploration ends there. */
  readonly counterexample: Counterexample<Action> | undefined;
  /** By name of each `sometimes` property that was met: the shortest way there. */
  readonly reached: ReadonlyMap<string, readonly Action[]>;
  /** Names of `sometimes` properties that no state has. Means something when the exploration is complete. */
  readonly unreached: readonly string[];
}

/**
 * Looks at everything that a model can do.
 *
 * @param model - What to explore.
 * @param options - How far to go.
 * @returns The counts, and the shortest counterexample if there is one.
 *
 * @example Two clocks that must never both show three.
 * ```ts
 * const { uniqueStates, counterexample } = explore({
 *   initial: () => [[0, 0]],
 *   actions: () => [0, 1],
 *   next: (clocks, which) => clocks.map((hour, index) => (index === which ? (hour + 1) % 4 : hour)),
 *   fold: (clocks, hash) => clocks.forEach((hour) => hash.word(hour)),
 *   always: [{ name: 'not both', holds: ([left, right]) => left !== 3 || right !== 3 }],
 * });
 * counterexample?.actions; // six steps, three of each
 * ```
 */
export function explore<State, Action>(
  model: Model<State, Action>,
  options: ExploreOptions = {},
): Exploration<Action> {
  const { statesMax = 50_000_000 } = options;
  if (!(statesMax >= 1)) throw new InvalidArgumentError(`statesMax is ${statesMax}: it must be at least 1`);
  const search = new Search(model, options, statesMax);
  search.run();
  for (const property of model.eventually ?? []) {
    if (search.counterexample !== undefined) break;
    search.counterexample = unfulfilled(model, property, options, statesMax);
  }
  return search.result();
}

/** A way that ends without the property, found among the ways that never had it. */
function unfulfilled<State, Action>(
  model: Model<State, Action>,
  property: Property<State>,
  options: ExploreOptions,
  statesMax: number,
): Counterexample<Action> | undefined {
  const within = (state: State) => model.within?.(state) ?? true;
  const isEnd = (state: State) => {
    for (const action of model.actions(state)) {
      const next = model.next(state, action);
      if (next !== undefined && within(next)) return false;
    }
    return true;
  };
  const lacking: Model<State, Action> = {
    initial: () => model.initial(),
    actions: (state) => model.actions(state),
    next: (state, action) => model.next(state, action),
    fold: (state, hash) => model.fold(state, hash),
    always: [{ name: property.name, holds: (state) => !isEnd(state) }],
    within: (state) => within(state) && !property.holds(state),
  };
  const search = new Search(lacking, options, statesMax);
  search.run();
  const found = search.counterexample;
  return found === undefined ? undefined : { ...found, message: `it never comes to: ${property.name}` };
}

function breachOf<State>(
  property: Property<State>,
  state: State,
): { readonly property: string; readonly message: string } | undefined {
  try {
    const { name } = property;
    return property.holds(state) ? undefined : { property: name, message: `${name} does not hold` };
  } catch (error) {
    if (error instanceof SimulationViolation) return { property: error.invariant, message: error.message };
    throw error;
  }
}

class Search<State, Action> {
  counterexample: Counterexample<Action> | undefined;
  readonly #model: Model<State, Action>;
  readonly #options: ExploreOptions;
  readonly #statesMax: number;
  readonly #visited = new VisitedStates();
  readonly #hash = new StateHash();
  readonly #reached = new Map<string, readonly Action[]>();
  #sought: readonly Property<State>[];
  #transitions = 0;
  #depth = 0;
  #complete = true;

  constructor(model: Model<State, Action>, options: ExploreOptions, statesMax: number) {
    this.#model = model;
    this.#options = options;
    this.#statesMax = statesMax;
    this.#sought = model.sometimes ?? [];
  }

  result(): Exploration<Action> {
    return {
      ...this.#progress(),
      complete: this.#complete && this.counterexample === undefined,
      counterexample: this.counterexample,
      reached: this.#reached,
      unreached: this.#sought.map(({ name }) => name),
    };
  }

  /** Level by level. The states of a level are numbered in a row, so their numbers need not be kept. */
  run(): void {
    let level: State[] = [];
    for (const state of this.#model.initial()) this.#meet(state, noState, level);
    let first = 0;
    while (level.length > 0 && this.counterexample === undefined && this.#complete) {
      if (this.#depth >= (this.#options.depthMax ?? Number.POSITIVE_INFINITY)) {
        this.#complete = false;
        return;
      }
      const following: State[] = [];
      const firstFollowing = this.#visited.size;
      for (const [offset, state] of level.entries()) {
        this.#expand(state, first + offset, following);
        if (this.counterexample !== undefined || !this.#complete) return;
      }
      if (following.length > 0) this.#depth++;
      level = following;
      first = firstFollowing;
    }
  }

  #expand(state: State, number: number, following: State[]): void {
    for (const action of this.#model.actions(state)) {
      let reached: State | undefined;
      try {
        reached = this.#model.next(state, action);
      } catch (error) {
        if (!(error instanceof SimulationViolation)) throw error;
        const way = [...this.#wayTo(number), action];
        this.counterexample = { property: error.invariant, message: error.message, actions: way };
        return;
      }
      if (reached === undefined) continue;
      this.#meet(reached, number, following);
      if (this.counterexample !== undefined || !this.#complete) return;
    }
  }

  #meet(state: State, parent: number, level: State[]): void {
    const model = this.#model;
    if (model.within?.(state) === false) return;
    if (parent !== noState) this.#transitions++;
    const { low, high } = this.#hashOf(state);
    if (!this.#visited.add(low, high, parent)) return;
    level.push(state);
    const number = this.#visited.size - 1;
    for (const property of model.always ?? []) {
      const breach = breachOf(property, state);
      if (breach === undefined) continue;
      this.counterexample = { ...breach, actions: this.#wayTo(number) };
      return;
    }
    for (const property of this.#sought) {
      if (!property.holds(state)) continue;
      this.#reached.set(property.name, this.#wayTo(number));
      this.#sought = this.#sought.filter((other) => other !== property);
    }
    if (this.#visited.size % 65_536 === 0) this.#options.onProgress?.(this.#progress());
    if (this.#visited.size >= this.#statesMax) this.#complete = false;
  }

  /** Walks the way again, from hash to hash. */
  #wayTo(number: number): Action[] {
    const way = this.#visited.wayTo(number);
    const [begin = 0, ...rest] = way;
    let state = this.#model.initial().find((initial) => this.#is(begin, initial));
    const taken: Action[] = [];
    for (const goal of rest) {
      invariant(state !== undefined, 'a way begins in an initial state');
      const step = this.#stepTo(goal, state);
      taken.push(step.action);
      state = step.state;
    }
    return taken;
  }

  #stepTo(goal: number, from: State): { readonly action: Action; readonly state: State } {
    for (const action of this.#model.actions(from)) {
      let state: State | undefined;
      try {
        state = this.#model.next(from, action);
      } catch (error) {
        if (!(error instanceof SimulationViolation)) throw error;
      }
      if (state !== undefined && this.#is(goal, state)) return { action, state };
    }
    invariant(false, 'a way can be walked again: the model gives the same each time');
  }

  #is(number: number, state: State): boolean {
    const { low, high } = this.#hashOf(state);
    return this.#visited.is(number, low, high);
  }

  #hashOf(state: State): StateHash {
    const hash = this.#hash.clear();
    this.#model.fold(state, hash);
    return hash.finish();
  }

  #progress(): ExploreProgress {
    return { uniqueStates: this.#visited.size, transitions: this.#transitions, depth: this.#depth };
  }
}
