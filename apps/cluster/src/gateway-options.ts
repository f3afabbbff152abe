/** What a gateway is made from. */
import { InvalidArgumentError, type NodeId } from '@synod/core';
import type { NodeAddress } from './addresses.js';
import type { HttpLimits } from './http-limits.js';
import type { ProcessDocument } from './rest-documents.js';
import type { ClientPortSecurity, ClientSecurity } from './security-options.js';

/** How reads are spread over the nodes. */
export type ReadStrategy = 'round-robin' | 'least-request';

/** All read strategies. */
export const readStrategies: readonly ReadStrategy[] = ['round-robin', 'least-request'];

/** Breaks nodes on purpose; given by whoever runs their processes. */
export interface FaultControl {
  /** Ends a node's process at once, as a crash would (SIGKILL). */
  kill(id: NodeId): Promise<void>;
  /** Starts the process of a node that is stopped. */
  restart(id: NodeId): Promise<void>;
}

/** What a gateway is made from. */
export interface GatewayOptions {
  /** The nodes behind it. */
  readonly nodes: readonly NodeAddress[];
  /** Host to bind. */
  readonly host: string;
  /** Port to bind; 0 for any. */
  readonly port: number;
  /** How reads are spread. */
  readonly strategy: ReadStrategy;
  /** Where the dashboard's files are. */
  readonly dashboardFolder: string;
  /** Version of the program. */
  readonly version: string;
  /** Enables the fault routes. */
  readonly faults?: FaultControl;
  /** Processes of the nodes, when they run beside the gateway. */
  readonly processOf?: (id: NodeId) => ProcessDocument | undefined;
  /** Who may use it, and under what seal. Default: anybody, in clear text. */
  readonly security?: ClientPortSecurity;
  /** What it trusts the nodes by, and shows them. */
  readonly towardsNodes?: ClientSecurity;
  /** Bounds of the HTTP server. */
  readonly limits?: Partial<HttpLimits>;
}

/**
 * Reads the name of a strategy.
 *
 * @param text - What the user gave.
 * @throws {@link InvalidArgumentError} when there is none of that name.
 */
export function parseStrategy(text: string): ReadStrategy {
  const strategy = readStrategies.find((name) => name === text);
  if (strategy !== undefined) return strategy;
  throw new InvalidArgumentError(
    `--strategy is ${JSON.stringify(text)}: give ${readStrategies.join(' or ')}`,
  );
}
