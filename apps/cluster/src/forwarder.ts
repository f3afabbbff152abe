/**
 * How the gateway passes requests on. Reads go to any healthy node and, since they have no effect, to another one when
 * that fails. Writes go to the leader, and are sent again only when the failure was definite or when the client's
 * session makes a repeat harmless; otherwise the client is told that the outcome is unknown.
 */
import { RetryBudget } from '@synod/balancer';
import type { NodeId } from '@synod/core';
import { type NodeAnswer, type NodeRequest, NodeUnreachableError } from './node-client.js';
import type { KnownNode, NodeDirectory } from './node-directory.js';
import type { ReadBalancer } from './read-balancer.js';
import { RestError, readErrorDocument } from './rest-errors.js';

/** A request to pass on. */
export type ForwardedRequest = Omit<NodeRequest, 'timeoutMs'> & {
  /** Time that the client allows for all attempts together, in milliseconds. */
  readonly timeoutMs: number;
  /** Whether sending it twice has the effect of sending it once. */
  readonly repeatable: boolean;
};

/** An answer and who gave it. */
export interface ForwardedAnswer extends NodeAnswer {
  /** The node. */
  readonly node: NodeId;
  /** Number of attempts, from 1. */
  readonly attempts: number;
}

/** Counters of a {@link Forwarder}. */
export interface ForwarderCounters {
  /** Reads that clients sent. */
  reads: number;
  /** Writes that clients sent. */
  writes: number;
  /** Attempts beyond the first. */
  retries: number;
  /** Requests that ended with an error of the gateway's own. */
  failed: number;
}

/** Requests of one node. */
export interface NodeLoad {
  /** Sent so far. */
  picks: number;
  /** Not answered yet. */
  inFlight: number;
}

type Attempt =
  | { readonly type: 'answer'; readonly answer: NodeAnswer; readonly error: RestError | undefined }
  | { readonly type: 'unreachable'; readonly error: NodeUnreachableError };

const pauseMs = 50;
const attemptTimeoutMs = 2_000;
/** The node's own deadline is a little earlier than ours, so that its answer is the one that tells what happened. */
const answerGraceMs = 250;

/** Passes requests on to the nodes of a directory. */
export class Forwarder {
  readonly #directory: NodeDirectory;
  readonly #balancer: ReadBalancer;
  readonly #budget = new RetryBudget();
  readonly #load = new Map<NodeId, NodeLoad>();
  /** What happened so far. */
  readonly counters: ForwarderCounters = { reads: 0, writes: 0, retries: 0, failed: 0 };

  /**
   * @param directory - Where the nodes are.
   * @param balancer - Picks nodes for reads.
   */
  constructor(directory: NodeDirectory, balancer: ReadBalancer) {
    this.#directory = directory;
    this.#balancer = balancer;
    for (const { id } of directory.nodes()) this.#load.set(id, { picks: 0, inFlight: 0 });
  }

  /**
   * Load of one node.
   *
   * @param id - Which.
   */
  load(id: NodeId): NodeLoad {
    return this.#load.get(id) ?? { picks: 0, inFlight: 0 };
  }

