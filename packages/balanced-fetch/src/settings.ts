/** What both adapters are made of. */
import {
  Balancer,
  EndpointHealth,
  type Health,
  type Hedging,
  PowerOfChoices,
  type RetryBudget,
  type Strategy,
} from '@synod/balancer';
import { Random } from '@synod/core';
import { endpointsOf, type Server, type ServerEndpoint } from './server.js';

/** What balancing is made of. */
export interface BalancingOptions {
  /** How to choose. Default: `PowerOfChoices`, which sends a request to the less busy of two servers. */
  readonly strategy?: Strategy;
  /** Who judges servers. Default: `EndpointHealth` with its defaults. */
  readonly health?: Health;
  /** Time in milliseconds. Default `performance.now`. */
  readonly nowMs?: () => number;
  /** Whether a status speaks against the server that answered with it. Default: 502, 503 and 504 do. */
  readonly isFailure?: (status: number) => boolean;
  /** What a request is about, for strategies that hash. Default: nothing, so a random key is drawn. */
  readonly keyOf?: (request: { readonly method: string; readonly path: string }) => string | undefined;
}

/** What `balancedFetch` is made of. */
export interface BalancedFetchOptions extends BalancingOptions {
  /** Attempts beyond the first for a request that may be sent again, 0 or more. Default 2. */
  readonly retriesMost?: number;
  /** Pays for them. Share one between clients of the same servers. Default: one with its defaults. */
  readonly budget?: RetryBudget;
  /** Sends what may be sent twice to a second server when the first takes long. Default: never. */
  readonly hedging?: Hedging;
  /** Time for the head of each answer, in milliseconds. Default: no bound but the caller's signal. */
  readonly attemptTimeoutMs?: number;
  /** What sends. Default: the platform's `fetch`. */
  readonly fetch?: typeof fetch;
}

/** Settings with the defaults filled in. */
export interface Balancing {
  readonly balancer: Balancer<ServerEndpoint>;
  readonly nowMs: () => number;
  readonly isFailure: (status: number) => boolean;
  readonly keyOf: (request: { readonly method: string; readonly path: string }) => string | undefined;
}

const failures = new Set([502, 503, 504]);

/**
 * Makes a balancer of servers.
 *
 * @param servers - The servers.
 * @param options - Settings.
 * @throws InvalidArgumentError when an address is none, or stands twice.
 */
export function settleBalancing(
  servers: readonly (string | URL | Server)[],
  options: BalancingOptions,
): Balancing {
  const { nowMs = () => performance.now(), keyOf = () => undefined } = options;
  return {
    balancer: new Balancer({
      endpoints: endpointsOf(servers),
      strategy: options.strategy ?? new PowerOfChoices({ random: new Random(crypto.randomUUID()) }),
      health: options.health ?? new EndpointHealth(),
    }),
    nowMs,
    isFailure: options.isFailure ?? ((status) => failures.has(status)),
    keyOf,
  };
}
