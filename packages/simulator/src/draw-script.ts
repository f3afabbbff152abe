/**
 * Swarm testing (Groce, Zhang, Eide, Chen and Regehr, "Swarm testing", 2012): each seed draws which faults there are
 * at all and how much of each, because a storm that always has everything hides what needs quiet in between. Every
 * kind of fault has a stream of its own, so that adding one does not reshuffle the others.
 */
import { type Random, Random as SeededRandom } from '@synod/core';
import { drawAmbushes, drawLeaseAmbushes, drawMemberAmbushes, drawOldTerms } from './draw-ambush.js';
import { drawPlan, type NodesOfScript } from './draw-plan.js';
import { exponential, pick } from './drawing.js';
import {
  allNodeIds,
  type FaultKind,
  faultKinds,
  nodeIds,
  type PlainFault,
  type Script,
  type ScriptStep,
  type Target,
  type Weather,
} from './script.js';

/** What a drawn script is asked to be. */
export interface StormOptions {
  /** Length of the storm in ticks. Without it the seed draws from 150 to 2000: many short storms find more than few long ones. */
  readonly ticks?: number;
  /** Faults that may occur. Default all. */
  readonly faults?: readonly FaultKind[];
  /** Number of nodes; without it, 3 or 5 as the seed has it. */
  readonly nodes?: number;
  /** Requests that clients make in the storm at most. Default unlimited. */
  readonly requestsMax?: number;
}

/** How much of what a storm has. */
interface Character {
  /** How likely a kind of fault is absent. */
  readonly absent: number;
  /** Factors on the time between faults of one kind. */
  readonly rarity: readonly number[];
  /** Ambushes at most; 0 for none. */
  readonly ambushes: number;
}

/** Everything at all times, a quiet cluster in which only ambushes strike, and what lies between. */
const characters: readonly Character[] = [
  { absent: 0.5, rarity: [0.2, 1, 4, 20], ambushes: 0 },
  { absent: 0.5, rarity: [1, 4, 20], ambushes: 3 },
  { absent: 0.85, rarity: [1, 4], ambushes: 3 },
  { absent: 0.95, rarity: [1, 4], ambushes: 3 },
  { absent: 0.95, rarity: [1, 4], ambushes: 3 },
];

const second = 1_000_000;

/**
 * Draws the script of a seed.
 *
 * @param seed - Any integer from 0.
 * @param options - What may occur.
 */
export function drawScript(seed: number, options: StormOptions = {}): Script {
  const root = new SeededRandom(seed);
  const shape = root.fork('shape');
  const drawnNodes = shape.chance(0.5) ? 3 : 5;
  const drawnTicks = pick(shape, [150, 300, 300, 600, 2000]);
  const character = pick(shape, characters);
  const nodes = options.nodes ?? drawnNodes;
  const ticks = options.ticks ?? drawnTicks;
  const clockDriftMax = root.fork('clocks').chance(0.3) ? 0.1 : undefined;
  const weather = { ...drawWeather(root.fork('weather')), clockDriftMax };
  const allowed = options.faults ?? faultKinds;
  const drawnSpares = pick(root.fork('spares'), [0, 1, 1, 2, 3]);
  const spares = allowed.includes('changeMembers') || allowed.includes('replace') ? drawnSpares : 0;
  const ids = { founders: nodeIds(nodes), all: allNodeIds({ nodes, spares }) };
  const steps: ScriptStep[] = [];
  for (const kind of faultKinds) {
    const random = root.fork(`fault ${kind}`);
    if (!allowed.includes(kind)) continue;
    const untilUs = ticks * weather.tickUs;
    const drawn =
      kind === 'ambush'
        ? drawAmbushes(random, ids.all, untilUs, character.ambushes)
        : drawFaults(kind, random, ids, untilUs, character);
    steps.push(...(clockDriftMax === undefined ? drawn : withinDrift(drawn, clockDriftMax)));
  }
  const untilUs = ticks * weather.tickUs;
  const traps = [
    ...(steps.some(({ fault }) => fault.type === 'changeMembers')
      ? drawMemberAmbushes(root.fork('ambushes of members'), ids, untilUs)
      : []),
    ...(clockDriftMax === undefined ? [] : drawLeaseAmbushes(root.fork('ambushes of leases'), ids, untilUs)),
  ];
  if (allowed.includes('ambush') && character.ambushes > 0)
    steps.push(...traps.filter(({ fault }) => allowed.includes(fault.fault.type)));
  if (allowed.includes('ambush') && character.ambushes > 0)
    steps.push(
      ...drawOldTerms(root.fork('old terms'), ids, untilUs).filter(({ fault }) =>
        allowed.includes(fault.type),
      ),
    );
  steps.sort((left, right) => left.atUs - right.atUs);
  const requestsMax = options.requestsMax ?? Number.MAX_SAFE_INTEGER;
  return { seed, nodes, spares, ticks, calm: true, requestsMax, weather, steps };
}

