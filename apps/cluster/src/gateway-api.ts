/** The REST interface of the gateway: which route does what. The documents are described in rest-documents.ts. */
import type { EndpointHealthStatus } from '@synod/balancer';
import { parseInteger } from '@synod/core';
import { forwardBackup } from './backup/forward-backup.js';
import { checkHost, checkOrigin } from './client-origin.js';
import type { DashboardFiles } from './dashboard-files.js';
import type { EventFeed } from './event-feed.js';
import type { ForwardedAnswer, ForwardedRequest, Forwarder } from './forwarder.js';
import type { GatewayOptions } from './gateway-options.js';
import type { HttpRequest } from './http-request.js';
import { type HttpAnswer, type HttpHandler, type HttpRoute, json } from './http-server.js';
import { metricsAnswer } from './metrics-text.js';
import type { KnownNode, NodeDirectory } from './node-directory.js';
import { gatewayMetrics } from './node-metrics.js';
import type { ReadBalancer } from './read-balancer.js';
import { parseStrategy, readStrategies } from './read-strategy.js';
import { readTimeoutMs } from './request-timeout.js';
import type { ClusterDocument, NodeViewDocument } from './rest-documents.js';
import { fieldOf, parseJson, RestError } from './rest-errors.js';
import { streamEvents } from './server-sent-events.js';

/** What the routes work on. */
export interface GatewayParts extends GatewayOptions {
  /** What is known of the nodes. */
  readonly directory: NodeDirectory;
  /** Picks nodes for reads. */
  readonly balancer: ReadBalancer;
  /** Passes requests on. */
  readonly forwarder: Forwarder;
  /** Events of all nodes. */
  readonly events: EventFeed;
  /** The dashboard's files. */
  readonly dashboard: DashboardFiles;
  /** When the gateway was started, in milliseconds since 1970. */
  readonly startedAtMs: number;
  /** Connections and requests that were refused so far, by reason. */
  refusals(): Readonly<Record<string, number>>;
}

/**
 * The routes of a gateway.
 *
 * @param parts - What they work on.
 */
export function gatewayRoutes(parts: GatewayParts): readonly HttpRoute[] {
  const read: HttpHandler = async (request) => {
    const answer = await parts.forwarder.read(await forwarded(request, false));
    return passOn(answer);
  };
  const write: HttpHandler = async (request) => {
    checkChange(parts, request);
    const repeatable = request.path === '/v1/sessions' || inSession(request);
    return passOn(await parts.forwarder.write(await forwarded(request, repeatable)));
  };
  const page: HttpHandler = ({ path }) => parts.dashboard.get(path) ?? noSuchPage(path);
  return [
    { method: 'GET', path: '/v1/kv', handler: read },
    { method: 'POST', path: '/v1/kv/*/compare-and-set', handler: write },
    { method: 'GET', path: '/v1/kv/*', handler: read },
    { method: 'PUT', path: '/v1/kv/*', handler: write },
    { method: 'DELETE', path: '/v1/kv/*', handler: write },
    { method: 'POST', path: '/v1/sessions', handler: write },
    {
      method: 'GET',
      path: '/v1/backup',
      handler: (request, outgoing) => forwardBackup(parts.directory, request, outgoing),
    },
    { method: 'GET', path: '/v1/health', handler: () => health(parts) },
    { method: 'GET', path: '/v1/cluster', handler: () => json(clusterDocument(parts), 200, noStore) },
    { method: 'GET', path: '/v1/cluster/log', handler: (request) => clusterLog(parts, request) },
    {
      method: 'GET',
      path: '/v1/cluster/events',
      handler: (request, outgoing) => {
        streamEvents(parts.events, request, outgoing);
        return 'streamed';
      },
    },
    { method: 'POST', path: '/v1/balancer', handler: (request) => setStrategy(parts, request) },
    { method: 'GET', path: '/metrics', handler: () => metricsAnswer(gatewayMetrics(clusterDocument(parts))) },
    { method: 'POST', path: '/v1/faults/*', handler: (request) => fault(parts, request) },
    ...[...parts.dashboard.keys()].map((path): HttpRoute => ({ method: 'GET', path, handler: page })),
  ];
}

const noStore = { 'cache-control': 'no-store' };
const passedRequestHeaders = ['accept', 'content-type', 'synod-session', 'synod-sequence'];
const passedAnswerHeaders = ['content-type', 'retry-after'];

async function forwarded(request: HttpRequest, repeatable: boolean): Promise<ForwardedRequest> {
  const headers: Record<string, string> = {};
  for (const name of passedRequestHeaders) {
    const value = request.header(name);
    if (value !== undefined) headers[name] = value;
  }
  const timeoutMs = readTimeoutMs(request);
  const body = request.method === 'GET' || request.method === 'HEAD' ? undefined : await request.body();
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  return {
    method,
    target: request.target,
    headers,
    timeoutMs,
    repeatable,
    ...(body === undefined ? {} : { body }),
  };
}

function passOn(answer: ForwardedAnswer): HttpAnswer {
  const headers: Record<string, string> = {
    ...noStore,
    'synod-node': answer.node,
    'synod-attempts': String(answer.attempts),
  };
  for (const [name, value] of Object.entries(answer.headers)) {
    const passes = passedAnswerHeaders.includes(name) || name.startsWith('synod-');
    if (passes && typeof value === 'string') headers[name] = value;
  }
  return { status: answer.status, headers, body: answer.body };
}

