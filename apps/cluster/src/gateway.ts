/**
 * The gateway: the front door of a cluster. It serves the same key-value interface as a node and passes each request
 * to the node that should have it, shows the state of all nodes in one place, and serves the dashboard. It keeps no
 * state that matters: any number of gateways can stand before one cluster.
 */
import { reachableHost, urlOf } from './addresses.js';
import { NodeEventsFollower } from './cluster-events.js';
import { readDashboard } from './dashboard-files.js';
import { EventFeed } from './event-feed.js';
import { Forwarder } from './forwarder.js';
import { gatewayRoutes } from './gateway-api.js';
import type { GatewayOptions } from './gateway-options.js';
import { HttpServer } from './http-server.js';
import { NodeDirectory } from './node-directory.js';
import { ReadBalancer } from './read-balancer.js';

/** A gateway that listens. */
export interface Gateway {
  /** Where clients reach it. */
  readonly url: string;
  /** What it knows of the nodes. */
  readonly directory: NodeDirectory;
  /** Events of all nodes. */
  readonly events: EventFeed;
  /** Stops listening and polling, and closes all connections. */
  close(): Promise<void>;
}

/**
 * Starts a gateway.
 *
 * @param options - Nodes, address and the rest.
 * @throws ListenError when the address cannot be had.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const startedAtMs = Date.now();
  const events = new EventFeed(startedAtMs);
  const publish = (event: { readonly type: string; readonly [field: string]: unknown }): void =>
    events.publish({ node: 'gateway', timeMs: Date.now(), event });
  const ids = options.nodes.map(({ id }) => id);
  const balancer = new ReadBalancer(ids, options.strategy, (event) => {
    if (event.type === 'ejected')
      publish({ type: 'nodeEjected', peer: event.id, reason: event.reason, forMs: event.forMs });
    if (event.type === 'returned') publish({ type: 'nodeReturned', peer: event.id });
  });
  const directory = new NodeDirectory(options.nodes, {
    onHealth: ({ id, healthy, reason }) => {
      balancer.mark(id, healthy);
      publish(healthy ? { type: 'nodeHealthy', peer: id } : { type: 'nodeUnhealthy', peer: id, reason });
    },
    // Members whose address it was not told it cannot reach.
    onMembers: (members) => balancer.setMembers(members.filter((id) => ids.includes(id))),
    onLeader: (leader, term) => publish({ type: 'gatewayLeaderChanged', leader, term }),
  });
  const server = new HttpServer(
    gatewayRoutes({
      ...options,
      directory,
      balancer,
      forwarder: new Forwarder(directory, balancer),
      events,
      dashboard: await readDashboard(options.dashboardFolder),
      startedAtMs,
    }),
    options.limits,
  );
  const port = await server.listen(options.host, options.port);
  const followers = directory.nodes().map((node) => new NodeEventsFollower(node, events));
  directory.start();
  for (const follower of followers) follower.start();
  return {
    url: urlOf('http', reachableHost(options.host), port),
    directory,
    events,
    close: async () => {
      for (const follower of followers) follower.close();
      await server.close();
      directory.close();
    },
  };
}
