/**
 * A whole run: the storm, then the calm. In the calm a core of the nodes, just a majority, is healed for good and the
 * others are gone for good: then a leader must be found, every client answered, and all states must become equal. A run
 * stops where promises of real storages may have to settle first; with the model of a storage it never does.
 */
import type { EngineMessage, StateMachine } from '@synod/core';
import { InvalidArgumentError, Random } from '@synod/core';
import { Faults } from './faults.js';
import type { Script } from './script.js';
import { type InputListener, SimulatedCluster } from './simulated-cluster.js';
import type { SimulatedNode } from './simulated-node.js';
import type { Subject } from './subject.js';
import { demand, type InvariantName, SimulationViolation } from './violation.js';

/** A rule that was found broken. */
export interface Finding {
  /** Which rule. */
  readonly invariant: InvariantName;
  /** What was seen. */
  readonly message: string;
  /** When, in microseconds of virtual time. */
  readonly atUs: number;
}

/** What a run came to. */
export interface RunReport {
  /** The script that was run. */
  readonly script: Script;
  /** What was found, or `undefined` when every rule held. */
  readonly finding: Finding | undefined;
  /** Digest of everything that happened: the same for every run of the same script on the same code. */
  readonly traceHash: string;
  /** Virtual time that passed, in microseconds. */
  readonly virtualUs: number;
  /** Events that happened. */
  readonly events: number;
  /** Requests that clients made. */
  readonly requests: number;
  /** Requests that were answered. */
  readonly answered: number;
  /** Entries that were committed. */
  readonly committed: number;
  /** Terms that had a leader. */
  readonly leaderTerms: number;
  /** Faults that took effect, by kind. */
  readonly faults: Readonly<Record<string, number>>;
  /** Situations that were reached, by name. */
  readonly coverage: Readonly<Record<string, number>>;
}

/** What may be listened to. */
export interface RunOptions<Message extends EngineMessage> {
  /** Hears every input of every engine before it is stepped. */
  readonly onInput?: InputListener<Message>;
}

/** Ticks of calm within which a leader must be found. */
const leaderTicksMax = 600;
/** Ticks of plain work in the calm, once a leader is found. */
const workTicks = 200;
/** Ticks of calm within which everything must have come to rest. */
const restTicksMax = 4_000;

/**
 * Runs a script.
 *
 * @param script - What happens.
 * @param subject - What it happens to.
 * @param options - Who listens.
 * @returns What it came to. Broken rules are found, not thrown.
 * @throws InvalidArgumentError when the subject has a storage of its own, which answers with promises.
 */
export function runScript<Message extends EngineMessage, Machine extends StateMachine<Output>, Input, Output>(
  script: Script,
  subject: Subject<Message, Machine, Input, Output>,
  options: RunOptions<Message> = {},
): RunReport {
  refuseStorage(subject);
  const run = runningScript(script, subject, options);
  for (;;) {
    const next = run.next();
    if (next.done === true) return next.value;
  }
}

/**
 * States that everything under test answers at once.
 *
 * @param subject - What is under test.
 * @throws InvalidArgumentError when it has a storage of its own.
 */
export function refuseStorage(subject: { readonly storage?: unknown }): void {
  if (subject.storage === undefined) return;
  throw new InvalidArgumentError(
    'the subject has a storage, which answers with promises: use runScriptOnStorage, simulateOnStorage or shrinkOnStorage',
  );
}

/** A run that stops whenever promises may have to settle before virtual time goes on. */
export type RunningScript = Generator<undefined, RunReport, undefined>;

/**
 * Begins a run.
 *
 * @param script - What happens.
 * @param subject - What it happens to.
 * @param options - Who listens.
 */
export function* runningScript<
  Message extends EngineMessage,
  Machine extends StateMachine<Output>,
  Input,
  Output,
>(
  script: Script,
  subject: Subject<Message, Machine, Input, Output>,
  options: RunOptions<Message>,
): RunningScript {
  const cluster = new SimulatedCluster(script, subject, options.onInput);
  const faults = new Faults(cluster);
  cluster.onEvent = (node, isLeader, event) => faults.heard(node, isLeader, event);
  let finding: Finding | undefined;
  try {
    cluster.start();
    faults.plan(script.steps);
    yield* untilTime(cluster, script.ticks * script.weather.tickUs);
    if (script.calm) yield* calm(cluster, faults);
    judge(cluster, subject);
  } catch (error) {
    if (!(error instanceof SimulationViolation)) throw error;
    finding = { invariant: error.invariant, message: error.message, atUs: cluster.queue.nowUs };
  }
  return report(script, cluster, faults, finding);
}

/** Part of a run; its answer is whether what it waited for was reached. */
type Stretch = Generator<undefined, boolean, undefined>;

type Future = Pick<SimulatedCluster<never, never, never, never>, 'queue' | 'promises'>;

/** Lets events happen through a moment, or until something is reached. */
function* untilTime(future: Future, untilUs: number, reached: () => boolean = () => false): Stretch {
  for (;;) {
    const answer = untilStirred(future, untilUs, reached);
    if (answer !== undefined) return answer;
    future.promises.stirred = false;
    yield;
  }
}

