/**
 * Balancing for undici: an interceptor that chooses the origin of each request. Retries are undici's own: put
 * `interceptors.retry()` after it, and each attempt goes to a server of its own.
 *
 * @packageDocumentation
 */
import type { Balancer, Outcome, Pick } from '@synod/balancer';
import type { Dispatcher } from 'undici';
import { NoServerError } from './errors.js';
import { endpointsOf, type Server, type ServerEndpoint } from './server.js';
import { type BalancingOptions, settleBalancing } from './settings.js';

export { NoServerError } from './errors.js';
export type { Server, ServerEndpoint } from './server.js';
export type { BalancingOptions } from './settings.js';

/** An interceptor, and what chooses in it. */
export interface BalanceInterceptor extends Dispatcher.DispatcherComposeInterceptor {
  /** What chooses; its `status()` tells of every server. */
  readonly balancer: Balancer<ServerEndpoint>;
  /**
   * Replaces the set of servers.
   *
   * @param servers - The whole new set.
   * @throws InvalidArgumentError when an address is none, or stands twice.
   */
  update(servers: readonly (string | URL | Server)[]): void;
}

/**
 * Makes an interceptor that sends each request to one of some servers, whatever origin it names.
 *
 * @param servers - Where requests can go.
 * @param options - Strategy and health.
 * @throws InvalidArgumentError when an address is none, or stands twice.
 * @example
 * ```ts
 * const dispatcher = new Agent().compose(balance(['http://10.0.0.1:8080', 'http://10.0.0.2:8080']));
 * const { body } = await request('http://service/users/17', { dispatcher });
 * ```
 */
export function balance(
  servers: readonly (string | URL | Server)[],
  options: BalancingOptions = {},
): BalanceInterceptor {
  const { balancer, nowMs, isFailure, keyOf } = settleBalancing(servers, options);
  const interceptor: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (request, handler) => {
    const key = keyOf({ method: request.method, path: request.path });
    const pick = balancer.pick({ nowMs: nowMs(), ...(key === undefined ? {} : { key }) });
    if (pick.type === 'none') throw new NoServerError(pick.reason);
    const { origin, prefix } = pick.endpoint;
    const watch = new RequestWatch(pick, nowMs, isFailure, balancer);
    const sent = { ...request, origin, path: `${prefix}${request.path}` };
    try {
      return dispatch(sent, watched(handler, watch));
    } catch (error) {
      watch.ended('failure');
      throw error;
    }
  };
  return Object.assign(interceptor, {
    balancer,
    update: (set: readonly (string | URL | Server)[]) => balancer.update(endpointsOf(set), nowMs()),
  });
}

/** Tells the balancer how a request ended. */
class RequestWatch {
  readonly #pick: Pick<ServerEndpoint>;
  readonly #nowMs: () => number;
  readonly #isFailure: (status: number) => boolean;
  readonly #balancer: Balancer<ServerEndpoint>;
  readonly #begunAt: number;
  #latencyMs: number | undefined;
  #failed = false;

  constructor(
    pick: Pick<ServerEndpoint>,
    nowMs: () => number,
    isFailure: (status: number) => boolean,
    balancer: Balancer<ServerEndpoint>,
  ) {
    this.#pick = pick;
    this.#nowMs = nowMs;
    this.#isFailure = isFailure;
    this.#balancer = balancer;
    this.#begunAt = nowMs();
  }

  answered(status: number): void {
    // Informational answers come before the one that counts.
    if (status < 200) return;
    this.#latencyMs = this.#nowMs() - this.#begunAt;
    this.#failed = this.#isFailure(status);
  }

  ended(result: Outcome['result']): void {
    const latencyMs = this.#latencyMs;
    this.#balancer.done(this.#pick, {
      result: this.#failed ? 'failure' : result,
      nowMs: this.#nowMs(),
      ...(latencyMs === undefined ? {} : { latencyMs }),
    });
  }
}

/** The caller's handler, whichever of undici's two kinds it is, seen through. */
function watched(handler: Dispatcher.DispatchHandler, watch: RequestWatch): Dispatcher.DispatchHandler {
  return {
    onRequestStart: (controller, context) => handler.onRequestStart?.(controller, context),
    onRequestUpgrade: (controller, status, headers, socket) => {
      // What travels over the connection from here on is between the two ends.
      watch.ended('success');
      handler.onRequestUpgrade?.(controller, status, headers, socket);
    },
    onResponseStart: (controller, status, headers, message) => {
      watch.answered(status);
      handler.onResponseStart?.(controller, status, headers, message);
    },
    onResponseData: (controller, chunk) => handler.onResponseData?.(controller, chunk),
    onResponseEnd: (controller, trailers) => {
      watch.ended('success');
      handler.onResponseEnd?.(controller, trailers);
    },
    onResponseError: (controller, error) => {
      watch.ended(controller?.aborted || isAbort(error) ? 'cancelled' : 'failure');
      handler.onResponseError?.(controller, error);
    },
  };
}

function isAbort(error: Error): boolean {
  return error.name === 'AbortError' || ('code' in error && error.code === 'UND_ERR_ABORTED');
}
