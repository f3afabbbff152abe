/**
 * Everything the page shows, and the one function that changes it. Pure: the time of day comes with each action, so a
 * test can play any history of looks and events.
 */
import {
  type ClusterView,
  commitIndexOf,
  type FeedEvent,
  type LogTail,
  leaderOf,
  type NodeView,
} from './cluster-view.js';
import { describeEvent, type Sentence } from './describe-event.js';
import { termWords } from './term-words.js';
import { type CommitSample, type LatencySample, withSample } from './throughput.js';
import { type TimelineItem, withEvent } from './timeline.js';

/** How the page hears of the cluster. */
export type Link =
  /** Nothing was heard yet. */
  | 'connecting'
  /** Looks and the event stream work. */
  | 'live'
  /** Only looks work; the timeline shows what they reveal. */
  | 'polling'
  /** The gateway does not answer. What is shown is old. */
  | 'lost';

/** A fault that this page asked for and whose effect it has not seen yet. */
export interface FaultOrder {
  readonly fault: 'kill' | 'restart';
  readonly orderedAtMs: number;
}

/** What the page shows. */
export interface DashboardState {
  readonly cluster: ClusterView | undefined;
  /** Why the gateway does not answer, while it does not. */
  readonly problem: string | undefined;
  /** Whether the event stream is open. */
  readonly streaming: boolean;
  readonly log: LogTail | undefined;
  readonly timeline: readonly TimelineItem[];
  readonly commits: readonly CommitSample[];
  readonly latencies: readonly LatencySample[];
  /** By node. */
  readonly orders: ReadonlyMap<string, FaultOrder>;
  /** What went wrong with an order, by node; forgotten at the next order. */
  readonly refusedOrders: ReadonlyMap<string, string>;
  /** The newest change that somebody who cannot see the page must hear of. */
  readonly announcement: string;
}

/** What can happen to the page. */
export type DashboardAction =
  | { readonly type: 'clusterRead'; readonly view: ClusterView; readonly atMs: number }
  | { readonly type: 'clusterLost'; readonly problem: string }
  | { readonly type: 'logRead'; readonly tail: LogTail }
  | { readonly type: 'streamOpened' }
  | { readonly type: 'streamLost' }
  | { readonly type: 'eventArrived'; readonly event: FeedEvent; readonly atMs: number }
  | { readonly type: 'requestAnswered'; readonly sample: LatencySample }
  | { readonly type: 'faultOrdered'; readonly node: string; readonly order: FaultOrder }
  | { readonly type: 'faultRefused'; readonly node: string; readonly problem: string };

/** The page before anything was heard. */
export const initialState: DashboardState = {
  cluster: undefined,
  problem: undefined,
  streaming: false,
  log: undefined,
  timeline: [],
  commits: [],
  latencies: [],
  orders: new Map(),
  refusedOrders: new Map(),
  announcement: '',
};

/** How the page hears of the cluster now. */
export function linkOf(state: DashboardState): Link {
  if (state.problem !== undefined) return 'lost';
  if (state.cluster === undefined) return 'connecting';
  return state.streaming ? 'live' : 'polling';
}

const orderTimeoutMs = 15_000;

/** The page after an action. */
export function reduce(state: DashboardState, action: DashboardAction): DashboardState {
  switch (action.type) {
    case 'clusterRead':
      return readCluster(state, action.view, action.atMs);
    case 'clusterLost':
      return { ...state, problem: action.problem };
    case 'logRead':
      return { ...state, log: action.tail };
    case 'streamOpened':
      return { ...state, streaming: true };
    case 'streamLost':
      return { ...state, streaming: false };
    case 'eventArrived':
      return hearEvent(state, action.event, action.atMs);
    case 'requestAnswered':
      return { ...state, latencies: withSample(state.latencies, action.sample) };
    case 'faultOrdered':
      return {
        ...state,
        orders: new Map(state.orders).set(action.node, action.order),
        refusedOrders: without(state.refusedOrders, action.node),
      };
    case 'faultRefused':
      return {
        ...state,
        orders: without(state.orders, action.node),
        refusedOrders: new Map(state.refusedOrders).set(action.node, action.problem),
      };
  }
}

