/**
 * How long a leader takes to decide a command, in virtual time, while some followers are slow: for quorums of one size
 * beside those of another (Howard, Malkhi and Spiegelman, Flexible Paxos, 2016).
 */
import type { EngineMessage, NodeId } from '@synod/core';
import { runScript, type Script, type Weather } from '@synod/simulator';
import type { StormSubject } from './storm-subject.js';
import { seeEffects } from './watched-engine.js';

/** What one run came to. */
export interface CommitLatency {
  /** Commands that the leader decided. */
  readonly decided: number;
  /** Half of them took at most so many milliseconds from the leader's door to its state machine's. */
  readonly medianMs: number;
  /** 99 % of them did. */
  readonly p99Ms: number;
  /** What the simulator found broken. */
  readonly finding: string | undefined;
}

const tickUs = 50_000;
const leader = 'n1';
/** What a slow node takes for every turn. */
const slowTurnUs = 20_000;
const ticks = 2_000;
/** Ticks before anything is measured or slowed: the first election lies in them. */
const settledTicks = 40;

/** Messages take half a millisecond to some, syncs about one. */
const weather: Weather = {
  tickUs,
  delayLeastUs: 500,
  delayMeanUs: 300,
  inOrder: true,
  syncUs: 1_000,
  savesInFlightMax: 4,
  turnUs: 0,
  applyUs: 0,
  snapshotEvery: 0,
  tellsUnreachable: false,
  clients: 4,
  thinkUs: 100_000,
  patienceUs: 10 * tickUs,
  strayChance: 0,
};

/**
 * Measures a group of five, whose first node leads.
 *
 * @param subject - The engine with its state machine.
 * @param slow - Followers that are slow.
 * @param seed - Draws all that is random.
 * @param delayLeastUs - What a message takes at least.
 */
export function measureCommitLatency<Message extends EngineMessage>(
  subject: StormSubject<Message>,
  slow: readonly NodeId[],
  seed: number,
  delayLeastUs = weather.delayLeastUs,
): CommitLatency {
  const proposedUs = new Map<string, number>();
  const latenciesUs: number[] = [];
  let nowUs = 0;
  const decided = (command: Uint8Array) => {
    const key = command.join();
    const atUs = proposedUs.get(key);
    proposedUs.delete(key);
    if (atUs !== undefined) latenciesUs.push(nowUs - atUs);
  };
  const { finding } = runScript(
    scriptOf(slow, seed, delayLeastUs),
    {
      engine: {
        ...subject.engine,
        create: (start, settings, clocks) => {
          const engine = subject.engine.create(start, settings, clocks);
          if (start.id !== leader) return engine;
          return seeEffects(engine, ({ committed }) => {
            for (const { kind, data } of committed) if (kind === 'command') decided(data);
          });
        },
      },
      workload: { ...subject.workload, judge: () => undefined },
    },
    {
      onInput: (atUs, node, _life, input) => {
        nowUs = atUs;
        if (node !== leader || input.type !== 'propose' || atUs < settledTicks * tickUs) return;
        for (const { data } of input.commands) proposedUs.set(data.join(), atUs);
      },
    },
  );
  latenciesUs.sort((left, right) => left - right);
  const quantileMs = (share: number) =>
    (latenciesUs[Math.min(latenciesUs.length - 1, Math.floor(latenciesUs.length * share))] ?? 0) / 1000;
  return {
    decided: latenciesUs.length,
    medianMs: quantileMs(0.5),
    p99Ms: quantileMs(0.99),
    finding: finding === undefined ? undefined : `${finding.invariant}: ${finding.message}`,
  };
}

function scriptOf(slow: readonly NodeId[], seed: number, delayLeastUs: number): Script {
  const atUs = (settledTicks / 2) * tickUs;
  return {
    seed,
    nodes: 5,
    ticks,
    calm: false,
    requestsMax: Number.MAX_SAFE_INTEGER,
    weather: { ...weather, delayLeastUs },
    steps: [
      { atUs: 2 * tickUs, fault: { type: 'campaign', node: leader } },
      ...slow.map(
        (node) =>
          ({
            atUs,
            fault: { type: 'slowNode', node, turnUs: slowTurnUs, forUs: ticks * tickUs },
          }) as const,
      ),
    ],
  };
}