/** What clocks that differ by so much at most can do. */
function withinDrift(steps: readonly ScriptStep[], driftMax: number): readonly ScriptStep[] {
  const slowest = 1 - driftMax / 2;
  const fastest = 1 + driftMax / 2;
  const tame = (fault: PlainFault): PlainFault => {
    // Leases rely on one election timeout for all.
    if (fault.type === 'retime') return { type: 'retime', heartbeatTicks: 1 };
    if (fault.type !== 'drift') return fault;
    return { ...fault, rate: Math.min(Math.max(fault.rate, slowest), fastest) };
  };
  return steps.map(({ atUs, fault }) => ({
    atUs,
    fault: fault.type === 'ambush' ? { ...fault, fault: tame(fault.fault) } : tame(fault),
  }));
}

function drawWeather(random: Random): Weather {
  const clients = random.integer(1, 9);
  const requestsPerSecond = pick(random, [1, 3, 10]);
  return {
    tickUs: 50_000,
    delayLeastUs: random.integer(50, 5_000),
    delayMeanUs: pick(random, [100, 1_000, 5_000, 20_000, 60_000]),
    inOrder: random.chance(0.5),
    syncUs: pick(random, [50, 1_000, 5_000, 30_000, 100_000]),
    savesInFlightMax: pick(random, [1, 4, 64]),
    turnUs: pick(random, [0, 0, 200, 5_000]),
    applyUs: pick(random, [0, 0, 2_000, 100_000]),
    snapshotEvery: pick(random, [0, 2, 10, 50, 250]),
    tellsUnreachable: random.chance(0.5),
    clients,
    thinkUs: (clients * second) / requestsPerSecond,
    patienceUs: pick(random, [300_000, second, 4 * second]),
    strayChance: pick(random, [0.02, 0.1, 0.5]),
  };
}

/** Every kind that is drawn by the clock. */
type PlainKind = PlainFault['type'];

/** Mean time between two faults of one kind when the seed has them often. */
const leastMeanUs: Readonly<Record<PlainKind, number>> = {
  crash: 4 * second,
  shutdown: 15 * second,
  pause: 6 * second,
  slowNode: 10 * second,
  drift: 10 * second,
  clockJump: 8 * second,
  isolate: 6 * second,
  cut: 4 * second,
  partition: 6 * second,
  bridge: 8 * second,
  chain: 15 * second,
  flap: 10 * second,
  clog: 5 * second,
  loss: 8 * second,
  duplicate: 8 * second,
  echo: 2 * second,
  corrupt: 10 * second,
  delay: 8 * second,
  slowDisk: 8 * second,
  failedSync: 10 * second,
  fullDisk: 20 * second,
  bitRot: 20 * second,
  wipe: 60 * second,
  campaign: 5 * second,
  forgetLeader: 5 * second,
  transfer: 10 * second,
  changeMembers: 4 * second,
  replace: 30 * second,
  retime: 20 * second,
  requestSnapshot: 15 * second,
  snapshot: 10 * second,
};

/** Kinds that are absent as often whatever the storm's character: what costs a node, what costs nothing, what takes time. */
const absence: Partial<Readonly<Record<PlainKind, number>>> = {
  wipe: 0.85,
  changeMembers: 0.55,
  replace: 0.7,
  echo: 0.6,
};