function inSession(request: HttpRequest): boolean {
  return request.header('synod-session') !== undefined && request.header('synod-sequence') !== undefined;
}

function checkChange(parts: GatewayParts, request: HttpRequest): void {
  checkOrigin(request);
  if (parts.faults !== undefined) checkHost(request, parts.host);
}

function health({ directory }: GatewayParts): HttpAnswer {
  const leader = directory.leader()?.id;
  const healthyNodes = directory.nodes().filter((node) => node.healthy).length;
  const healthy = leader !== undefined && healthyNodes > 0;
  return json(
    { healthy, leader, healthyNodes, nodes: directory.nodes().length },
    healthy ? 200 : 503,
    noStore,
  );
}

function clusterDocument(parts: GatewayParts): ClusterDocument {
  const { directory, forwarder, faults, startedAtMs } = parts;
  const judged = new Map(parts.balancer.status().map((status) => [status.id, status]));
  const nodes = directory.nodes().map((node) => nodeView(parts, node, judged.get(node.id)));
  const cluster = nodes.map((node) => node.status?.cluster).find((name) => name !== undefined);
  const leader = directory.leader()?.id;
  return {
    ...(cluster === undefined ? {} : { cluster }),
    ...(leader === undefined ? {} : { leader }),
    term: directory.term,
    nodes,
    gateway: {
      version: parts.version,
      pid: process.pid,
      uptimeMs: Date.now() - startedAtMs,
      strategy: parts.balancer.strategy,
      strategies: readStrategies,
      faultsEnabled: faults !== undefined,
      refusals: parts.refusals(),
      requests: { ...forwarder.counters },
    },
  };
}

function nodeView(
  parts: GatewayParts,
  node: KnownNode,
  balance: EndpointHealthStatus | undefined,
): NodeViewDocument {
  const { reason, lastAnswerMs, status } = node;
  const process = parts.processOf?.(node.id);
  return {
    id: node.id,
    url: node.client.url,
    reachable: node.reachable,
    healthy: node.healthy,
    ...(reason === undefined ? {} : { reason }),
    ...(lastAnswerMs === undefined ? {} : { lastAnswerMs }),
    ...parts.forwarder.load(node.id),
    ...(balance === undefined ? {} : { balance: { state: balance.state, share: balance.share } }),
    ...(process === undefined ? {} : { process }),
    ...(status === undefined ? {} : { status }),
  };
}

/** The log of the leader, or of the node asked for, or of any that answers. */
async function clusterLog(parts: GatewayParts, request: HttpRequest): Promise<HttpAnswer> {
  const asked = request.query.get('node');
  const { directory } = parts;
  const anyone = directory.nodes().find((node) => node.healthy);
  const node = asked === null ? (directory.leader() ?? anyone) : knownNode(parts, asked);
  if (node === undefined) {
    throw new RestError({
      code: 'NO_HEALTHY_NODE',
      message: 'no node can show its log now: try again',
      retryable: true,
    });
  }
  const last = parseInteger(Number(request.query.get('last') ?? 50), 'last', 1, 1_000);
  const target = `/v1/log?last=${last}`;
  const answer = await node.client.send({ method: 'GET', target, timeoutMs: readTimeoutMs(request) });
  return passOn({ ...answer, node: node.id, attempts: 1 });
}

/** Spreads reads in another way from now on. */
async function setStrategy(parts: GatewayParts, request: HttpRequest): Promise<HttpAnswer> {
  checkOrigin(request);
  const wanted = fieldOf(parseJson((await request.body()).toString('utf8')), 'strategy');
  if (typeof wanted !== 'string') {
    throw new RestError({
      code: 'INVALID_ARGUMENT',
      message: 'the body must be JSON with a strategy, such as {"strategy": "least-request"}',
    });
  }
  parts.balancer.setStrategy(parseStrategy(wanted, 'strategy'));
  parts.events.publish({
    node: 'gateway',
    timeMs: Date.now(),
    event: { type: 'strategyChanged', strategy: parts.balancer.strategy },
  });
  return json({ strategy: parts.balancer.strategy }, 200, noStore);
}

async function fault(parts: GatewayParts, request: HttpRequest): Promise<HttpAnswer> {
  checkChange(parts, request);
  if (parts.faults === undefined) {
    const message =
      'faults are disabled: they are for trying things out; start the cluster with `synod up --allow-faults` to enable them';
    throw new RestError({ code: 'FAULTS_DISABLED', message });
  }
  const [id = '', action, ...more] = request.rest.split('/');
  const node = knownNode(parts, id);
  if ((action !== 'kill' && action !== 'restart') || more.length > 0) {
    const message = 'a fault is POST /v1/faults/{node}/kill or POST /v1/faults/{node}/restart';
    throw new RestError({ code: 'ROUTE_NOT_FOUND', message });
  }
  await parts.faults[action](node.id);
  return json({ node: node.id, action, process: parts.processOf?.(node.id) });
}

function knownNode(parts: GatewayParts, id: string): KnownNode {
  const node = parts.directory.node(id);
  if (node !== undefined) return node;
  const names = parts.directory.nodes().map((known) => known.id);
  throw new RestError({
    code: 'NODE_NOT_FOUND',
    message: `there is no node ${id.slice(0, 64)}: the nodes are ${names.join(', ')}`,
  });
}

function noSuchPage(path: string): HttpAnswer {
  throw new RestError({ code: 'ROUTE_NOT_FOUND', message: `there is nothing at ${path.slice(0, 80)}` });
}
