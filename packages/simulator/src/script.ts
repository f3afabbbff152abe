/**
 * A run as data: the cluster, its weather and every fault with its moment. A script and an engine determine a run
 * completely, so a script can be kept, shrunk and run again.
 */
import { DecodeError, type NodeId } from '@synod/core';

/** A node, whoever leads at that moment, or, in an ambush, the node that it was laid for: `it`. */
export type Target = NodeId | 'leader' | 'it';

/** What a node can be seen doing, for an ambush to wait for. */
export type Situation =
  /** It has just been elected. */
  | 'leads'
  /** As leader it has put entries into its log. */
  | 'proposes'
  /** As follower it has put entries into its log. */
  | 'appends'
  /** It has learned that entries are committed. */
  | 'commits'
  /** It asks whether it would be elected. */
  | 'canvasses'
  /** It stands for election. */
  | 'campaigns'
  /** It gives its vote. */
  | 'votes'
  /** It drops entries that a leader contradicts. */
  | 'truncates'
  /** It replaces its log by a snapshot. */
  | 'installs'
  /** Other members govern for it. */
  | 'changesMembers'
  /** It has shortened its log behind a snapshot of its own. */
  | 'discards';

/** How an operator wants the members changed, whoever they are at that moment. */
export interface MembershipPlan {
  /** Nodes that shall be voters. */
  readonly voters: readonly Target[];
  /** Nodes that shall be learners. */
  readonly learners: readonly Target[];
  /** Nodes that shall be no members, unless they are named above. */
  readonly leave: readonly Target[];
  /** Whether voters may be admitted before they have caught up. */
  readonly admitLagging: boolean;
  /** What is wrong with the wish, so that it must be refused. Default nothing. */
  readonly flaw?: 'taken ordinal' | 'outgoing voters' | undefined;
  /** For how long whoever has left is stopped; without it the processes run on, whether they know or not. */
  readonly stopUs?: number | undefined;
  /** After how long whoever has left is taken back, under its own name and with its own disk. Default never. */
  readonly backAfterUs?: number | undefined;
}

/** What may be done to a cluster. Times are in microseconds; conditions end by themselves after `forUs`. */
export type PlainFault =
  /** The process ends and comes back later. Unsaved work is lost; of writes under way a beginning may be kept. */
  | { readonly type: 'crash'; readonly node: Target; readonly downUs: number; readonly whileSaving: boolean }
  /** The process ends in good order, as an operator stops it, and comes back later. */
  | { readonly type: 'shutdown'; readonly node: Target; readonly downUs: number }
  /** The process stands still, as in a long garbage collection or a suspended machine. */
  | { readonly type: 'pause'; readonly node: Target; readonly forUs: number }
  /** The process takes longer for everything. */
  | { readonly type: 'slowNode'; readonly node: Target; readonly turnUs: number; readonly forUs: number }
  /** The node's ticks come faster (above 1) or slower (below 1). */
  | { readonly type: 'drift'; readonly node: Target; readonly rate: number; readonly forUs: number }
  /** The node's clock leaps: many ticks at once. Where clocks keep a promise its machine was suspended, and the ticks count as missed. */
  | { readonly type: 'clockJump'; readonly node: Target; readonly ticks: number }
  /** Nothing leaves the node, nothing reaches it, or both. */
  | {
      readonly type: 'isolate';
      readonly node: Target;
      readonly direction: 'both' | 'in' | 'out';
      readonly forUs: number;
    }
  /** One link fails in one direction. */
  | { readonly type: 'cut'; readonly from: NodeId; readonly to: NodeId; readonly forUs: number }
  /** Nodes of different sides do not hear each other. */
  | { readonly type: 'partition'; readonly side: readonly NodeId[]; readonly forUs: number }
  /** Two sides that only one node connects. */
  | {
      readonly type: 'bridge';
      readonly hub: NodeId;
      readonly side: readonly NodeId[];
      readonly forUs: number;
    }
  /** Each node hears only its neighbours in a row. */
  | { readonly type: 'chain'; readonly forUs: number }
  /** A link comes and goes. */
  | {
      readonly type: 'flap';
      readonly from: NodeId;
      readonly to: NodeId;
      readonly periodUs: number;
      readonly forUs: number;
    }
  /** A link holds everything back and lets it through in one burst. */
  | { readonly type: 'clog'; readonly from: NodeId; readonly to: NodeId; readonly forUs: number }
  /** Messages are lost. */
  | { readonly type: 'loss'; readonly chance: number; readonly forUs: number }
  /** Messages arrive twice, the second time much later. */
  | { readonly type: 'duplicate'; readonly chance: number; readonly forUs: number }
  /** Messages come once more, long after, past all that was sent since: from a connection that nobody remembered. */
  | { readonly type: 'echo'; readonly chance: number; readonly lateUs: number; readonly forUs: number }
  /** Bits flip in frames, or frames are cut short. */
  | { readonly type: 'corrupt'; readonly chance: number; readonly forUs: number }
  /** Messages take longer, each for itself. */
  | { readonly type: 'delay'; readonly meanUs: number; readonly forUs: number }
  /** Syncs take longer. */
  | { readonly type: 'slowDisk'; readonly node: Target; readonly syncUs: number; readonly forUs: number }
  /** The next sync fails: the node stops, as it must, and comes back later. */
  | { readonly type: 'failedSync'; readonly node: Target; readonly downUs: number }
  /** The next write finds no room: the node waits until there is room, or stops and comes back then. */
  | { readonly type: 'fullDisk'; readonly node: Target; readonly downUs: number }
  /** A bit that was durable flips. Where storages are only modelled there are no bits, and nothing happens. */
  | { readonly type: 'bitRot'; readonly node: Target }
  /** The disk is lost with all it held. Its node is refused by its peers, and so it stays away. */
  | { readonly type: 'wipe'; readonly node: Target }
  /** An operator makes a node stand for election. */
  | { readonly type: 'campaign'; readonly node: Target }
  /** An operator, or a failure detector, tells a node that its leader is gone, rightly or not. */
  | { readonly type: 'forgetLeader'; readonly node: Target }
  /** An operator hands the leadership over, to a certain node or to the most advanced one. */
  | { readonly type: 'transfer'; readonly node: Target; readonly to?: NodeId | undefined }
  /** An operator asks a node to change the members: sensibly or not, whether it leads or not. */
  | { readonly type: 'changeMembers'; readonly node: Target; readonly plan: MembershipPlan }
  /** A node loses its disk for good, and operators put another in its place, which learns first and then votes. */
  | { readonly type: 'replace'; readonly node: Target; readonly by: NodeId }
  /** Operators set other timeouts, on all nodes, while they run. */
  | { readonly type: 'retime'; readonly electionTicks?: number; readonly heartbeatTicks: number }
  /** An operator finds a state machine damaged, and has a peer's snapshot take its place. */
  | { readonly type: 'requestSnapshot'; readonly node: Target }
  /** An operator takes a snapshot. */
  | { readonly type: 'snapshot'; readonly node: Target };

