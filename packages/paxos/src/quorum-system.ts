/**
 * Which sets of nodes are quorums of the two phases. Of Paxos' promises only one thing is asked: that every phase-1
 * quorum meets every phase-2 quorum. Two quorums of one phase need have no node in common (Howard, Malkhi, Spiegelman:
 * Flexible Paxos, 2016, §3). So phase 2, which every value pays for, can be made small, and phase 1, which only a new
 * proposer pays for, is then large.
 *
 * Every rule comes down to one of three shapes, each of which can be counted without building a set.
 */
import {
  InvalidArgumentError,
  majority,
  type NodeId,
  parseInteger,
  SynodError,
  type VoteResult,
} from '@synod/core';
import { disjointByWeight } from './disjoint-weights.js';
import { type QuorumShape, reached, voteResult } from './quorum-shape.js';

/** How quorums are made from the voters of a group. */
export type QuorumRule =
  /** More than half in both phases: what plain Paxos uses. */
  | { readonly type: 'majority' }
  /** So many nodes, whichever they are. Each from 1 to the number of voters, and together more than it. */
  | { readonly type: 'sizes'; readonly phase1: number; readonly phase2: number }
  /**
   * Nodes whose weights add up to so much. A voter without a weight has 1; one of weight 0 is never needed and never
   * enough. All weights together are at most {@link weightMax}.
   */
  | {
      readonly type: 'weighted';
      readonly weights: Readonly<Record<NodeId, number>>;
      readonly phase1: number;
      readonly phase2: number;
    }
  /**
   * Nodes stand in rows, each voter in one of them. Phase 2 takes all nodes of any one row; phase 1 a node of each row,
   * such as a column (Flexible Paxos §5.3).
   */
  | { readonly type: 'grid'; readonly rows: readonly (readonly NodeId[])[] }
  /** The quorums one by one; whatever holds all of one is a quorum too. */
  | {
      readonly type: 'listed';
      readonly phase1: readonly (readonly NodeId[])[];
      readonly phase2: readonly (readonly NodeId[])[];
    };

/** Greatest sum of the weights of a group. */
export const weightMax = 100_000;

/** Quorums of the two phases that may miss each other: two values could then be chosen. */
export class DisjointQuorumsError extends SynodError {
  /** A phase-1 quorum. */
  readonly phase1: readonly NodeId[];
  /** A phase-2 quorum that has no node in common with it. */
  readonly phase2: readonly NodeId[];

  /**
   * @param phase1 - A phase-1 quorum.
   * @param phase2 - A phase-2 quorum that has no node in common with it.
   */
  constructor(phase1: readonly NodeId[], phase2: readonly NodeId[]) {
    super({
      code: 'DISJOINT_QUORUMS',
      message:
        `phase-1 quorum {${phase1.join(', ')}} and phase-2 quorum {${phase2.join(', ')}} have no node in common: ` +
        'make one of the phases need more nodes, so that any two meet',
    });
    this.phase1 = phase1;
    this.phase2 = phase2;
  }
}

/**
 * The quorums of one group, checked: every phase-1 quorum meets every phase-2 quorum.
 *
 * @example Five nodes that commit with two: the slow half is never waited for.
 * ```ts
 * const quorums = new QuorumSystem(['a', 'b', 'c', 'd', 'e'], { type: 'sizes', phase1: 4, phase2: 2 });
 * quorums.isPhase2Quorum(new Set(['b', 'e'])); // true
 * quorums.phase1((id) => (id === 'a' ? true : undefined)); // 'pending'
 * ```
 */
export class QuorumSystem {
  /** The nodes that count. */
  readonly voters: readonly NodeId[];
  readonly #positions: ReadonlyMap<NodeId, number>;
  readonly #phase1: QuorumShape;
  readonly #phase2: QuorumShape;

