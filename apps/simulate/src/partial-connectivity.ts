/**
 * Partial connectivity: no node is down, and yet not every node reaches every other. The three situations of OmniPaxos
 * (Ng, Haridi and Carbone, EuroSys 2023, §2 and figure 1) as scripts, and how long an engine takes in each.
 */
import { type EngineMessage, type NodeId, Random, type Term } from '@synod/core';
import {
  type ClientOperation,
  type RegisterRequest,
  runScript,
  type Script,
  type Weather,
} from '@synod/simulator';
import type { StormSubject } from './storm-subject.js';
import { seeEffects } from './watched-engine.js';

/** A situation: which links are cut, and when. */
export interface PartialConnectivity {
  /** Its name in the paper. */
  readonly name: string;
  /** What it is, in a sentence. */
  readonly about: string;
  /** How many nodes. */
  readonly nodes: number;
  /** Who leads before. */
  readonly leader: NodeId;
  /** Links that are cut, in both directions, until the end. */
  readonly cuts: readonly (readonly [NodeId, NodeId])[];
  /** Links that are cut from the first node to the second alone, until the end. */
  readonly oneWay?: readonly (readonly [NodeId, NodeId])[];
  /** A node that the leader's messages do not reach in the ticks before, so that its log is behind. */
  readonly behind?: NodeId;
}

/** The three situations. */
export const partialConnectivity: readonly PartialConnectivity[] = [
  {
    name: 'quorum loss',
    about: 'five nodes; n1 reaches all others, these and the leader n3 among them only n1',
    nodes: 5,
    leader: 'n3',
    cuts: pairs(['n2', 'n3', 'n4', 'n5']),
  },
  {
    name: 'constrained election',
    about: 'the same, but the leader n3 reaches nobody, and n1 has missed its latest commands',
    nodes: 5,
    leader: 'n3',
    cuts: [...pairs(['n2', 'n3', 'n4', 'n5']), ['n1', 'n3']],
    behind: 'n1',
  },
  {
    name: 'chained',
    about: 'three nodes in a row; n2 reaches both others, the leader n1 and n3 not each other',
    nodes: 3,
    leader: 'n1',
    cuts: [['n1', 'n3']],
  },
];

/** What one run came to. Times are in ticks. */
export interface PartialRun {
  /** From the cut until the first command is decided that a client asked for after it; `undefined` for never. */
  readonly recovery: number | undefined;
  /** The longest time after the cut in which no command was decided. */
  readonly longestGap: number;
  /** Leaders that were elected after the cut. */
  readonly elections: number;
  /** Who led at the cut. */
  readonly leader: NodeId | undefined;
  /** By how many entries the node that is meant to be behind was so at the cut. */
  readonly behindBy: number;
  /** What the simulator found broken. */
  readonly finding: string | undefined;
}

/** Ticks that are watched after the cut: twenty election timeouts of ten ticks. */
export const watchedTicks = 200;

const tickUs = 50_000;
/** When the earliest cut may come: long after the first election. */
const settledTicks = 60;
/** For how long the node that is to be behind hears nothing: less than an election timeout. */
const deafTicks = 8;

/** A calm network on one site, and clients that never leave the group without a command for long. */
const weather: Weather = {
  tickUs,
  delayLeastUs: 200,
  delayMeanUs: 300,
  inOrder: true,
  syncUs: 1_000,
  savesInFlightMax: 4,
  turnUs: 0,
  applyUs: 0,
  snapshotEvery: 0,
  tellsUnreachable: false,
  clients: 10,
  thinkUs: tickUs,
  patienceUs: 2 * tickUs,
  strayChance: 0.5,
};

/**
 * Runs a situation once.
 *
 * @param situation - The situation.
 * @param subject - The engine with its state machine. Its election timeout must be above 8 ticks.
 * @param seed - Moves the cut against the clocks of the nodes, and draws all that is random.
 */