/** A fault that waits for a situation instead of a moment: what goes wrong where it hurts most. */
export interface Ambush {
  /** Tells the faults apart. */
  readonly type: 'ambush';
  /** What some node must be seen doing. */
  readonly when: Situation;
  /** Acts only at each so many of these situations. */
  readonly each: number;
  /** Acts so many times at most. */
  readonly times: number;
  /** How long after the situation it acts. */
  readonly afterUs: number;
  /** How long it lies in wait. */
  readonly forUs: number;
  /** What it does. */
  readonly fault: PlainFault;
}

/** Everything that a script may have happen. */
export type Fault = PlainFault | Ambush;

/** Name of a fault. */
export type FaultKind = Fault['type'];

/** All faults, in the order in which summaries name them. */
export const faultKinds: readonly FaultKind[] = [
  'crash',
  'shutdown',
  'pause',
  'slowNode',
  'drift',
  'clockJump',
  'isolate',
  'cut',
  'partition',
  'bridge',
  'chain',
  'flap',
  'clog',
  'loss',
  'duplicate',
  'echo',
  'corrupt',
  'delay',
  'slowDisk',
  'failedSync',
  'fullDisk',
  'bitRot',
  'wipe',
  'campaign',
  'forgetLeader',
  'transfer',
  'changeMembers',
  'replace',
  'retime',
  'requestSnapshot',
  'snapshot',
  'ambush',
];

/** All situations that an ambush can wait for. */
const situations: readonly Situation[] = [
  'leads',
  'proposes',
  'appends',
  'commits',
  'canvasses',
  'campaigns',
  'votes',
  'truncates',
  'installs',
  'changesMembers',
  'discards',
];

/** A fault and its moment. */
export interface ScriptStep {
  /** When, in microseconds from the begin. */
  readonly atUs: number;
  /** What. */
  readonly fault: Fault;
}

/** What a cluster is like without faults. */
export interface Weather {
  /** Length of a tick in microseconds. */
  readonly tickUs: number;
  /** Least delay of a message. */
  readonly delayLeastUs: number;
  /** Mean of what comes on top (exponential). */
  readonly delayMeanUs: number;
  /** Whether a link keeps the order of its messages, as a connection does. */
  readonly inOrder: boolean;
  /** Mean length of a sync. */
  readonly syncUs: number;
  /** Saves that may be under way before a node takes no more effects. */
  readonly savesInFlightMax: number;
  /** How long a node gathers inputs before it takes effects; 0 for not at all. */
  readonly turnUs: number;
  /** How long committed entries wait to be applied; 0 for not at all. */
  readonly applyUs: number;
  /** Entries between a node's own snapshots; 0 for none. */
  readonly snapshotEvery: number;
  /** Whether a cut link tells the sender's engine that the peer cannot be reached. */
  readonly tellsUnreachable: boolean;
  /**
   * By what share of their pace clocks differ at most, such as 0.1: then the storm draws no fault that goes beyond, and
   * half of the reads ask for a leader's lease. Without it clocks may do anything.
   */
  readonly clockDriftMax?: number | undefined;
  /** Clients. */
  readonly clients: number;
  /** Mean time between a client's answer and its next request. */
  readonly thinkUs: number;
  /** How long a client waits for an answer. */
  readonly patienceUs: number;
  /** How often a client asks any node instead of the one that it believes to lead: 0 to 1. */
  readonly strayChance: number;
}

