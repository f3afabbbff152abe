/** What a gateway is made from. */
import type { NodeId } from '@synod/core';
import type { NodeAddress } from './addresses.js';
import type { HttpLimits } from './http-limits.js';
import type { ReadStrategy } from './read-strategy.js';
import type { ProcessDocument } from './rest-documents.js';
import type { ClientPortSecurity, ClientSecurity } from './security-options.js';

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
  /** How reads are spread at first. */
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
