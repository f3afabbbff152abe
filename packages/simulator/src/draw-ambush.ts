/**
 * Which ambushes a seed has. Half of them are drawn freely, so that nobody has to have thought of what they find; the
 * others follow how consensus was broken in the wild: leaders that come and go before they replicate, voters that die
 * between vote and answer, messages of a term that come in another, and leaders that sleep through their successor.
 */
import type { NodeId, Random } from '@synod/core';
import { drawPlan, type NodesOfScript } from './draw-plan.js';
import { pick } from './drawing.js';
import type { Ambush, PlainFault, ScriptStep, Situation, Target } from './script.js';

const second = 1_000_000;
const millisecond = 1_000;

/** How rare a situation is: the frequent ones are taken up now and then only. */
const eachOf: Readonly<Record<Situation, readonly number[]>> = {
  leads: [1, 1, 2],
  truncates: [1],
  installs: [1, 1, 2],
  changesMembers: [1, 1, 2],
  discards: [1, 5, 25],
  canvasses: [1, 2, 3],
  campaigns: [1, 1, 2],
  votes: [1, 2, 5],
  proposes: [1, 5, 25],
  appends: [5, 25],
  commits: [5, 25],
};

/**
 * Draws the ambushes of a storm.
 *
 * @param random - A stream of their own.
 * @param ids - All nodes.
 * @param untilUs - Length of the storm.
 * @param most - Ambushes at most; 0 for none.
 */
export function drawAmbushes(
  random: Random,
  ids: readonly NodeId[],
  untilUs: number,
  most: number,
): readonly ScriptStep[] {
  const steps: ScriptStep[] = [];
  const count = most === 0 ? 0 : random.integer(1, most + 1);
  for (let number = 0; number < count; number++) {
    const traps = random.chance(0.5) ? [drawFreely(random, ids)] : drawKnown(random, ids);
    for (const { when, afterUs, fault } of traps) {
      const ambush: Ambush = {
        type: 'ambush',
        when,
        each: pick(random, eachOf[when]),
        times: pick(random, [1, 5, 30]),
        afterUs: Math.floor(random.float() * afterUs),
        forUs: untilUs,
        fault,
      };
      steps.push({ atUs: Math.floor(random.float() * pick(random, [1, 1, untilUs / 2])), fault: ambush });
    }
  }
  return steps;
}

/** A step that lays an ambush. */
export interface AmbushStep extends ScriptStep {
  readonly fault: Ambush;
}

/**
 * Draws what lies in wait for other members to govern, in storms in which operators change them.
 *
 * @param random - A stream of their own.
 * @param ids - All nodes.
 * @param untilUs - Length of the storm.
 */
export function drawMemberAmbushes(
  random: Random,
  ids: NodesOfScript,
  untilUs: number,
): readonly AmbushStep[] {
  const steps: AmbushStep[] = [];
  for (let count = random.integer(0, 3); count > 0; count--) {
    const ambush: Ambush = {
      type: 'ambush',
      when: 'changesMembers',
      each: pick(random, [1, 2, 3]),
      times: pick(random, [1, 3, 10]),
      afterUs: Math.floor(random.float() * pick(random, [1, 2 * millisecond, 30 * millisecond, second])),
      forUs: untilUs,
      fault: drawMemberFault(random, ids),
    };
    steps.push({ atUs: 0, fault: ambush });
  }
  return steps;
}

/** Between the two entries of a change, and between its commitment and its end, much can go wrong. */
function drawMemberFault(random: Random, ids: NodesOfScript): PlainFault {
  const node: Target = pick(random, ['it', 'leader', 'leader']);
  const forUs = drawDuration(random);
  switch (random.integer(0, 8)) {
    case 0: {
      const downUs = pick(random, [millisecond, 100 * millisecond, 2 * second]);
      return { type: 'crash', node, downUs, whileSaving: random.chance(0.5) };
    }
    case 1:
    case 2:
      return {
        type: 'isolate',
        node,
        direction: pick(random, ['both', 'both', 'in', 'out'] as const),
        forUs,
      };
    case 3:
      return { type: 'partition', side: ids.all.filter(() => random.chance(0.5)), forUs };
    case 4:
      return { type: 'transfer', node: 'leader', to: random.chance(0.5) ? pick(random, ids.all) : undefined };
    case 5:
      return { type: 'pause', node, forUs };
    case 6:
      return { type: 'campaign', node: pick(random, ids.all) };
    default:
      return { type: 'changeMembers', node: 'leader', plan: drawPlan(random, ids) };
  }
}