function drawFaults(
  kind: PlainKind,
  random: Random,
  ids: NodesOfScript,
  untilUs: number,
  { absent, rarity }: Character,
): readonly ScriptStep[] {
  const steps: ScriptStep[] = [];
  if (random.chance(absence[kind] ?? absent)) return steps;
  const meanUs = leastMeanUs[kind] * pick(random, rarity);
  const mostSteps = kind === 'wipe' ? Math.floor((ids.founders.length - 1) / 2) : Number.POSITIVE_INFINITY;
  for (let atUs = exponential(random, meanUs); atUs < untilUs; atUs += exponential(random, meanUs)) {
    if (steps.length >= mostSteps) break;
    steps.push({ atUs: Math.floor(atUs), fault: drawFault(kind, random, ids) });
    // Impatient operators ask for the next change while the last one is under way.
    if (kind !== 'changeMembers' || !random.chance(0.25)) continue;
    const soonUs = atUs + random.integer(0, pick(random, [1_000, 50_000, 500_000]));
    steps.push({ atUs: Math.floor(soonUs), fault: drawFault(kind, random, ids) });
  }
  return steps;
}

function drawFault(kind: PlainKind, random: Random, ids: NodesOfScript): PlainFault {
  const { all } = ids;
  const forUs = Math.floor(
    1_000 + exponential(random, pick(random, [50_000, 300_000, 2 * second, 8 * second])),
  );
  const node: Target = random.chance(0.35) ? 'leader' : pick(random, all);
  const from = pick(random, all);
  const others = all.filter((id) => id !== from);
  const to = pick(random, others.length === 0 ? all : others);
  switch (kind) {
    case 'crash':
      return { type: kind, node, downUs: forUs, whileSaving: random.chance(0.6) };
    case 'shutdown':
    case 'failedSync':
    case 'fullDisk':
      return { type: kind, node, downUs: forUs };
    case 'pause':
      return { type: kind, node, forUs };
    case 'slowNode':
      return { type: kind, node, turnUs: random.integer(10_000, 400_000), forUs };
    case 'drift':
      return { type: kind, node, rate: pick(random, [0.25, 0.5, 0.9, 1.1, 2, 4]), forUs: forUs * 4 };
    case 'clockJump':
      return { type: kind, node, ticks: random.integer(2, 40) };
    case 'isolate':
      return { type: kind, node, direction: pick(random, ['both', 'in', 'out'] as const), forUs };
    case 'cut':
    case 'clog':
      return { type: kind, from, to, forUs };
    case 'flap':
      return { type: kind, from, to, periodUs: random.integer(20_000, 500_000), forUs: forUs * 2 };
    case 'partition':
      return { type: kind, side: all.filter(() => random.chance(0.5)), forUs };
    case 'bridge':
      return { type: kind, hub: from, side: others.filter(() => random.chance(0.5)), forUs };
    case 'chain':
      return { type: kind, forUs };
    case 'loss':
    case 'duplicate':
      return { type: kind, chance: pick(random, [0.02, 0.1, 0.3]), forUs: forUs * 2 };
    case 'echo':
      return {
        type: kind,
        chance: pick(random, [0.05, 0.3]),
        lateUs: pick(random, [second, 4 * second]),
        forUs: forUs * 4,
      };
    case 'corrupt':
      return { type: kind, chance: pick(random, [0.01, 0.1]), forUs: forUs * 2 };
    case 'delay':
      return { type: kind, meanUs: random.integer(10_000, 600_000), forUs: forUs * 2 };
    case 'slowDisk':
      return { type: kind, node, syncUs: random.integer(50_000, 2 * second), forUs };
    case 'transfer':
      return { type: kind, node, to: random.chance(0.5) ? to : undefined };
    case 'changeMembers':
      return { type: kind, node: random.chance(0.8) ? 'leader' : node, plan: drawPlan(random, ids) };
    case 'replace':
      return { type: kind, node, by: pick(random, all) };
    case 'retime': {
      const heartbeatTicks = random.integer(1, 4);
      return { type: kind, heartbeatTicks, electionTicks: heartbeatTicks * random.integer(3, 7) };
    }
    case 'bitRot':
    case 'wipe':
    case 'campaign':
    case 'forgetLeader':
    case 'requestSnapshot':
    case 'snapshot':
      return { type: kind, node };
  }
}
