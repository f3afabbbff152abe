/** All situations on one engine, or those that are asked for. */
import { medianWriteMs } from './latency.js';
import { type Network, nodeIds } from './network.js';
import { NodeProcesses } from './node-processes.js';
import {
  agrees,
  agreesInLatency,
  type LatencyPrediction,
  type Predictions,
  type Situation,
  tellRecovery,
} from './prediction.js';
import { ProxiedNetwork } from './proxied-network.js';
import { type Finding, row } from './report.js';
import { type TrialResult, tryOut } from './trial.js';
import { Writers } from './writers.js';

/** What is checked. */
export interface Check {
  readonly engine: string;
  /** Makes the network whose links are cut. */
  readonly openNetwork: () => Promise<Network>;
  readonly situations: readonly Situation[];
  readonly latencies: Predictions['latencies'];
  /** How often each situation is tried. */
  readonly rounds: number;
  /** Hears each line of the table. */
  readonly say: (line: string) => void;
}

/** Runs it and gives what was not as it should be. */
export async function runCheck(check: Check): Promise<readonly string[]> {
  const wrong: string[] = [];
  if (check.situations.length > 0) wrong.push(...(await checkCuts(check)));
  for (const prediction of check.latencies) {
    if (prediction.engine !== check.engine) continue;
    const finding = await checkLatency(prediction);
    check.say(row(finding, '-'));
    if (!finding.agrees) wrong.push(tell(finding));
  }
  return wrong;
}

async function checkCuts(check: Check): Promise<readonly string[]> {
  const { engine, situations, rounds, say } = check;
  const wrong: string[] = [];
  const network = await check.openNetwork();
  try {
    const nodes = await NodeProcesses.start(network, engine, nodeCount);
    try {
      const writers = new Writers(nodes);
      for (const situation of situations) {
        const results: TrialResult[] = [];
        for (let round = 0; round < rounds; round++)
          results.push(await tryOut(situation, nodes, network, writers));
        const ticks = medianTicks(results);
        const finding = {
          engine,
          situation: situation.name,
          predicted: tellRecovery(situation, engine),
          measured: results.map(tellTicks).join(', '),
          agrees: agrees(situation, engine, ticks),
        };
        const healedMs = Math.max(...results.map((result) => result.healedMs));
        say(row(finding, `${(healedMs / 1000).toFixed(1)} s`));
        if (!finding.agrees) wrong.push(tell(finding));
      }
      wrong.push(...(await writers.faults()).map((fault) => `${engine}: ${fault}`));
    } finally {
      await nodes.stop();
    }
  } finally {
    await network.close();
  }
  return wrong;
}

/** Of several rounds the one in the middle counts: the machine does other things too. */
function medianTicks(results: readonly TrialResult[]): number | undefined {
  const never = Number.POSITIVE_INFINITY;
  const sorted = results.map(({ ticks }) => ticks ?? never).sort((left, right) => left - right);
  const median = sorted[Math.floor(sorted.length / 2)];
  return median === never ? undefined : median;
}

function tellTicks({ ticks }: TrialResult): string {
  return ticks === undefined ? 'never' : `${ticks.toFixed(1)} ticks`;
}

async function checkLatency(prediction: LatencyPrediction): Promise<Finding> {
  const { engine, delayMs, medianMs } = prediction;
  const network = await ProxiedNetwork.open(nodeIds(nodeCount), delayMs);
  try {
    const nodes = await NodeProcesses.start(network, engine, nodeCount);
    try {
      const measuredMs = await medianWriteMs(nodes);
      return {
        engine,
        situation: `messages take ${delayMs} ms`,
        predicted: `${medianMs} ms a command`,
        measured: `${measuredMs.toFixed(1)} ms a write`,
        agrees: agreesInLatency(prediction, measuredMs),
      };
    } finally {
      await nodes.stop();
    }
  } finally {
    await network.close();
  }
}

/** Nodes of a cluster, as in the situations. */
export const nodeCount = 5;

function tell({ engine, situation, predicted, measured }: Finding): string {
  return `${engine}, ${situation}: ${measured}, where the simulator says ${predicted}`;
}