/** A whole run. */
export interface Script {
  /** Seed of everything that the script does not say: each message's delay, the engine's timeouts, the requests. */
  readonly seed: number;
  /** Nodes that found the group, named n1, n2 and so on. */
  readonly nodes: number;
  /** Nodes beside them, which run but are no members until somebody makes them so. Default none. */
  readonly spares?: number | undefined;
  /** Length of the storm in ticks. The calm that follows it is not counted. */
  readonly ticks: number;
  /** Whether the calm follows, in which liveness is checked. */
  readonly calm: boolean;
  /** Requests that clients make in the storm at most. */
  readonly requestsMax: number;
  /** What the cluster is like. */
  readonly weather: Weather;
  /** The faults, in the order of their moments. */
  readonly steps: readonly ScriptStep[];
}

/** Names of so many nodes. */
export function nodeIds(nodes: number): readonly NodeId[] {
  return Array.from({ length: nodes }, (_, position) => `n${position + 1}`);
}

/** Names of all nodes of a script, the founders first. */
export function allNodeIds({ nodes, spares = 0 }: Pick<Script, 'nodes' | 'spares'>): readonly NodeId[] {
  return nodeIds(nodes + spares);
}

/**
 * Reads a script that was kept as JSON.
 *
 * @param text - The JSON.
 * @throws DecodeError when it is no script.
 */
export function parseScript(text: string): Script {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new DecodeError('a script is one JSON object: this is no JSON');
  }
  if (!isScript(value)) {
    throw new DecodeError('a script has seed, nodes, ticks, calm, requestsMax, weather and steps');
  }
  return value;
}

function isScript(value: unknown): value is Script {
  if (typeof value !== 'object' || value === null) return false;
  const numbers = ['seed', 'nodes', 'ticks', 'requestsMax'];
  const fields = new Map(Object.entries(value));
  const steps = fields.get('steps');
  return (
    numbers.every((name) => Number.isSafeInteger(fields.get(name))) &&
    (fields.get('spares') === undefined || Number.isSafeInteger(fields.get('spares'))) &&
    typeof fields.get('calm') === 'boolean' &&
    typeof fields.get('weather') === 'object' &&
    Array.isArray(steps) &&
    steps.every((step: unknown) => isStep(step))
  );
}

function isStep(step: unknown): step is ScriptStep {
  if (typeof step !== 'object' || step === null || !('atUs' in step) || !('fault' in step)) return false;
  const { atUs, fault } = step;
  if (typeof atUs !== 'number' || typeof fault !== 'object' || fault === null || !('type' in fault))
    return false;
  if (fault.type === 'ambush') return isAmbush(fault);
  return faultKinds.some((kind) => kind === fault.type);
}

function isAmbush(ambush: object): boolean {
  const fields = new Map<string, unknown>(Object.entries(ambush));
  const fault = fields.get('fault');
  return (
    situations.some((situation) => situation === fields.get('when')) &&
    ['each', 'times', 'afterUs', 'forUs'].every((name) => Number.isFinite(fields.get(name))) &&
    typeof fault === 'object' &&
    fault !== null &&
    'type' in fault &&
    fault.type !== 'ambush' &&
    faultKinds.some((kind) => kind === fault.type)
  );
}

/**
 * A script as lines that a person can read.
 *
 * @param script - The script.
 */
export function describeScript(script: Script): readonly string[] {
  const { weather, spares = 0 } = script;
  const lines = [
    `seed ${script.seed}: ${script.nodes} nodes${spares === 0 ? '' : ` and ${spares} spare`}, ${weather.clients} clients, at most ${script.requestsMax} requests, ` +
      `${script.ticks} ticks of ${weather.tickUs / 1000} ms${script.calm ? ', then calm' : ''}`,
  ];
  for (const { atUs, fault } of script.steps) {
    lines.push(`${(atUs / 1_000_000).toFixed(3).padStart(10)} s  ${describeFault(fault)}`);
  }
  return lines;
}

function describeFault(fault: Fault): string {
  const plain = fault.type === 'ambush' ? fault.fault : fault;
  const details = Object.entries(plain)
    .filter(([name]) => name !== 'type')
    .map(([name, value]) => `${name} ${describeDetail(value)}`);
  const text = [plain.type, ...details].join('  ');
  if (fault.type !== 'ambush') return text;
  const { when, each, times, afterUs, forUs } = fault;
  return (
    `ambush: ${afterUs / 1000} ms after a node ${when} (each ${each}, at most ${times} times, ` +
    `for ${forUs / 1_000_000} s)  ${text}`
  );
}

function describeDetail(value: unknown): string {
  if (Array.isArray(value)) return value.join('+');
  if (typeof value !== 'object' || value === null) return String(value);
  const fields = Object.entries(value).filter(([, field]) => !Array.isArray(field) || field.length > 0);
  return fields.map(([name, field]) => `${name} ${describeDetail(field)}`).join(' ');
}