  /**
   * Passes a read on.
   *
   * @param request - The read.
   * @throws {@link RestError} `NO_HEALTHY_NODE` when time ran out without an answer.
   */
  async read(request: ForwardedRequest): Promise<ForwardedAnswer> {
    this.counters.reads += 1;
    const deadline = Date.now() + request.timeoutMs;
    let last: RestError | NodeUnreachableError | undefined;
    let tried: NodeId[] = [];
    this.#budget.request(performance.now());
    for (let attempts = 1; ; attempts++) {
      const picked = this.#balancer.pick(request.target, tried);
      const node = picked === undefined ? undefined : this.#directory.node(picked.id);
      if (picked !== undefined && node !== undefined) {
        const attempt = await this.#attempt(node, request, Math.min(remaining(deadline), attemptTimeoutMs));
        picked.done(hasFailed(attempt) ? 'failure' : 'success');
        if (attempt.type === 'answer' && !worthAnotherNode(attempt))
          return { ...attempt.answer, node: node.id, attempts };
        last = attempt.error;
        tried.push(node.id);
        if (attempt.type === 'unreachable') this.#directory.failed(node.id, attempt.error.message);
      }
      if (remaining(deadline) <= pauseMs) throw this.#gaveUp(noHealthyNode(last));
      // With another node at hand go there at once, as far as the budget allows; else wait for news.
      const hasAnother = node !== undefined && this.#healthyNodes() > tried.length;
      if (!hasAnother || !this.#budget.tryRetry(performance.now())) await this.#directory.changed(pauseMs);
      if (!hasAnother) tried = [];
      this.counters.retries += 1;
    }
  }

  /**
   * Passes a write on.
   *
   * @param request - The write.
   * @throws {@link RestError} `NO_LEADER` when time ran out and it was never taken in (effect none), or
   * `OUTCOME_UNKNOWN` when it may have been.
   */
  async write(request: ForwardedRequest): Promise<ForwardedAnswer> {
    this.counters.writes += 1;
    const deadline = Date.now() + request.timeoutMs;
    let last: RestError | NodeUnreachableError | undefined;
    let unknown = false;
    for (let attempts = 1; ; attempts++) {
      const leader = this.#directory.leader();
      if (leader !== undefined) {
        const allowed = request.repeatable
          ? Math.min(remaining(deadline), attemptTimeoutMs)
          : remaining(deadline);
        const attempt = await this.#attempt(leader, request, allowed);
        last = attempt.error;
        if (attempt.type === 'answer' && !worthAnotherTry(attempt, request.repeatable)) {
          // "It did not happen" is then true of this attempt only, and an earlier one may have gone through.
          if (unknown && attempt.error !== undefined) throw this.#gaveUp(outcomeUnknown(attempt.error));
          return { ...attempt.answer, node: leader.id, attempts };
        }
        unknown ||= last?.effect === 'unknown';
        this.#takeNote(leader, attempt);
        if (unknown && !request.repeatable) throw this.#gaveUp(outcomeUnknown(last));
      }
      if (remaining(deadline) <= pauseMs) throw this.#gaveUp(unknown ? outcomeUnknown(last) : noLeader(last));
      if (this.#directory.leader() === undefined || this.#directory.leader() === leader) {
        await this.#directory.changed(pauseMs);
      }
      this.counters.retries += 1;
    }
  }

  async #attempt(node: KnownNode, request: ForwardedRequest, timeoutMs: number): Promise<Attempt> {
    const load = this.load(node.id);
    load.picks += 1;
    load.inFlight += 1;
    try {
      const headers = { ...request.headers, 'synod-timeout-ms': String(Math.max(1, Math.round(timeoutMs))) };
      const answer = await node.client.send({ ...request, headers, timeoutMs: timeoutMs + answerGraceMs });
      const error =
        answer.status < 400 ? undefined : readErrorDocument(answer.status, answer.body.toString('utf8'));
      return { type: 'answer', answer, error };
    } catch (error) {
      if (error instanceof NodeUnreachableError) return { type: 'unreachable', error };
      throw error;
    } finally {
      load.inFlight -= 1;
    }
  }

  #takeNote(node: KnownNode, attempt: Attempt): void {
    if (attempt.type === 'unreachable') this.#directory.failed(node.id, attempt.error.message);
    else if (attempt.error?.code === 'NOT_LEADER') this.#directory.hint(attempt.error.leader, node.id);
    else if (attempt.error?.code === 'NO_LEADER') this.#directory.hint(undefined, node.id);
  }

  #healthyNodes(): number {
    return this.#directory.nodes().filter((node) => node.healthy).length;
  }

  #gaveUp(error: RestError): RestError {
    this.counters.failed += 1;
    return error;
  }
}

function remaining(deadline: number): number {
  return Math.max(0, deadline - Date.now());
}

/** Whether an attempt speaks against its node. One that knows no leader, or is asked for too much, is not broken. */
function hasFailed(attempt: Attempt): boolean {
  return attempt.type === 'unreachable' || (attempt.error !== undefined && attempt.answer.status === 500);
}

/** The client's own mistakes, and a node that has too much to do, are answers; the rest may go better elsewhere. */
function worthAnotherNode({
  answer,
  error,
}: {
  readonly answer: NodeAnswer;
  readonly error: RestError | undefined;
}): boolean {
  return error !== undefined && (answer.status >= 500 || answer.status === 421);
}

function worthAnotherTry(
  { answer, error }: { readonly answer: NodeAnswer; readonly error: RestError | undefined },
  repeatable: boolean,
): boolean {
  if (error === undefined || (answer.status < 500 && answer.status !== 421)) return false;
  return repeatable || (error.effect === 'none' && error.retryable);
}

function noHealthyNode(last: Error | undefined): RestError {
  const because = last === undefined ? 'no node is healthy' : last.message;
  const message = `no node could answer this read in time (${because}): look at GET /v1/cluster for the state of the nodes`;
  return new RestError({ code: 'NO_HEALTHY_NODE', message, retryable: true, cause: last });
}

function noLeader(last: Error | undefined): RestError {
  const because = last === undefined ? 'a majority of the nodes may be down' : last.message;
  const message = `no leader took this write in time, and none will (${because}): try again`;
  return new RestError({ code: 'NO_LEADER', message, retryable: true, cause: last });
}

function outcomeUnknown(last: Error | undefined): RestError {
  const message =
    `the write was sent, and how it ended is unknown (${last?.message ?? 'no answer came'}): ` +
    'read to find out, or send writes in a session, which makes repeats harmless';
  return new RestError({
    code: 'OUTCOME_UNKNOWN',
    message,
    effect: 'unknown',
    retryable: false,
    cause: last,
  });
}