/**
 * Draws what would show a lease that lasts too long, in storms whose clocks keep a promise: a leader is cut off, and at
 * the same moment others are made to elect a new one, some of them just after a restart, or after a word of the leader.
 *
 * @param random - A stream of their own.
 * @param ids - All nodes.
 * @param untilUs - Length of the storm.
 */
export function drawLeaseAmbushes(
  random: Random,
  { founders }: NodesOfScript,
  untilUs: number,
): readonly AmbushStep[] {
  if (random.chance(0.4)) return [];
  const each = pick(random, [1, 1, 2]);
  const times = pick(random, [3, 30]);
  let afterUs = Math.floor(pick(random, [300 * millisecond, second, 3 * second]) * (0.5 + random.float()));
  const steps: AmbushStep[] = [];
  const then = (soonUs: number, fault: PlainFault) => {
    afterUs += Math.floor(soonUs * random.float());
    const ambush: Ambush = { type: 'ambush', when: 'leads', each, times, afterUs, forUs: untilUs, fault };
    steps.push({ atUs: 0, fault: ambush });
  };
  const cutOff: PlainFault = {
    type: 'isolate',
    node: 'it',
    direction: pick(random, ['both', 'both', 'in'] as const),
    forUs: drawDuration(random),
  };
  if (random.chance(0.4)) {
    // Not before the word is out.
    then(0, { type: 'transfer', node: 'it', to: random.chance(0.5) ? pick(random, founders) : undefined });
    then(pick(random, [millisecond, 10 * millisecond, 100 * millisecond]), cutOff);
    return steps;
  }
  if (random.chance(0.4)) {
    // It sleeps through its successor's election, and wakes to what waited for it.
    then(0, { type: 'pause', node: 'it', forUs: drawDuration(random) });
    return steps;
  }
  then(0, cutOff);
  if (random.chance(0.3)) {
    // Somebody stands at every moment at which an election timeout may just have passed.
    for (let ticks = 0; ticks < 60; ticks++)
      then(100 * millisecond, { type: 'campaign', node: pick(random, founders) });
    return steps;
  }
  const restarts = random.chance(0.5);
  for (const node of founders) {
    if (restarts && random.chance(0.4))
      then(5 * millisecond, { type: 'crash', node, downUs: millisecond, whileSaving: false });
  }
  for (const node of founders) then(20 * millisecond, { type: 'campaign', node });
  return steps;
}

/**
 * Draws how one node comes to lead two terms, with answers of the first that come in the second: cut off with a
 * follower it takes commands, another leader overwrites them, and it is made to lead again while the follower is away.
 *
 * @param random - A stream of their own.
 * @param ids - All nodes.
 * @param untilUs - Length of the storm.
 */
export function drawOldTerms(
  random: Random,
  { founders }: NodesOfScript,
  untilUs: number,
): readonly ScriptStep[] {
  const leader = pick(random, founders);
  const follower = pick(random, founders);
  // Of three nodes those two are a majority, and nothing is overwritten.
  if (random.chance(0.3) || founders.length < 5 || leader === follower) return [];
  const steps: ScriptStep[] = [];
  let atUs = Math.floor(random.float() * (untilUs / 2));
  const then = (soonUs: number, fault: PlainFault) => {
    atUs += Math.floor(soonUs * random.float());
    steps.push({ atUs, fault });
  };
  const apartUs = Math.floor(300 * millisecond + 2 * second * random.float());
  const takeOver: PlainFault = { type: 'transfer', node: 'leader', to: leader };
  then(0, takeOver);
  then(second, { type: 'echo', chance: 0.9, lateUs: apartUs + 3 * second, forUs: apartUs });
  then(10 * millisecond, { type: 'partition', side: [leader, follower], forUs: apartUs });
  atUs += apartUs;
  then(0, { type: 'isolate', node: follower, direction: 'both', forUs: 4 * second });
  for (let times = 0; times < 4; times++) then(400 * millisecond, takeOver);
  return steps;
}

/** What an ambush waits for, how long after it it acts at most, and what it does. */
interface Trap {
  readonly when: Situation;
  readonly afterUs: number;
  readonly fault: PlainFault;
}

/** About as long as an election takes, more or less. */
function drawDuration(random: Random): number {
  const aboutUs = pick(random, [200 * millisecond, 700 * millisecond, 1_500 * millisecond, 4 * second]);
  return Math.floor(aboutUs * (0.5 + random.float()));
}

