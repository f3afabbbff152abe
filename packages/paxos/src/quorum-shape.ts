/** The three shapes of quorums that every rule comes down to, and how each is counted. Nodes go by position. */
import type { NodeId, VoteResult } from '@synod/core';

/** Which sets of positions are quorums. */
export type QuorumShape =
  /** Those whose weights add up to what is needed. */
  | {
      readonly type: 'weight';
      readonly weights: readonly number[];
      readonly needed: number;
      readonly total: number;
    }
  /** Those that hold all of some set. */
  | { readonly type: 'allOfOne'; readonly sets: readonly (readonly number[])[] }
  /** Those that hold a node of every set. */
  | { readonly type: 'oneOfEach'; readonly sets: readonly (readonly number[])[] };

type AnswerOf = (id: NodeId) => boolean | undefined;

/** Whether some quorum has answered yes, none can any more, or that is open. */
export function voteResult(shape: QuorumShape, voters: readonly NodeId[], answerOf: AnswerOf): VoteResult {
  switch (shape.type) {
    case 'weight':
      return weightResult(shape.weights, shape.needed, shape.total, voters, answerOf);
    case 'allOfOne': {
      let result: VoteResult = 'lost';
      for (const set of shape.sets) {
        const whole = all(set, voters, answerOf);
        if (whole === 'won') return 'won';
        if (whole === 'pending') result = 'pending';
      }
      return result;
    }
    case 'oneOfEach': {
      let result: VoteResult = 'won';
      for (const set of shape.sets) {
        const hit = any(set, voters, answerOf);
        if (hit === 'lost') return 'lost';
        if (hit === 'pending') result = 'pending';
      }
      return result;
    }
  }
}

function weightResult(
  weights: readonly number[],
  needed: number,
  total: number,
  voters: readonly NodeId[],
  answerOf: AnswerOf,
): VoteResult {
  let granted = 0;
  let refused = 0;
  for (let position = 0; position < voters.length; position++) {
    const answer = answerOf(voters[position] ?? '');
    if (answer === true) granted += weights[position] ?? 0;
    else if (answer === false) refused += weights[position] ?? 0;
  }
  if (granted >= needed) return 'won';
  return total - refused < needed ? 'lost' : 'pending';
}

function all(set: readonly number[], voters: readonly NodeId[], answerOf: AnswerOf): VoteResult {
  let result: VoteResult = 'won';
  for (const position of set) {
    const answer = answerOf(voters[position] ?? '');
    if (answer === false) return 'lost';
    if (answer === undefined) result = 'pending';
  }
  return result;
}

function any(set: readonly number[], voters: readonly NodeId[], answerOf: AnswerOf): VoteResult {
  let result: VoteResult = 'lost';
  for (const position of set) {
    const answer = answerOf(voters[position] ?? '');
    if (answer === true) return 'won';
    if (answer === undefined) result = 'pending';
  }
  return result;
}

/** Greatest value that every node of some quorum has reached. */
export function reached(
  shape: QuorumShape,
  voters: readonly NodeId[],
  progressOf: (id: NodeId) => number,
): number {
  const at = (position: number) => progressOf(voters[position] ?? '');
  switch (shape.type) {
    case 'weight':
      return reachedByWeight(shape.weights, shape.needed, voters, progressOf);
    case 'allOfOne':
      return extreme(shape.sets, (set) => extreme(set, at, Math.min), Math.max);
    case 'oneOfEach':
      return extreme(shape.sets, (set) => extreme(set, at, Math.max), Math.min);
  }
}

function extreme<Item>(
  items: readonly Item[],
  measure: (item: Item) => number,
  choose: (left: number, right: number) => number,
): number {
  let chosen: number | undefined;
  for (const item of items) {
    const value = measure(item);
    chosen = chosen === undefined ? value : choose(chosen, value);
  }
  return chosen ?? 0;
}

/** From the furthest node down, until there is weight enough. */
function reachedByWeight(
  weights: readonly number[],
  needed: number,
  voters: readonly NodeId[],
  progressOf: (id: NodeId) => number,
): number {
  const values = voters.map((id) => progressOf(id));
  let below = Number.POSITIVE_INFINITY;
  let weight = 0;
  while (weight < needed) {
    let next = Number.NEGATIVE_INFINITY;
    for (const value of values) if (value < below && value > next) next = value;
    for (let position = 0; position < values.length; position++)
      if (values[position] === next) weight += weights[position] ?? 0;
    below = next;
  }
  return below;
}
