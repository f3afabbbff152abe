/** One request to one server, told to the balancer from its beginning to the end of its answer. */
import type { Pick } from '@synod/balancer';
import type { Outgoing } from './outgoing.js';
import type { ServerEndpoint } from './server.js';
import type { Balancing } from './settings.js';
import { watchBody } from './watched-body.js';

/** How an attempt came out: an answer, whatever its status, or an error. */
export type AttemptResult =
  | {
      readonly type: 'answer';
      readonly response: Response;
      readonly failed: boolean;
      readonly latencyMs: number;
    }
  | { readonly type: 'error'; readonly error: unknown };

/** An attempt under way. */
export interface Attempt {
  /** Settles when the head of the answer is there; never rejects. */
  readonly result: Promise<AttemptResult>;
  /** Gives it up: another one has answered, or the caller wants none. Has no effect on an answer that was taken. */
  readonly abandon: () => void;
}

/**
 * Sends a request to one server.
 *
 * @param outgoing - The request.
 * @param pick - Where to. It is done when this attempt is over.
 * @param around - Balancer, clock and what sends.
 */
export function begin(
  outgoing: Outgoing,
  pick: Pick<ServerEndpoint>,
  around: Balancing & { readonly fetch: typeof fetch; readonly attemptTimeoutMs: number | undefined },
): Attempt {
  const { balancer, nowMs, attemptTimeoutMs } = around;
  const { origin, prefix } = pick.endpoint;
  const begunAt = nowMs();
  const abandoned = new AbortController();
  const signals = [abandoned.signal, ...(outgoing.signal === undefined ? [] : [outgoing.signal])];
  const late = attemptTimeoutMs === undefined ? undefined : new AbortController();
  const timer =
    late === undefined
      ? undefined
      : setTimeout(
          () => late.abort(new DOMException(`no answer within ${attemptTimeoutMs} ms`, 'TimeoutError')),
          attemptTimeoutMs,
        );
  if (late !== undefined) signals.push(late.signal);
  const isUnwanted = () => abandoned.signal.aborted || outgoing.signal?.aborted === true;
  const send = async (): Promise<AttemptResult> => {
    try {
      const response = await around.fetch(`${origin}${prefix}${outgoing.path}`, {
        ...outgoing.init,
        signal: AbortSignal.any(signals),
      });
      const latencyMs = nowMs() - begunAt;
      const failed = around.isFailure(response.status);
      const watched = watchBody(response, (end) => {
        const result = failed ? 'failure' : end === 'failure' && isUnwanted() ? 'cancelled' : end;
        balancer.done(pick, { result, nowMs: nowMs(), latencyMs });
      });
      return { type: 'answer', response: watched, failed, latencyMs };
    } catch (error) {
      balancer.done(pick, { result: isUnwanted() ? 'cancelled' : 'failure', nowMs: nowMs() });
      return { type: 'error', error };
    } finally {
      clearTimeout(timer);
    }
  };
  return { result: send(), abandon: () => abandoned.abort() };
}
