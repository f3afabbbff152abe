/** `fetch` over a set of servers. */
import { type Balancer, type Pick, RetryBudget } from '@synod/balancer';
import { parseInteger } from '@synod/core';
import { type Attempt, type AttemptResult, begin } from './attempt.js';
import { NoServerError } from './errors.js';
import { wasNeverSent } from './never-sent.js';
import { type Outgoing, readOutgoing } from './outgoing.js';
import { endpointsOf, type Server, type ServerEndpoint } from './server.js';
import { type BalancedFetchOptions, settleBalancing } from './settings.js';

/** As `fetch`, but the server is chosen: of an address only path and query count. */
export interface BalancedFetch {
  (input: string | URL | Request, init?: RequestInit): Promise<Response>;
  /** What chooses; its `status()` tells of every server. */
  readonly balancer: Balancer<ServerEndpoint>;
  /**
   * Replaces the set of servers. Requests under way go on, and servers that stay keep what is known of them.
   *
   * @param servers - The whole new set.
   * @throws InvalidArgumentError when an address is none, or stands twice.
   */
  update(servers: readonly (string | URL | Server)[]): void;
}

/**
 * Makes a `fetch` that spreads requests over servers.
 *
 * A request whose server fails (no answer, or 502, 503, 504) goes to another one if that is safe: its method is
 * idempotent (RFC 9110 §9.2.2) or it has an `Idempotency-Key`, or it never left; its body can be read again; and the
 * budget pays. Otherwise the caller gets the answer, or the error, as `fetch` gives it.
 *
 * @param servers - Where requests can go.
 * @param options - Strategy, health, retries, hedging.
 * @throws InvalidArgumentError when an address is none, or stands twice.
 * @example
 * ```ts
 * const get = balancedFetch(['http://10.0.0.1:8080', 'http://10.0.0.2:8080']);
 * const answer = await get('/users/17');
 * ```
 */
export function balancedFetch(
  servers: readonly (string | URL | Server)[],
  options: BalancedFetchOptions = {},
): BalancedFetch {
  const { hedging, attemptTimeoutMs, budget = new RetryBudget(), retriesMost = 2 } = options;
  parseInteger(retriesMost, 'retriesMost', 0, 1_000);
  const balancing = settleBalancing(servers, options);
  const { balancer, nowMs, keyOf } = balancing;
  const around = { ...balancing, attemptTimeoutMs, fetch: options.fetch ?? ((...args) => fetch(...args)) };

  const pickFor = (outgoing: Outgoing, excluded: readonly string[]): Pick<ServerEndpoint> | NoServerError => {
    const key = keyOf(outgoing);
    const context = { nowMs: nowMs(), excluded, ...(key === undefined ? {} : { key }) };
    const picked = balancer.pick(context);
    return picked.type === 'none' ? new NoServerError(picked.reason) : picked;
  };

  /** The first attempt, and a second one to another server when it takes long and may be sent twice. */
  const sendOnce = async (
    outgoing: Outgoing,
    pick: Pick<ServerEndpoint>,
    tried: string[],
  ): Promise<AttemptResult> => {
    const first = begin(outgoing, pick, around);
    const waitMs = outgoing.isIdempotent && outgoing.isReplayable ? hedging?.waitMs : undefined;
    if (hedging === undefined || waitMs === undefined) return await first.result;
    const early = await within(first.result, waitMs);
    if (early !== undefined) return early;
    const other = hedging.tryHedge(nowMs()) ? pickFor(outgoing, tried) : undefined;
    if (other === undefined || other instanceof NoServerError) return await first.result;
    tried.push(other.endpoint.id);
    return await firstGood(first, begin(outgoing, other, around));
  };

  const send = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const outgoing = readOutgoing(input, init);
    outgoing.signal?.throwIfAborted();
    budget.request(nowMs());
    const tried: string[] = [];
    let last: AttemptResult | undefined;
    for (let attempts = 0; ; attempts++) {
      const pick = pickFor(outgoing, tried);
      if (pick instanceof NoServerError) {
        if (last === undefined) throw pick;
        return settle(last);
      }
      if (last?.type === 'answer') await last.response.body?.cancel();
      tried.push(pick.endpoint.id);
      last = await sendOnce(outgoing, pick, tried);
      if (last.type === 'answer' && !last.failed) {
        hedging?.answered(last.latencyMs);
        return last.response;
      }
      const mayGoAgain =
        attempts < retriesMost &&
        outgoing.signal?.aborted !== true &&
        outgoing.isReplayable &&
        (outgoing.isIdempotent || (last.type === 'error' && wasNeverSent(last.error)));
      if (!mayGoAgain || !budget.tryRetry(nowMs())) return settle(last);
    }
  };

  return Object.assign(send, {
    balancer,
    update: (set: readonly (string | URL | Server)[]) => balancer.update(endpointsOf(set), nowMs()),
  });
}

function settle(result: AttemptResult): Response {
  if (result.type === 'answer') return result.response;
  throw result.error;
}

/** The result, or nothing when it takes longer. */
async function within(result: Promise<AttemptResult>, waitMs: number): Promise<AttemptResult | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), waitMs);
  });
  try {
    return await Promise.race([result, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Whichever answers well first; the other is given up. When neither does, what the later one came to. */
async function firstGood(one: Attempt, other: Attempt): Promise<AttemptResult> {
  const sides = [
    { attempt: one, rival: other },
    { attempt: other, rival: one },
  ];
  return await new Promise((resolve) => {
    let left = sides.length;
    for (const { attempt, rival } of sides) {
      void attempt.result.then((result) => {
        left--;
        const isGood = result.type === 'answer' && !result.failed;
        if (isGood) rival.abandon();
        if (isGood || left === 0) resolve(result);
        else if (result.type === 'answer') void result.response.body?.cancel();
      });
    }
  });
}