function readCluster(state: DashboardState, view: ClusterView, atMs: number): DashboardState {
  const before = state.cluster;
  const cluster = { ...view, nodes: view.nodes.map((node) => withLastStatus(node, before)) };
  // With a stream, the gateway itself tells of these.
  const changes = before === undefined || state.streaming ? [] : observedChanges(before, cluster);
  const commitIndex = commitIndexOf(cluster);
  return {
    ...state,
    cluster,
    problem: undefined,
    commits: commitIndex === undefined ? state.commits : withSample(state.commits, { atMs, commitIndex }),
    timeline: changes.reduce(
      (items, { node, sentence }) => withEvent(items, node, atMs, sentence),
      state.timeline,
    ),
    orders: openOrders(state.orders, cluster, atMs),
    announcement: announce(state.announcement, before, cluster),
  };
}

// A silent node keeps what it said last: the page shows it as the past.
function withLastStatus(node: NodeView, before: ClusterView | undefined): NodeView {
  if (node.reachable || node.status !== undefined) return node;
  const known = before?.nodes.find((other) => other.id === node.id);
  return known?.status === undefined ? node : { ...node, status: known.status };
}

interface Observed {
  readonly node: string;
  readonly sentence: Sentence;
}

function observedChanges(before: ClusterView, after: ClusterView): readonly Observed[] {
  const changes: Observed[] = [];
  for (const node of after.nodes) {
    const known = before.nodes.find((other) => other.id === node.id);
    if (known === undefined || known.reachable === node.reachable) continue;
    const why = node.process?.state === 'stopped' ? (node.process.exit ?? node.problem) : node.problem;
    changes.push({ node: node.id, sentence: node.reachable ? answersAgain : fellSilent(why) });
  }
  const leader = leaderOf(after);
  if (leader !== undefined && !leadsAlready(before, leader)) {
    const text = `becomes leader of ${termWords(after.engine, leader.status?.term)}`;
    changes.push({ node: leader.id, sentence: { topic: 'leadership', text, weight: 'turning-point' } });
  }
  return changes;
}

const answersAgain: Sentence = { topic: 'nodes', text: 'answers again', weight: 'turning-point' };

function fellSilent(why: string | undefined): Sentence {
  const text = why === undefined ? 'does not answer' : `does not answer: ${why}`;
  return { topic: 'nodes', text, weight: 'trouble' };
}

function leadsAlready(before: ClusterView, leader: NodeView): boolean {
  const known = leaderOf(before);
  return known?.id === leader.id && known.status?.term === leader.status?.term;
}

// An order is done when its effect is seen, and given up when that does not happen.
function openOrders(
  orders: DashboardState['orders'],
  cluster: ClusterView,
  atMs: number,
): DashboardState['orders'] {
  const open = [...orders].filter(([id, { fault, orderedAtMs }]) => {
    const node = cluster.nodes.find((other) => other.id === id);
    if (node === undefined || atMs - orderedAtMs > orderTimeoutMs) return false;
    return fault === 'kill' ? node.reachable : !node.reachable;
  });
  return open.length === orders.size ? orders : new Map(open);
}

function announce(last: string, before: ClusterView | undefined, after: ClusterView): string {
  const leader = leaderOf(after);
  const previous = before && leaderOf(before);
  const news: string[] = [];
  for (const node of after.nodes) {
    const known = before?.nodes.find((other) => other.id === node.id);
    if (known !== undefined && known.reachable !== node.reachable) {
      news.push(node.reachable ? `${node.id} answers again.` : `${node.id} does not answer.`);
    }
  }
  if (leader === undefined && previous !== undefined) news.push('There is no leader.');
  if (leader !== undefined && (before === undefined || !leadsAlready(before, leader))) {
    news.push(`${leader.id} leads in ${termWords(after.engine, leader.status?.term)}.`);
  }
  return news.length === 0 ? last : news.join(' ');
}

function hearEvent(state: DashboardState, event: FeedEvent, atMs: number): DashboardState {
  const sentence = describeEvent(event, state.cluster?.engine);
  if (sentence === undefined) return state;
  const timeline = withEvent(
    state.timeline,
    sentence.about ?? event.node ?? 'gateway',
    event.timeMs ?? atMs,
    sentence,
  );
  return timeline === state.timeline ? state : { ...state, timeline };
}

function without<Value>(map: ReadonlyMap<string, Value>, key: string): ReadonlyMap<string, Value> {
  const rest = new Map(map);
  rest.delete(key);
  return rest;
}
