/**
 * What the gateway says of the cluster (the documents of `apps/cluster/src/rest-documents.ts`), read from untrusted
 * JSON into types that the page can rely on. The words are those of an engine's status in `@synod/core`; a field that
 * did not come is `undefined` and is shown as unknown.
 */
import type { EntryKind, PeerProgress, Role } from '@synod/core';
import {
  count,
  flag,
  type JsonRecord,
  milliseconds,
  parseJson,
  record,
  records,
  text,
  texts,
} from './untrusted.js';

/** The whole cluster at one look. */
export interface ClusterView {
  readonly name: string | undefined;
  readonly engine: string | undefined;
  readonly faultsEnabled: boolean;
  /** How the gateway spreads reads. */
  readonly strategy: string | undefined;
  /** How it could spread them. */
  readonly strategies: readonly string[];
  readonly nodes: readonly NodeView[];
}

/** One node, as the gateway sees it and as it sees itself. */
export interface NodeView {
  readonly id: string;
  readonly url: string | undefined;
  /** Whether it answered the gateway's last look. */
  readonly reachable: boolean;
  /** Whether it takes part; `undefined` when it has not said. */
  readonly state: NodeState | undefined;
  /** Why it does not answer, or does not take part. */
  readonly problem: string | undefined;
  readonly pid: number | undefined;
  /** When its process began. */
  readonly startedAtMs: number | undefined;
  /** Requests that the gateway sent to it. */
  readonly picks: number | undefined;
  /** How the gateway judges it; `undefined` when it has not said. */
  readonly balance: BalanceState | undefined;
  /** Known only to a gateway that started the nodes itself. */
  readonly process: ProcessView | undefined;
  /** What its engine said last; from before it fell silent when `reachable` is false. */
  readonly status: StatusView | undefined;
}

/** How far a node is. */
export type NodeState = 'starting' | 'running' | 'failed';

/** How the gateway judges a node: what share of the reads it gets follows from that. */
export type BalanceState = 'fit' | 'starting' | 'trial' | 'ejected' | 'unhealthy';

/** The operating system's process of a node. */
export interface ProcessView {
  readonly state: 'starting' | 'running' | 'stopped';
  /** How its last life ended. */
  readonly exit: string | undefined;
}

/** An engine's status. */
export interface StatusView {
  readonly role: Role | undefined;
  readonly term: number;
  readonly leader: string | undefined;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  readonly firstIndex: number;
  readonly lastIndex: number;
  readonly snapshotIndex: number;
  readonly peers: readonly PeerView[];
  readonly explanation: string | undefined;
}

/** What a leader knows of one peer's log. */
export interface PeerView {
  readonly id: string;
  readonly matchIndex: number;
  readonly nextIndex: number;
  readonly state: PeerProgress['state'] | undefined;
}

/** The newest committed entries, newest first. */
export interface LogTail {
  /** The node that told them. */
  readonly node: string | undefined;
  readonly entries: readonly LogEntry[];
}

/** One committed entry. */
export interface LogEntry {
  readonly index: number;
  readonly term: number | undefined;
  readonly kind: EntryKind | 'snapshot' | undefined;
  readonly summary: string | undefined;
  readonly timeMs: number | undefined;
}

/** One event of the stream. */
export interface FeedEvent {
  /** Grows with every event, also when the gateway was restarted. */
  readonly id: number | undefined;
  readonly node: string | undefined;
  readonly timeMs: number | undefined;
  readonly type: string;
  readonly details: JsonRecord;
}

const nodesMax = 64;
const entriesMax = 200;
const strategiesMax = 32;
const roles: readonly Role[] = ['follower', 'pre-candidate', 'candidate', 'leader', 'learner'];
const kinds: readonly (EntryKind | 'snapshot')[] = ['command', 'noop', 'membership', 'snapshot'];
const nodeStates: readonly NodeState[] = ['starting', 'running', 'failed'];
const balanceStates: readonly BalanceState[] = ['fit', 'starting', 'trial', 'ejected', 'unhealthy'];
const processStates: readonly ProcessView['state'][] = ['starting', 'running', 'stopped'];
const progressStates: readonly PeerProgress['state'][] = ['probe', 'replicate', 'snapshot'];

/** Reads the answer to `GET v1/cluster`; `undefined` when it is no cluster at all. @param atMs - Now, to date ages. */
export function parseCluster(json: unknown, atMs: number): ClusterView | undefined {
  const body = record(json);
  if (body === undefined || !Array.isArray(body.nodes)) return undefined;
  const gateway = record(body.gateway) ?? {};
  const nodes = records(body, 'nodes', nodesMax);
  return {
    name: text(body, 'cluster', 60),
    engine: nodes.map(engineKind).find((kind) => kind !== undefined),
    faultsEnabled: flag(gateway, 'faultsEnabled') === true,
    strategy: text(gateway, 'strategy', 40),
    strategies: texts(gateway, 'strategies', strategiesMax, 40),
    nodes: nodes.flatMap((node) => parseNode(node, atMs)),
  };
}

