/**
 * What the gateway knows of the nodes: polled statuses, failures noticed in passing, and who leads. A poll that is
 * answered makes a node healthy; an unanswered one, a failed request, or a silence that its answers have never had before
 * (phi-accrual), makes it unhealthy until the next answer.
 */
import type { NodeId } from '@synod/core';
import { PhiAccrualDetector } from '@synod/failure-detector';
import type { NodeAddress } from './addresses.js';
import { NodeClient } from './node-client.js';
import type { LeaderHint, NodeStatusDocument } from './rest-documents.js';
import { fieldOf, parseJson } from './rest-errors.js';
import type { ClientSecurity } from './security-options.js';

/** What is known of one node. */
export interface KnownNode {
  /** The node. */
  readonly id: NodeId;
  /** Talks to it. */
  readonly client: NodeClient;
  /** Whether its last poll was answered. */
  reachable: boolean;
  /** Whether it should get reads: it is reachable, takes part, and no request to it failed since its last answer. */
  healthy: boolean;
  /** Why it is not. */
  reason: string | undefined;
  /** When it last answered, in milliseconds since 1970. */
  lastAnswerMs: number | undefined;
  /** What it last said of itself. */
  status: NodeStatusDocument | undefined;
}

/** How the directory keeps itself up to date. */
export interface DirectoryOptions {
  /** Time between the polls of a node. Default 250. */
  readonly pollMs?: number;
  /** Time after which a poll counts as unanswered. Default 1000. */
  readonly pollTimeoutMs?: number;
  /** What the nodes are trusted by, and shown. */
  readonly security?: ClientSecurity;
  /** Called when a node becomes healthy or unhealthy. */
  readonly onHealth?: (node: KnownNode) => void;
  /** Called when another node is known to lead, or none. */
  readonly onLeader?: (leader: NodeId | undefined, term: number) => void;
  /** Called with the members, learners too, whenever a leader has told them. */
  readonly onMembers?: (members: readonly NodeId[]) => void;
}

const pollMsDefault = 250;
/** Time between two looks at who has fallen silent. */
const judgeMs = 50;

/** The nodes of a cluster as seen from outside. */
export class NodeDirectory {
  readonly #nodes: ReadonlyMap<NodeId, KnownNode>;
  readonly #options: DirectoryOptions;
  readonly #timers = new Map<NodeId, NodeJS.Timeout>();
  readonly #waiting = new Set<() => void>();
  readonly #detector: PhiAccrualDetector;
  #judging: NodeJS.Timeout | undefined;
  #leader: NodeId | undefined;
  #term = 0;
  #closed = false;