  /**
   * @param voters - Ids of the voters, without repeats, at least one.
   * @param rule - How quorums are made from them. Default: majorities.
   * @throws InvalidArgumentError when the rule names a node that is no voter, or one twice, or leaves a phase
   * without any quorum.
   * @throws {@link DisjointQuorumsError} with two quorums that miss each other, if there are such.
   */
  constructor(voters: readonly NodeId[], rule: QuorumRule = { type: 'majority' }) {
    if (voters.length === 0) throw new InvalidArgumentError('there are no voters: at least one is needed');
    this.voters = voters;
    this.#positions = positionsOf(voters, 'the voters');
    const shapes = shapesOf(rule, voters, this.#positions);
    this.#phase1 = shapes.phase1;
    this.#phase2 = shapes.phase2;
    demandIntersection(voters, shapes.phase1, shapes.phase2);
  }

  /**
   * Counts promises.
   *
   * @param answerOf - What a node answered: promised, refused, or `undefined` while it has not.
   * @returns `won` when a phase-1 quorum has promised, `lost` when none can any more.
   */
  phase1(answerOf: (id: NodeId) => boolean | undefined): VoteResult {
    return voteResult(this.#phase1, this.voters, answerOf);
  }

  /**
   * Counts votes.
   *
   * @param answerOf - What a node answered: accepted, refused, or `undefined` while it has not.
   * @returns `won` when a phase-2 quorum has accepted, `lost` when none can any more.
   */
  phase2(answerOf: (id: NodeId) => boolean | undefined): VoteResult {
    return voteResult(this.#phase2, this.voters, answerOf);
  }

  /**
   * Tells whether a set holds a phase-1 quorum.
   *
   * @param nodes - Any nodes; those that are no voters do not count.
   */
  isPhase1Quorum(nodes: { has(id: NodeId): boolean }): boolean {
    return this.phase1((id) => nodes.has(id)) === 'won';
  }

  /**
   * Tells whether a set holds a phase-2 quorum.
   *
   * @param nodes - Any nodes; those that are no voters do not count.
   */
  isPhase2Quorum(nodes: { has(id: NodeId): boolean }): boolean {
    return this.phase2((id) => nodes.has(id)) === 'won';
  }

  /**
   * Greatest value that every node of some phase-2 quorum has reached: through where everything is chosen, when the
   * values are how far each node has accepted.
   *
   * @param progressOf - The value that a node has reached; 0 when unknown.
   */
  reachedByPhase2(progressOf: (id: NodeId) => number): number {
    return reached(this.#phase2, this.voters, progressOf);
  }

  /**
   * Tells whether a node's answers count.
   *
   * @param id - The node.
   */
  isVoter(id: NodeId): boolean {
    return this.#positions.has(id);
  }
}

type Positions = ReadonlyMap<NodeId, number>;

interface Shapes {
  readonly phase1: QuorumShape;
  readonly phase2: QuorumShape;
}

function positionsOf(ids: readonly NodeId[], where: string): Positions {
  const positions = new Map<NodeId, number>();
  for (const [position, id] of ids.entries()) {
    if (positions.has(id)) throw new InvalidArgumentError(`node ${id} stands twice among ${where}`);
    positions.set(id, position);
  }
  return positions;
}

function shapesOf(rule: QuorumRule, voters: readonly NodeId[], positions: Positions): Shapes {
  switch (rule.type) {
    case 'majority': {
      const needed = majority(voters.length);
      return thresholds(
        voters.map(() => 1),
        needed,
        needed,
        'a majority',
      );
    }
    case 'sizes':
      return thresholds(
        voters.map(() => 1),
        rule.phase1,
        rule.phase2,
        'size of a quorum',
      );
    case 'weighted':
      return thresholds(
        weightsOf(rule.weights, voters, positions),
        rule.phase1,
        rule.phase2,
        'weight of a quorum',
      );
    case 'grid': {
      const sets = gridOf(rule.rows, voters, positions);
      return { phase1: { type: 'oneOfEach', sets }, phase2: { type: 'allOfOne', sets } };
    }
    case 'listed':
      return {
        phase1: { type: 'allOfOne', sets: listOf(rule.phase1, 'phase-1 quorum', positions) },
        phase2: { type: 'allOfOne', sets: listOf(rule.phase2, 'phase-2 quorum', positions) },
      };
  }
}

function thresholds(weights: readonly number[], phase1: number, phase2: number, what: string): Shapes {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  parseInteger(phase1, `phase-1 ${what}`, 1, total);
  parseInteger(phase2, `phase-2 ${what}`, 1, total);
  return {
    phase1: { type: 'weight', weights, needed: phase1, total },
    phase2: { type: 'weight', weights, needed: phase2, total },
  };
}

function weightsOf(
  weights: Readonly<Record<NodeId, number>>,
  voters: readonly NodeId[],
  positions: Positions,
): readonly number[] {
  const given = new Map(Object.entries(weights));
  for (const [id, weight] of given) {
    if (!positions.has(id)) throw new InvalidArgumentError(`node ${id} has a weight but is no voter`);
    parseInteger(weight, `weight of node ${id}`, 0, weightMax);
  }
  const all = voters.map((id) => given.get(id) ?? 1);
  parseInteger(
    all.reduce((sum, weight) => sum + weight, 0),
    'sum of the weights',
    1,
    weightMax,
  );
  return all;
}

function gridOf(
  rows: readonly (readonly NodeId[])[],
  voters: readonly NodeId[],
  positions: Positions,
): readonly (readonly number[])[] {
  const placed = positionsOf(rows.flat(), 'the rows of the grid');
  const missing = voters.find((id) => !placed.has(id));
  if (missing !== undefined) throw new InvalidArgumentError(`voter ${missing} stands in no row of the grid`);
  return listOf(rows, 'row of the grid', positions);
}

function listOf(
  sets: readonly (readonly NodeId[])[],
  what: string,
  positions: Positions,
): readonly (readonly number[])[] {
  if (sets.length === 0) throw new InvalidArgumentError(`no ${what} is given: at least one is needed`);
  return sets.map((set) => {
    if (set.length === 0) throw new InvalidArgumentError(`a ${what} is empty: at least one node is needed`);
    return [...positionsOf(set, `a ${what}`).keys()].map((id) => {
      const position = positions.get(id);
      if (position === undefined) throw new InvalidArgumentError(`node ${id} of a ${what} is no voter`);
      return position;
    });
  });
}

/** A grid's quorums meet by their shape: a phase-2 quorum is a row, and phase 1 has a node of it. */
function demandIntersection(voters: readonly NodeId[], phase1: QuorumShape, phase2: QuorumShape): void {
  const apart = disjointPositions(phase1, phase2);
  if (apart === undefined) return;
  const named = (positions: readonly number[]) => positions.map((position) => voters[position] ?? '');
  throw new DisjointQuorumsError(named(apart[0]), named(apart[1]));
}

function disjointPositions(
  phase1: QuorumShape,
  phase2: QuorumShape,
): readonly [readonly number[], readonly number[]] | undefined {
  if (phase1.type === 'weight' && phase2.type === 'weight')
    return disjointByWeight(phase1.weights, phase1.needed, phase2.needed);
  if (phase1.type !== 'allOfOne' || phase2.type !== 'allOfOne') return undefined;
  for (const left of phase1.sets) {
    const right = phase2.sets.find((set) => !set.some((position) => left.includes(position)));
    if (right !== undefined) return [left, right];
  }
  return undefined;
}