export function runPartially<Message extends EngineMessage>(
  situation: PartialConnectivity,
  subject: StormSubject<Message>,
  seed: number,
): PartialRun {
  const cutUs = (settledTicks + new Random(seed).fork('cut').integer(0, 20_000) / 1000) * tickUs;
  const script = scriptOf(situation, seed, cutUs);
  const watch = new RunWatch(cutUs);
  let history: readonly ClientOperation<RegisterRequest, unknown>[] = [];
  const report = runScript(
    script,
    {
      engine: {
        ...subject.engine,
        create: (start, settings, clocks) =>
          seeEffects(subject.engine.create(start, settings, clocks), ({ committed, events }) => {
            for (const { index, kind, data } of committed) {
              if (kind === 'command') watch.decided(start.id, index, data);
            }
            for (const event of events) {
              if (event.type === 'roleChanged' && event.to === 'leader') watch.leads(start.id, event.term);
            }
          }),
      },
      workload: {
        ...subject.workload,
        withoutAnswer: 'giveUp',
        judge: (all) => {
          history = all;
          return undefined;
        },
      },
    },
    {
      onInput: (atUs) => {
        watch.nowUs = atUs;
      },
    },
  );
  const commands = history
    .filter(({ calledAt }) => calledAt >= cutUs)
    .map(({ input }) => subject.workload.encode(input))
    .filter((command) => command !== undefined);
  return {
    ...watch.result(commands, script.ticks * tickUs, situation.behind),
    finding:
      report.finding === undefined ? undefined : `${report.finding.invariant}: ${report.finding.message}`,
  };
}

function scriptOf(situation: PartialConnectivity, seed: number, cutUs: number): Script {
  const { nodes, leader, cuts, oneWay = [], behind } = situation;
  const ticks = Math.ceil(cutUs / tickUs) + watchedTicks;
  const forUs = ticks * tickUs;
  const deafUs = cutUs - deafTicks * tickUs;
  return {
    seed,
    nodes,
    ticks,
    calm: false,
    requestsMax: Number.MAX_SAFE_INTEGER,
    weather,
    steps: [
      { atUs: 2 * tickUs, fault: { type: 'campaign', node: leader } },
      ...(behind === undefined
        ? []
        : [{ atUs: deafUs, fault: { type: 'cut', from: leader, to: behind, forUs } } as const]),
      ...cuts.flatMap(([one, other]) => [
        { atUs: cutUs, fault: { type: 'cut', from: one, to: other, forUs } } as const,
        { atUs: cutUs, fault: { type: 'cut', from: other, to: one, forUs } } as const,
      ]),
      ...oneWay.map(([from, to]) => ({ atUs: cutUs, fault: { type: 'cut', from, to, forUs } }) as const),
    ],
  };
}

/** Gathers what engines do before and after the cut. */
class RunWatch {
  nowUs = 0;
  readonly #cutUs: number;
  /** When each command was first known to be decided, by its bytes. */
  readonly #decidedUs = new Map<string, number>();
  readonly #throughAtCut = new Map<NodeId, number>();
  readonly #termsAfter = new Set<Term>();
  #leaderAtCut: NodeId | undefined;

  constructor(cutUs: number) {
    this.#cutUs = cutUs;
  }

  decided(node: NodeId, index: number, command: Uint8Array): void {
    const key = keyOf(command);
    if (!this.#decidedUs.has(key)) this.#decidedUs.set(key, this.nowUs);
    if (this.nowUs < this.#cutUs) this.#throughAtCut.set(node, index);
  }

  leads(node: NodeId, term: Term): void {
    if (this.nowUs < this.#cutUs) this.#leaderAtCut = node;
    else this.#termsAfter.add(term);
  }

  result(
    askedAfter: readonly Uint8Array[],
    untilUs: number,
    behind: NodeId | undefined,
  ): Omit<PartialRun, 'finding'> {
    const firstUs = Math.min(
      ...askedAfter.map((command) => this.#decidedUs.get(keyOf(command)) ?? Number.POSITIVE_INFINITY),
    );
    const moments = [...this.#decidedUs.values()].filter((atUs) => atUs >= this.#cutUs);
    let longestUs = 0;
    let beforeUs = this.#cutUs;
    for (const atUs of [...moments, untilUs]) {
      longestUs = Math.max(longestUs, atUs - beforeUs);
      beforeUs = atUs;
    }
    const through = [...this.#throughAtCut.values()];
    return {
      recovery: firstUs === Number.POSITIVE_INFINITY ? undefined : (firstUs - this.#cutUs) / tickUs,
      longestGap: longestUs / tickUs,
      elections: this.#termsAfter.size,
      leader: this.#leaderAtCut,
      behindBy: behind === undefined ? 0 : Math.max(...through) - (this.#throughAtCut.get(behind) ?? 0),
    };
  }
}

function keyOf(command: Uint8Array): string {
  return command.join();
}

function pairs(ids: readonly NodeId[]): readonly (readonly [NodeId, NodeId])[] {
  return ids.flatMap((one, position) => ids.slice(position + 1).map((other) => [one, other] as const));
}