/** The same until promises may have to settle, which is `undefined`: no generator goes on at every event. */
function untilStirred(
  { queue, promises }: Future,
  untilUs: number,
  reached: () => boolean,
): boolean | undefined {
  while (!promises.stirred) {
    if (reached()) return true;
    if (!queue.runNext(untilUs)) return reached();
  }
  return undefined;
}

type AnyCluster<M extends EngineMessage, S extends StateMachine<O>, I, O> = SimulatedCluster<M, S, I, O>;

function* calm<M extends EngineMessage, S extends StateMachine<O>, I, O>(
  cluster: AnyCluster<M, S, I, O>,
  faults: Faults<M, S, I, O>,
): Generator<undefined, void, undefined> {
  const { queue, nodes, script } = cluster;
  faults.end();
  cluster.clearUp();
  const random = new Random(script.seed).fork('calm');
  const candidates = chooseCore(cluster, random);
  for (const node of nodes) {
    if (candidates.includes(node)) continue;
    node.stop('crashed');
    node.state = 'gone';
  }
  for (const node of candidates) if (node.state === 'down') node.start();
  const beganUs = queue.nowUs;
  const within = (ticks: number, reached: () => boolean): Stretch =>
    untilTime(cluster, beganUs + ticks * script.weather.tickUs, reached);
  demand(
    yield* within(leaderTicksMax, () => cluster.aim('leader') !== undefined),
    'liveness',
    () => `no leader within ${leaderTicksMax} ticks of calm`,
  );
  // A while of plain work, then no new requests.
  const { coverage } = cluster;
  const termBefore = cluster.aim('leader')?.term;
  const campaignsBefore = coverage.count('removed node campaigned');
  yield* within((queue.nowUs - beganUs) / script.weather.tickUs + workTicks, () => false);
  if (
    coverage.count('removed node campaigned') > campaignsBefore &&
    cluster.aim('leader')?.term === termBefore
  )
    coverage.reach('removed node disturbed nobody');
  cluster.isOpen = false;
  demand(
    yield* within(restTicksMax, () => cluster.clients.every((client) => !client.isWaiting)),
    'liveness',
    () => `a client still waits for an answer after ${restTicksMax} ticks of calm`,
  );
  const members = () => {
    const membership = cluster.aim('leader')?.status()?.membership;
    return candidates.filter(({ id }) => membership?.members.some((member) => member.id === id));
  };
  const alike = () => {
    const [first, ...others] = members();
    return first !== undefined && others.every((node) => node.machineIndex === first.machineIndex);
  };
  demand(
    yield* within(restTicksMax + leaderTicksMax, alike),
    'liveness',
    () =>
      `nodes have not applied the same after the calm: ${members()
        .map((node) => `${node.id} through ${node.machineIndex}`)
        .join(', ')}`,
  );
  // Whoever was made to leave may never hear what came of it.
  demand(
    !faults.isChangeUnanswered(members().map(({ id }) => id)),
    'liveness',
    () => 'a change of members was never answered',
  );
  // Whoever leads last goes on with what leaders before it began (Raft §6).
  demand(
    cluster.aim('leader')?.status()?.membership.outgoingVoters.length === 0,
    'liveness',
    () => 'the members are joint still after the calm',
  );
  const digests = members().map((node) => node.stateDigest());
  demand(
    digests.every((digest) => digest === digests[0]),
    'equal states',
    () => 'nodes that applied the same entries differ in their state after the calm',
  );
}

/**
 * The nodes that stay: of those with sound disks as few voters as suffice, whichever of the memberships that are under
 * way comes to decide. Half of the others stay too: learners must follow, and whoever is no member may not disturb.
 */
function chooseCore<M extends EngineMessage, S extends StateMachine<O>, I, O>(
  cluster: AnyCluster<M, S, I, O>,
  random: Random,
): readonly SimulatedNode<M, S, I, O>[] {
  let core = cluster.nodes.filter((node) => node.isSound);
  const order = [...core];
  while (order.length > 0) {
    const [node] = order.splice(random.integer(0, order.length), 1);
    if (node === undefined || (!cluster.mayVote(node.id) && random.chance(0.5))) continue;
    const rest = core.filter((other) => other !== node);
    if (cluster.suffices((other) => rest.includes(other))) core = rest;
  }
  return core;
}

function judge<M extends EngineMessage, S extends StateMachine<O>, I, O>(
  cluster: AnyCluster<M, S, I, O>,
  subject: Subject<M, S, I, O>,
): void {
  const wrong = subject.workload.judge?.(cluster.history);
  demand(wrong === undefined, 'history', () => wrong ?? '');
}

function report<M extends EngineMessage, S extends StateMachine<O>, I, O>(
  script: Script,
  cluster: AnyCluster<M, S, I, O>,
  faults: Faults<M, S, I, O>,
  finding: Finding | undefined,
): RunReport {
  const { queue, history, ledger } = cluster;
  for (const node of cluster.nodes) for (const digit of node.fingerprint()) queue.trace(digit.charCodeAt(0));
  return {
    script,
    finding,
    traceHash: queue.traceHash(),
    virtualUs: queue.nowUs,
    events: queue.ran,
    requests: history.length,
    answered: history.filter(({ returnedAt }) => returnedAt < Number.POSITIVE_INFINITY).length,
    committed: ledger.highestCommitted,
    leaderTerms: ledger.leaderTerms,
    faults: faults.injected,
    coverage: cluster.coverage.counts(),
  };
}
