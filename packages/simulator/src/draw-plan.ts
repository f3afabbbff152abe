/** What operators ask for: mostly one node more or less, now and then several at once, and now and then nonsense. */
import type { NodeId, Random } from '@synod/core';
import { pick } from './drawing.js';
import type { MembershipPlan } from './script.js';

/** Nodes that faults may name. */
export interface NodesOfScript {
  readonly founders: readonly NodeId[];
  readonly all: readonly NodeId[];
}

const second = 1_000_000;

/**
 * Draws a wish to change the members, and what becomes of whoever leaves.
 *
 * @param random - A stream of its own.
 * @param ids - All nodes.
 */
export function drawPlan(random: Random, ids: NodesOfScript): MembershipPlan {
  const plan = drawMembers(random, ids);
  if (plan.leave.length === 0 || random.chance(0.4)) return plan;
  return {
    ...plan,
    stopUs: random.chance(0.4) ? pick(random, [second / 5, 4 * second, 1_000 * second]) : undefined,
    // Back at once is mostly back in the term of its leaving.
    backAfterUs: random.chance(0.5) ? pick(random, [1_000, 100_000, second, 8 * second]) : undefined,
  };
}

function drawMembers(random: Random, { founders, all }: NodesOfScript): MembershipPlan {
  const one = pick(random, all);
  const other = pick(random, all);
  const admitLagging = random.chance(0.4);
  const nothing = { voters: [], learners: [], leave: [], admitLagging };
  switch (random.integer(0, 12)) {
    case 0:
    case 1:
      return { ...nothing, voters: [one] };
    case 2:
    case 3:
      return { ...nothing, leave: [one] };
    case 4:
      return { ...nothing, learners: [one] };
    case 5:
      return { ...nothing, voters: [one], leave: [other] };
    case 6:
      return { ...nothing, voters: all.filter(() => random.chance(0.6)), leave: all, admitLagging: true };
    case 7:
      return { ...nothing, voters: [one], learners: all.filter((id) => id !== one && random.chance(0.4)) };
    case 8:
      return { ...nothing, leave: ['leader'] };
    case 9:
      return { ...nothing, voters: [one], learners: ['leader'] };
    case 10:
      return { ...nothing, voters: [one], flaw: pick(random, ['taken ordinal', 'outgoing voters'] as const) };
    default:
      return { ...nothing, voters: founders, leave: all };
  }
}