function drawKnown(random: Random, ids: readonly NodeId[]): readonly Trap[] {
  const forUs = drawDuration(random);
  const soonUs = pick(random, [1, 2 * millisecond, 30 * millisecond]);
  const other = pick(random, ids);
  switch (random.integer(0, 10)) {
    case 0:
    case 1:
      return [{ when: 'leads', afterUs: soonUs, fault: isolation('it', forUs) }];
    case 2:
    case 3: {
      // Back at once, and asked again in the same term.
      const fault = { type: 'crash', node: 'it', downUs: millisecond, whileSaving: false } as const;
      const when = pick(random, ['votes', 'campaigns'] as const);
      return [{ when, afterUs: pick(random, [5, 50, 300]) * millisecond, fault }];
    }
    case 4:
      return [{ when: 'canvasses', afterUs: 10 * millisecond, fault: { type: 'campaign', node: other } }];
    case 5:
      return [{ when: 'proposes', afterUs: 1, fault: drawLostSave(random) }];
    case 6:
      return [{ when: 'proposes', afterUs: 1, fault: { type: 'partition', side: ['it', other], forUs } }];
    case 7:
      return [{ when: 'leads', afterUs: second, fault: { type: 'pause', node: 'it', forUs } }];
    default:
      return drawOldAnswers(random, other);
  }
}

/** Leaders fall with entries that few hold, lead again soon, and hear answers that were meant for their former term. */
function drawOldAnswers(random: Random, other: NodeId): readonly Trap[] {
  const forUs = pick(random, [300 * millisecond, 700 * millisecond, 1_500 * millisecond]);
  const lateUs = pick(random, [second, 3 * second, 8 * second]);
  const fall: Trap = random.chance(0.3)
    ? { when: 'proposes', afterUs: 1, fault: drawLostSave(random) }
    : { when: 'proposes', afterUs: 1, fault: { type: 'partition', side: ['it', other], forUs } };
  const next: Trap = random.chance(0.3)
    ? { when: 'leads', afterUs: second, fault: isolation('it', forUs) }
    : { when: 'truncates', afterUs: 100 * millisecond, fault: isolation('leader', forUs) };
  const echo: PlainFault = { type: 'echo', chance: 0.7, lateUs, forUs: 30 * second };
  return [{ when: 'leads', afterUs: 1, fault: echo }, fall, next];
}

function isolation(node: Target, forUs: number): PlainFault {
  return { type: 'isolate', node, direction: 'both', forUs };
}

function drawLostSave(random: Random): PlainFault {
  const downUs = pick(random, [millisecond, 100 * millisecond, second]);
  return { type: 'crash', node: 'it', downUs, whileSaving: true };
}

const situations: readonly Situation[] = [
  ...([
    'leads',
    'leads',
    'leads',
    'votes',
    'votes',
    'campaigns',
    'canvasses',
    'truncates',
    'truncates',
  ] as const),
  ...(['proposes', 'proposes', 'appends', 'commits', 'commits', 'installs', 'discards'] as const),
  ...(['changesMembers', 'changesMembers'] as const),
];

function drawFreely(random: Random, ids: readonly NodeId[]): Trap {
  const when = pick(random, situations);
  const afterUs = pick(random, [1, 2 * millisecond, 30 * millisecond, 300 * millisecond, 2 * second]);
  return { when, afterUs, fault: drawFault(random, ids) };
}

/** Mostly something that happens to the node that the ambush was laid for. */
function drawFault(random: Random, ids: readonly NodeId[]): PlainFault {
  const node: Target = pick(random, ['it', 'it', 'it', 'leader', pick(random, ids)]);
  const forUs = drawDuration(random);
  const other = pick(random, ids);
  switch (random.integer(0, 11)) {
    case 0:
    case 1:
      return { type: 'isolate', node, direction: 'both', forUs };
    case 2:
      return { type: 'isolate', node, direction: pick(random, ['in', 'out'] as const), forUs };
    case 3:
      return { type: 'pause', node, forUs };
    case 4:
    case 5: {
      const downUs = pick(random, [millisecond, 20 * millisecond, second / 2, 2 * second]);
      return { type: 'crash', node, downUs, whileSaving: random.chance(0.5) };
    }
    case 6: {
      const syncUs = pick(random, [100 * millisecond, 500 * millisecond, 2 * second]);
      return { type: 'slowDisk', node, syncUs, forUs };
    }
    case 7:
      return { type: 'drift', node, rate: pick(random, [0.1, 0.25, 4]), forUs: forUs * 4 };
    case 8:
      return random.chance(0.5)
        ? { type: 'clog', from: 'it', to: other, forUs }
        : { type: 'clog', from: other, to: 'it', forUs };
    case 9:
      return { type: 'campaign', node: other };
    default:
      return { type: 'echo', chance: 0.5, lateUs: pick(random, [second, 4 * second]), forUs: forUs * 4 };
  }
}