/** Reads the answer to `GET v1/cluster/log`. */
export function parseLogTail(json: unknown): LogTail | undefined {
  const body = record(json);
  if (body === undefined || !Array.isArray(body.entries)) return undefined;
  const entries = records(body, 'entries', entriesMax).flatMap(parseEntry);
  return { node: text(body, 'node', 60), entries: entries.sort((a, b) => b.index - a.index) };
}

/** Reads one message of the event stream. */
export function parseFeedEvent(message: string): FeedEvent | undefined {
  const body = record(parseJson(message));
  if (body === undefined) return undefined;
  const details = record(body.event);
  const type = details && text(details, 'type', 60);
  if (details === undefined || type === undefined) return undefined;
  return {
    id: count(body, 'id'),
    node: text(body, 'node', 60),
    timeMs: milliseconds(body, 'timeMs'),
    type,
    details,
  };
}

/** The node that leads: reachable, says so itself, and in the greatest term if several do. */
export function leaderOf(view: ClusterView): NodeView | undefined {
  let leader: NodeView | undefined;
  for (const node of view.nodes) {
    if (!node.reachable || node.status?.role !== 'leader') continue;
    if (leader?.status === undefined || node.status.term > leader.status.term) leader = node;
  }
  return leader;
}

/** Greatest index that any reachable node knows to be committed. */
export function commitIndexOf(view: ClusterView): number | undefined {
  const known = view.nodes.flatMap((node) =>
    node.reachable && node.status ? [node.status.commitIndex] : [],
  );
  return known.length === 0 ? undefined : Math.max(...known);
}

function engineKind(node: JsonRecord): string | undefined {
  const status = record(node.status);
  const engine = status && record(status.engine);
  return engine && text(engine, 'kind', 30);
}

function parseNode(node: JsonRecord, atMs: number): readonly NodeView[] {
  const id = text(node, 'id', 60);
  if (id === undefined) return [];
  const status = record(node.status) ?? {};
  const engine = record(status.engine);
  const process = record(node.process);
  const uptimeMs = milliseconds(status, 'uptimeMs');
  return [
    {
      id,
      url: text(node, 'url', 200),
      reachable: flag(node, 'reachable') === true,
      state: nodeStates.find((state) => state === status.state),
      problem: text(node, 'reason') ?? text(status, 'reason'),
      pid: (process && count(process, 'pid')) ?? count(status, 'pid'),
      startedAtMs: (process && milliseconds(process, 'startedAtMs')) ?? (uptimeMs && atMs - uptimeMs),
      picks: count(node, 'picks'),
      balance: balanceStates.find((state) => state === record(node.balance)?.state),
      process: process && parseProcess(process),
      status: engine && parseStatus(engine),
    },
  ];
}

function parseProcess(process: JsonRecord): ProcessView | undefined {
  const state = processStates.find((known) => known === process.state);
  if (state === undefined) return undefined;
  const exit = record(process.exit);
  return { state, exit: exit && (text(exit, 'message') ?? text(exit, 'signal')) };
}

function parseStatus(status: JsonRecord): StatusView {
  const snapshot = record(status.snapshot);
  const commitIndex = count(status, 'commitIndex') ?? 0;
  return {
    role: roles.find((role) => role === status.role),
    term: count(status, 'term') ?? 0,
    leader: text(status, 'leader', 60),
    commitIndex,
    appliedIndex: count(status, 'appliedIndex') ?? 0,
    firstIndex: count(status, 'firstIndex') ?? 1,
    lastIndex: count(status, 'lastIndex') ?? commitIndex,
    snapshotIndex: (snapshot && count(snapshot, 'index')) ?? 0,
    peers: records(status, 'peers', nodesMax).flatMap(parsePeer),
    explanation: text(status, 'explanation'),
  };
}

function parsePeer(peer: JsonRecord): readonly PeerView[] {
  const id = text(peer, 'id', 60);
  const matchIndex = count(peer, 'matchIndex');
  if (id === undefined || matchIndex === undefined) return [];
  const state = progressStates.find((known) => known === peer.state);
  return [{ id, matchIndex, nextIndex: count(peer, 'nextIndex') ?? matchIndex + 1, state }];
}

function parseEntry(entry: JsonRecord): readonly LogEntry[] {
  const index = count(entry, 'index');
  if (index === undefined) return [];
  return [
    {
      index,
      term: count(entry, 'term'),
      kind: kinds.find((kind) => kind === entry.kind),
      summary: text(entry, 'summary', 200),
      timeMs: milliseconds(entry, 'timeMs'),
    },
  ];
}
