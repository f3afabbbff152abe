/**
 * The real-time order of one partition as integers: who was called and answered before whom, and a slot for each
 * operation under way. Slots are reused as answers come, so a set of operations under way is a few words of bits
 * however long the history is.
 */
import type { Operation } from './operation.js';
import type { Transitions } from './transitions.js';

/** No such operation. */
export const none = -1;

const openEnd = Number.POSITIVE_INFINITY;

/** Operations with a known answer, numbered 0, 1, 2... in the order of their calls. */
export interface ClosedOperations {
  readonly count: number;
  /** For each: place in the given list. */
  readonly source: Int32Array;
  readonly kind: Int32Array;
  /** For each: moment of its call, in the common order of all calls and answers. */
  readonly calledAt: Int32Array;
  /** For each: moment of its answer. */
  readonly returnedAt: Int32Array;
  /** The numbers in the order of their answers. */
  readonly byReturn: Int32Array;
  /** For each: its bit among the operations under way. */
  readonly slot: Int32Array;
  /** For each: one of the same kind that was neither called nor answered later, or {@link none}. */
  readonly twin: Int32Array;
  /** How many slots there are: most operations under way at once. */
  readonly slots: number;
}

/** Operations of unknown outcome, numbered so that those of one kind follow each other in the order of their calls. */
export interface OpenOperations {
  readonly count: number;
  readonly source: Int32Array;
  readonly kind: Int32Array;
  readonly calledAt: Int32Array;
  /** For each: a closed operation of the same kind that was called earlier, or {@link none}. */
  readonly closedTwin: Int32Array;
  /** For each: which group it is in. A group holds all of one kind. */
  readonly group: Int32Array;
  /** For each group: the number of its first operation; one more element ends the last group. */
  readonly groupStarts: Int32Array;
}

/** One partition's operations in their real-time order. */
export interface RealTimeOrder {
  readonly closed: ClosedOperations;
  readonly open: OpenOperations;
}

/** Puts operations in their real-time order. At equal times, calls come before answers. */
export function realTimeOrder<State, Input, Output>(
  operations: readonly Operation<Input, Output>[],
  transitions: Transitions<State, Input, Output>,
): RealTimeOrder {
  const kinds = Int32Array.from(operations, (operation) => transitions.kindOf(operation));
  const called = Float64Array.from(operations, (operation) => operation.calledAt);
  const returned = Float64Array.from(operations, (operation) => operation.returnedAt);
  const sources = [...operations.keys()];
  // An unanswered read may have seen anything, or never have happened: it constrains nothing.
  const calls = sortedBy(sources, called).filter((source) => {
    return returned[source] !== openEnd || transitions.behaviourOf(kinds[source] ?? none) !== 'reads';
  });
  const closedCalls = calls.filter((source) => returned[source] !== openEnd);
  const openCalls = calls.filter((source) => returned[source] === openEnd);
  const returns = sortedBy(closedCalls, returned);
  const moments = momentsOf(calls, returns, called, returned);
  const twins = twinsOf(calls, kinds, returned);
  const numbers = new Int32Array(operations.length);
  for (const [number, source] of closedCalls.entries()) numbers[source] = number;
  const twinNumbers = twins.map((twin) => numbers[twin] ?? none);
  return {
    closed: closedOperations(closedCalls, returns, kinds, moments, numbers, twinNumbers),
    open: openOperations(openCalls, kinds, moments, twinNumbers),
  };
}

interface Moments {
  /** By place in the given list. */
  readonly call: Int32Array;
  readonly return: Int32Array;
  readonly slot: Int32Array;
  readonly slots: number;
}

function momentsOf(
  calls: readonly number[],
  returns: readonly number[],
  called: Float64Array,
  returned: Float64Array,
): Moments {
  const call = new Int32Array(called.length);
  const answer = new Int32Array(called.length);
  const slot = new Int32Array(called.length);
  const free: number[] = [];
  let slots = 0;
  let nextCall = 0;
  let nextReturn = 0;
  for (let moment = 0; moment < calls.length + returns.length; moment++) {
    const caller = calls[nextCall] ?? none;
    const answered = returns[nextReturn] ?? none;
    if (caller !== none && !((called[caller] ?? 0) > (returned[answered] ?? openEnd))) {
      nextCall += 1;
      call[caller] = moment;
      if (returned[caller] !== openEnd) slot[caller] = free.pop() ?? slots++;
    } else {
      nextReturn += 1;
      answer[answered] = moment;
      free.push(slot[answered] ?? 0);
    }
  }
  return { call, return: answer, slot, slots };
}

function closedOperations(
  calls: readonly number[],
  returns: readonly number[],
  kinds: Int32Array,
  moments: Moments,
  numbers: Int32Array,
  twins: Int32Array,
): ClosedOperations {
  const source = Int32Array.from(calls);
  return {
    count: source.length,
    source,
    kind: pick(kinds, source),
    calledAt: pick(moments.call, source),
    returnedAt: pick(moments.return, source),
    byReturn: pick(numbers, Int32Array.from(returns)),
    slot: pick(moments.slot, source),
    twin: pick(twins, source),
    slots: moments.slots,
  };
}

function openOperations(
  calls: readonly number[],
  kinds: Int32Array,
  moments: Moments,
  twins: Int32Array,
): OpenOperations {
  const ofKind = new Map<number, number[]>();
  for (const source of calls) {
    const kind = kinds[source] ?? none;
    const others = ofKind.get(kind);
    if (others === undefined) ofKind.set(kind, [source]);
    else others.push(source);
  }
  const groups = [...ofKind.values()];
  const source = Int32Array.from(groups.flat());
  const groupStarts = new Int32Array(groups.length + 1);
  for (const [number, group] of groups.entries()) {
    groupStarts[number + 1] = (groupStarts[number] ?? 0) + group.length;
  }
  return {
    count: source.length,
    source,
    kind: pick(kinds, source),
    calledAt: pick(moments.call, source),
    closedTwin: pick(twins, source),
    group: Int32Array.from(groups.flatMap((group, number) => group.map(() => number))),
    groupStarts,
  };
}

/** For each operation, by place in the given list: the place of its twin, or {@link none}. */
function twinsOf(calls: readonly number[], kinds: Int32Array, returned: Float64Array): Int32Array {
  const twins = new Int32Array(kinds.length).fill(none);
  const latest = new Map<number, number>();
  for (const source of calls) {
    const kind = kinds[source] ?? none;
    const earlier = latest.get(kind) ?? none;
    const end = returned[source] ?? openEnd;
    if ((returned[earlier] ?? openEnd) <= end) twins[source] = earlier;
    if (end !== openEnd) latest.set(kind, source);
  }
  return twins;
}

function sortedBy(sources: readonly number[], times: Float64Array): number[] {
  return [...sources].sort((one, other) => (times[one] ?? 0) - (times[other] ?? 0));
}

function pick(values: Int32Array, places: Int32Array): Int32Array {
  return places.map((place) => values[place] ?? none);
}
