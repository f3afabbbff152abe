/**
 * The search for a linearization of one partition: depth first over configurations, as Wing and Gong ("Testing and
 * verifying concurrent objects", 1993, section 4) with Lowe's memory of those visited (2017, section 4), in slices so
 * that partitions can take turns.
 *
 * Five rules keep it from trying orders that cannot matter:
 * 1. An operation that only reads takes effect as soon as it fits.
 * 2. Of two operations of one kind, the one that was neither called nor answered later goes first.
 * 3. A change that nobody sees before it is overwritten may stand anywhere before that. So it waits until no answer can
 *    come before its own; then it is covered by the last overwriting operation, or doomed to be by the next.
 * 4. So a change that was chosen must be seen before anything overwrites.
 * 5. An operation of unknown outcome takes effect only if that makes a difference to what comes next.
 *
 * Why no linearization is lost: take, of all visited configurations from which one can be completed, one that needs
 * the fewest chosen steps, and of these one that needs the fewest others. If a rule forbids its next step, reordering
 * as the rule says (swapping two of a kind, covering or dooming what is not seen, leaving out what makes no difference)
 * shows a way from it, or from a configuration on its way, that needs less. The same holds for the configuration that
 * was visited in the place of one pruned. So the search reaches the end.
 */
import { atOnce, Configuration, chosen, covered, doomed, type Manner } from './configuration.js';
import { LongestPath } from './longest-path.js';
import { isHopeless } from './look-ahead.js';
import type { Operation } from './operation.js';
import { none } from './real-time-order.js';
import { refused, type Transitions } from './transitions.js';
import { VisitedConfigurations } from './visited-configurations.js';

/** How a search can end. */
export type SearchEnd = 'linearizable' | 'not linearizable';

/** What a search is to find, and how. */
export interface SearchOptions {
  /** How many answers, in their order, are to be explained. Default: all. */
  readonly goal?: number;
  /** How often the search turns back before it takes the trouble to look ahead. */
  readonly turnsBeforeLookAhead?: number;
}

const defaultTurnsBeforeLookAhead = 256;

// What is tried next in a configuration, in this order.
const tryCovered = 0;
const tryClosed = 1;
const tryOpen = 2;
const tryDoomed = 3;
const triedAll = 4;

/** One partition's search. */
export class PartitionSearch<State, Input, Output> {
  readonly #configuration: Configuration<State, Input, Output>;
  readonly #visited: VisitedConfigurations;
  readonly #longest: LongestPath;
  readonly #goal: number;
  readonly #turnsBeforeLookAhead: number;

  #tryNext = tryCovered;
  /** The closed operation that was tried last, `closed.count` before the first. */
  #triedClosed = 0;
  /** The group of open operations to try next. */
  #nextGroup = 0;
  #manner: Manner = chosen;

  #steps = 0;
  #turns = 0;
  #hasLookedAhead = false;
  #end: SearchEnd | undefined;

  /**
   * @param operations - The partition.
   * @param transitions - The model, as a table. Searches of one partition can share it.
   * @param options - What to find.
   */
  constructor(
    operations: readonly Operation<Input, Output>[],
    transitions: Transitions<State, Input, Output>,
    options: SearchOptions = {},
  ) {
    const configuration = new Configuration(operations, transitions);
    const { closed, closedBits, openBits, path } = configuration;
    this.#configuration = configuration;
    this.#goal = options.goal ?? closed.count;
    this.#turnsBeforeLookAhead = options.turnsBeforeLookAhead ?? defaultTurnsBeforeLookAhead;
    this.#visited = new VisitedConfigurations(closedBits.length, openBits.length);
    this.#longest = new LongestPath(path.length);
    this.#arrive();
  }

  /** Operations tried so far. */
  get steps(): number {
    return this.#steps;
  }

  /** Bytes that the memory of visited configurations takes. */
  get bytes(): number {
    return this.#visited.bytes;
  }