  /**
   * @param addresses - The nodes.
   * @param options - Timing and whom to tell.
   */
  constructor(addresses: readonly NodeAddress[], options: DirectoryOptions = {}) {
    this.#options = options;
    const { pollMs = pollMsDefault } = options;
    this.#detector = new PhiAccrualDetector({
      firstEstimateMs: pollMs,
      acceptablePauseMs: pollMs,
      // The next answer makes a node healthy at once: what it did not do lately is for the balancer to judge.
      minUpTimeMs: 0,
      verdictsEveryMs: 2 * judgeMs,
    });
    this.#nodes = new Map(addresses.map(({ id, url }) => [id, unknownNode(id, url, options.security)]));
  }

  /** Starts polling. */
  start(): void {
    for (const node of this.#nodes.values()) void this.#poll(node);
    this.#judging = setInterval(() => this.#judge(), judgeMs);
  }

  /** Stops polling and closes all connections. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#judging);
    for (const timer of this.#timers.values()) clearTimeout(timer);
    for (const node of this.#nodes.values()) node.client.close();
    this.#wake();
  }

  /** All nodes, in the order they were given. */
  nodes(): readonly KnownNode[] {
    return [...this.#nodes.values()];
  }

  /**
   * One node.
   *
   * @param id - Which.
   */
  node(id: NodeId): KnownNode | undefined {
    return this.#nodes.get(id);
  }

  /** The node that leads in the greatest term known, if it is reachable. */
  leader(): KnownNode | undefined {
    return this.#leader === undefined ? undefined : this.#nodes.get(this.#leader);
  }

  /** The greatest term known. */
  get term(): number {
    return this.#term;
  }

  /**
   * Takes note of what a node said about who leads.
   *
   * @param hint - The leader; `undefined` when it knows none.
   * @param from - Who said so.
   */
  hint(hint: LeaderHint | undefined, from: NodeId): void {
    if (hint !== undefined && hint.id !== from && this.#nodes.get(hint.id)?.reachable === true)
      this.#setLeader(hint.id);
    else if (this.#leader === from) this.#setLeader(undefined);
  }

  /**
   * Takes note that a request to a node failed.
   *
   * @param id - The node.
   * @param reason - What happened.
   */
  failed(id: NodeId, reason: string): void {
    const node = this.#nodes.get(id);
    if (node === undefined) return;
    this.#lose(node, reason);
    this.#pollSoon(node);
  }

  /**
   * Waits until something about leader or health changed.
   *
   * @param timeoutMs - Longest wait.
   */
  async changed(timeoutMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      this.#waiting.add(done);
    });
  }

  async #poll(node: KnownNode): Promise<void> {
    try {
      const { pollTimeoutMs = 1_000 } = this.#options;
      const answer = await node.client.send({
        method: 'GET',
        target: '/v1/status',
        timeoutMs: pollTimeoutMs,
      });
      this.#answered(node, readNodeStatus(answer.body.toString('utf8')));
    } catch (error) {
      if (this.#closed) return;
      this.#lose(node, error instanceof Error ? error.message : String(error));
    }
    if (this.#closed) return;
    const { pollMs = pollMsDefault } = this.#options;
    // Nobody to write to: look more often, so that a new leader is found as soon as there is one.
    this.#pollAfter(node, this.#leader === undefined ? Math.min(pollMs, 50) : pollMs);
  }

  #answered(node: KnownNode, status: NodeStatusDocument | undefined): void {
    if (this.#closed) return;
    if (status === undefined) {
      node.reachable = false;
      this.#setHealth(node, false, 'it answered, but not with the status of a node');
      return;
    }
    node.reachable = true;
    node.status = status;
    node.lastAnswerMs = Date.now();
    this.#detector.heartbeat(node.id, performance.now());
    const running = status.state === 'running';
    this.#setHealth(node, running, running ? undefined : (status.reason ?? `it is ${status.state}`));
    this.#learnLeader();
  }

  /** A node that hangs keeps its connections: nothing fails, there is only silence. */
  #judge(): void {
    for (const event of this.#detector.verdicts(performance.now())) {
      const node = this.#nodes.get(event.peer);
      if (event.type === 'suspected' && node?.reachable === true) this.#lose(node, event.reason);
    }
  }

  /** A node does not answer. Were it still reachable, a follower that has not noticed could bring it back as the leader. */
  #lose(node: KnownNode, reason: string): void {
    node.reachable = false;
    this.#setHealth(node, false, reason);
    if (this.#leader === node.id) this.#setLeader(undefined);
  }

  /** A leader's own word counts first, then a follower's; a greater term counts before both. */
  #learnLeader(): void {
    let best: { leader: NodeId; term: number; own: boolean } | undefined;
    for (const { reachable, status } of this.#nodes.values()) {
      if (!reachable || status?.engine === undefined) continue;
      const { term, role, id } = status.engine;
      const leader = role === 'leader' ? id : status.engine.leader;
      this.#term = Math.max(this.#term, term);
      if (leader === undefined || this.#nodes.get(leader)?.reachable !== true) continue;
      const own = role === 'leader';
      if (best === undefined || term > best.term || (term === best.term && own && !best.own))
        best = { leader, term, own };
    }
    this.#setLeader(best?.leader);
    const members = best?.own === true ? membersIn(this.#nodes.get(best.leader)?.status?.engine) : [];
    if (members.length > 0) this.#options.onMembers?.(members);
  }

  #setLeader(leader: NodeId | undefined): void {
    if (this.#leader === leader) return;
    this.#leader = leader;
    this.#options.onLeader?.(leader, this.#term);
    if (leader === undefined) for (const node of this.#nodes.values()) this.#pollSoon(node);
    this.#wake();
  }

  #setHealth(node: KnownNode, healthy: boolean, reason: string | undefined): void {
    node.reason = reason;
    if (node.healthy === healthy) return;
    node.healthy = healthy;
    this.#options.onHealth?.(node);
    this.#wake();
  }

  /** Has no effect while a poll is under way: its answer is as new as can be. */
  #pollSoon(node: KnownNode): void {
    if (this.#timers.has(node.id)) this.#pollAfter(node, 20);
  }

  #pollAfter(node: KnownNode, delayMs: number): void {
    clearTimeout(this.#timers.get(node.id));
    if (this.#closed) return;
    const timer = setTimeout(() => {
      this.#timers.delete(node.id);
      void this.#poll(node);
    }, delayMs);
    this.#timers.set(node.id, timer);
  }

  #wake(): void {
    for (const done of [...this.#waiting]) done();
  }
}

function unknownNode(id: NodeId, url: string, security: ClientSecurity | undefined): KnownNode {
  return {
    id,
    client: new NodeClient(url, undefined, security),
    reachable: false,
    healthy: false,
    reason: 'it was not asked yet',
    lastAnswerMs: undefined,
    status: undefined,
  };
}

/** Checks only what the gateway relies on; the rest is passed on as it came. */
function readNodeStatus(text: string): NodeStatusDocument | undefined {
  const document = parseJson(text);
  return isNodeStatus(document) ? document : undefined;
}

function isNodeStatus(document: unknown): document is NodeStatusDocument {
  if (typeof fieldOf(document, 'id') !== 'string' || typeof fieldOf(document, 'state') !== 'string')
    return false;
  const engine = fieldOf(document, 'engine');
  if (engine === undefined) return true;
  const leader = fieldOf(engine, 'leader');
  const claims = typeof fieldOf(engine, 'role') === 'string' && typeof fieldOf(engine, 'id') === 'string';
  return (
    claims &&
    typeof fieldOf(engine, 'term') === 'number' &&
    (leader === undefined || typeof leader === 'string')
  );
}

/** Ids of the members that a node's status names, if it does. */
function membersIn(engine: unknown): readonly NodeId[] {
  const members = fieldOf(fieldOf(engine, 'membership'), 'members');
  if (!Array.isArray(members)) return [];
  return members.map((member) => fieldOf(member, 'id')).filter((id) => typeof id === 'string');
}