  /** How the search ended; `undefined` while it has not. */
  get end(): SearchEnd | undefined {
    return this.#end;
  }

  /** How many answers, in their order, the longest way explains. */
  get explained(): number {
    return this.#longest.frontier;
  }

  /** Whether ways were given up by looking ahead, so that more answers might have been explained. */
  get hasLookedAhead(): boolean {
    return this.#hasLookedAhead;
  }

  /**
   * Searches on.
   *
   * @param stepsMax - How many more operations to try, about.
   */
  run(stepsMax: number): void {
    const stop = this.#steps + stepsMax;
    while (this.#end === undefined && this.#steps < stop) {
      const operation = this.#choose();
      if (operation !== none) {
        this.#take(operation, this.#manner);
        this.#arrive();
      } else if (!this.#turnBack()) this.#end = 'not linearizable';
    }
  }

  /** The longest way so far as an order of operations, by their places in the given list. */
  order(): readonly number[] {
    const { closed, open, transitions, path, manners } = this.#configuration;
    this.#longest.leave(path, manners);
    const longestManners = this.#longest.manners;
    // What is covered stands just before the last overwriting operation, with which `rest` begins.
    const before: number[] = [];
    let rest: number[] = [];
    for (const [step, operation] of this.#longest.path.entries()) {
      const isClosed = operation < closed.count;
      const place = (isClosed ? closed.source[operation] : open.source[operation - closed.count]) ?? none;
      const overwrites = transitions.behaviourOf(this.#configuration.kindOf(operation)) === 'overwrites';
      if (longestManners[step] === covered) before.push(place);
      else if (longestManners[step] === chosen && overwrites) {
        for (const each of rest) before.push(each);
        rest = [place];
      } else rest.push(place);
    }
    return [...before, ...rest];
  }

  /** Place in the given list of the first operation, in the order of answers, that the longest way does not explain. */
  firstUnexplained(): number {
    const { closed } = this.#configuration;
    return closed.source[closed.byReturn[this.#longest.frontier] ?? none] ?? none;
  }

  #arrive(): void {
    const configuration = this.#configuration;
    this.#readAtOnce();
    this.#tryNext = tryCovered;
    const { frontier, depth, openDepth } = configuration;
    this.#longest.reach(frontier, depth - openDepth, depth);
    if (frontier >= this.#goal) this.#end = 'linearizable';
    else if (!this.#visited.add(configuration) || this.#isHopeless()) this.#turnBack();
  }

  #isHopeless(): boolean {
    const { transitions } = this.#configuration;
    if (!transitions.seesAhead || this.#turns < this.#turnsBeforeLookAhead) return false;
    const hopeless = isHopeless(this.#configuration, this.#goal);
    if (hopeless) this.#hasLookedAhead = true;
    return hopeless;
  }

  // One pass is enough: the state stays as it is, and what a new frontier lets in was called later.
  #readAtOnce(): void {
    const configuration = this.#configuration;
    const { closed, transitions } = configuration;
    let end = configuration.frontierMoment();
    let number = configuration.nextCall(closed.count);
    while (number !== closed.count && (closed.calledAt[number] ?? none) < end) {
      const next = configuration.nextCall(number);
      const kind = closed.kind[number] ?? none;
      if (transitions.behaviourOf(kind) === 'reads' && configuration.next(kind) !== refused) {
        this.#take(number, atOnce);
        end = configuration.frontierMoment();
      }
      number = next;
    }
  }

  #take(operation: number, manner: Manner): void {
    this.#configuration.take(operation, manner);
    this.#steps += 1;
  }

  /** The next operation to try, with its manner in `#manner`; {@link none} when all were tried. */
  #choose(): number {
    const configuration = this.#configuration;
    const first = configuration.first();
    if (this.#tryNext === tryCovered) {
      this.#tryNext = tryClosed;
      this.#triedClosed = configuration.closed.count;
      this.#manner = covered;
      if (configuration.isCoverable(first)) return first;
    }
    this.#manner = chosen;
    if (this.#tryNext === tryClosed) {
      const number = this.#chooseClosed();
      if (number !== none) return number;
      this.#tryNext = tryOpen;
      this.#nextGroup = 0;
    }
    if (this.#tryNext === tryOpen) {
      const operation = this.#chooseOpen();
      if (operation !== none) return operation;
      this.#tryNext = tryDoomed;
    }
    if (this.#tryNext === tryDoomed) {
      this.#tryNext = triedAll;
      this.#manner = doomed;
      if (this.#canBeDoomed(first)) return first;
    }
    return none;
  }

  #chooseClosed(): number {
    const configuration = this.#configuration;
    const { count, calledAt, kind, twin } = configuration.closed;
    const end = configuration.frontierMoment();
    for (;;) {
      const number = configuration.nextCall(this.#triedClosed);
      if (number === count || (calledAt[number] ?? none) > end) return none;
      this.#triedClosed = number;
      const earlier = twin[number] ?? none;
      const isSecond =
        earlier !== none && !configuration.isEffective(earlier) && !configuration.isCoverable(earlier);
      if (!isSecond && this.#canBeChosen(kind[number] ?? none)) return number;
    }
  }

  #chooseOpen(): number {
    const configuration = this.#configuration;
    const { calledAt, kind, closedTwin, groupStarts } = configuration.open;
    const end = configuration.frontierMoment();
    while (this.#nextGroup + 1 < groupStarts.length) {
      const number = configuration.openHead(this.#nextGroup++);
      if (number === none || (calledAt[number] ?? none) > end) continue;
      const earlier = closedTwin[number] ?? none;
      if (earlier !== none && !configuration.isEffective(earlier)) continue;
      const own = kind[number] ?? none;
      if (this.#canBeChosen(own) && this.#makesDifference(own)) return configuration.closed.count + number;
    }
    return none;
  }

  #canBeChosen(kind: number): boolean {
    const configuration = this.#configuration;
    if (configuration.unseen === 1 && configuration.transitions.behaviourOf(kind) === 'overwrites')
      return false;
    return configuration.next(kind) !== refused && !configuration.isIdle(kind);
  }

  /** Whether an open operation changes the state, or lets more operations be covered. */
  #makesDifference(kind: number): boolean {
    const configuration = this.#configuration;
    if (configuration.next(kind) !== configuration.state) return true;
    const overwrites = configuration.transitions.behaviourOf(kind) === 'overwrites';
    return overwrites && configuration.frontierMoment() > configuration.overwrittenAt;
  }

  #canBeDoomed(number: number): boolean {
    const configuration = this.#configuration;
    const fits = configuration.transitions.fitsEveryState(configuration.closed.kind[number] ?? none);
    return fits && configuration.unseen === 0 && !configuration.isCoverable(number);
  }

  /** Takes back everything up to the last choice; `false` if there was none. */
  #turnBack(): boolean {
    const configuration = this.#configuration;
    this.#turns += 1;
    this.#longest.leave(configuration.path, configuration.manners);
    let choice: number = none;
    let manner: number = atOnce;
    while (configuration.depth > 0 && manner === atOnce) {
      manner = configuration.manners[configuration.depth - 1] ?? atOnce;
      choice = configuration.path[configuration.depth - 1] ?? none;
      configuration.takeBack();
    }
    this.#longest.backAt(configuration.depth);
    if (manner === atOnce) return false;
    this.#goOnAfter(choice, manner);
    return true;
  }

  #goOnAfter(choice: number, manner: number): void {
    const { closed, open } = this.#configuration;
    if (manner === covered) {
      this.#tryNext = tryClosed;
      this.#triedClosed = closed.count;
    } else if (manner === doomed) this.#tryNext = triedAll;
    else if (choice < closed.count) {
      this.#tryNext = tryClosed;
      this.#triedClosed = choice;
    } else {
      this.#tryNext = tryOpen;
      this.#nextGroup = (open.group[choice - closed.count] ?? none) + 1;
    }
  }
}
