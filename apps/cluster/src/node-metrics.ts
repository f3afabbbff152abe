/** What a node and a gateway tell Prometheus. */
import type { TransportStats } from '@synod/transport-ws';
import { byLabel, type Metric, type MetricSample } from './metrics-text.js';
import type { ClusterDocument, NodeStatusDocument } from './rest-documents.js';

/**
 * Metrics of a node.
 *
 * @param status - What it says of itself.
 * @param transport - Counters of its transport, once there is one.
 */
export function nodeMetrics(
  { engine, clients, state }: NodeStatusDocument,
  transport: TransportStats | undefined,
): readonly Metric[] {
  const metrics: Metric[] = [
    gauge('synod_node_running', 'Whether the node takes part: 1 or 0.', state === 'running' ? 1 : 0),
    clientRefusals(clients.refusals),
    gauge('synod_client_connections', 'Connections of clients open now.', clients.connections),
  ];
  if (engine !== undefined) {
    metrics.push(
      gauge(
        'synod_server_has_leader',
        'Whether a leader is known: 1 or 0.',
        engine.leader === undefined ? 0 : 1,
      ),
      gauge('synod_server_is_leader', 'Whether this node leads: 1 or 0.', engine.role === 'leader' ? 1 : 0),
      gauge('synod_server_term', 'Term, or ballot.', engine.term),
      gauge('synod_server_commit_index', 'Index up to which entries are committed.', engine.commitIndex),
      gauge('synod_server_applied_index', 'Index up to which entries are applied.', engine.appliedIndex),
    );
  }
  return transport === undefined ? metrics : [...metrics, ...transportMetrics(transport)];
}

/**
 * Metrics of a gateway.
 *
 * @param cluster - What it knows of the cluster, and of itself.
 */
export function gatewayMetrics({ gateway, nodes }: ClusterDocument): readonly Metric[] {
  const { refusals, requests } = gateway;
  const healthy = nodes.map(({ id, healthy }) => ({ labels: { node: id }, value: healthy ? 1 : 0 }));
  return [
    clientRefusals(refusals),
    byLabel(counter('synod_gateway_requests_total', 'Requests of clients and what became of them.'), 'kind', {
      ...requests,
    }),
    {
      ...gaugeOf('synod_gateway_node_healthy', 'Whether reads are sent to a node: 1 or 0.'),
      samples: healthy,
    },
  ];
}

function transportMetrics(stats: TransportStats): readonly Metric[] {
  const peers = (value: (peer: TransportStats['peers'][number]) => number): readonly MetricSample[] =>
    stats.peers.map((peer) => ({ labels: { peer: peer.peer }, value: value(peer) }));
  const plain = (name: string, help: string, value: number): Metric => ({
    ...counter(`synod_transport_${name}_total`, help),
    samples: [{ value }],
  });
  return [
    byLabel(
      counter('synod_transport_refusals_total', 'Connections of other nodes that were refused.'),
      'reason',
      stats.refusals,
    ),
    plain('refused_by_peers', 'Times that a peer refused this node.', stats.refusedByPeers),
    plain(
      'frames_damaged',
      'Messages of peers that were no whole frame; each cost its connection.',
      stats.framesDamaged,
    ),
    plain('frames_sent', 'Batches handed to sockets.', stats.framesSent),
    plain('frames_received', 'Whole batches that came from peers.', stats.framesReceived),
    plain('bytes_sent', 'Bytes of the batches sent.', stats.bytesSent),
    plain('bytes_received', 'Bytes of the batches received.', stats.bytesReceived),
    gauge('synod_transport_strangers', 'Connections that have not said who they are.', stats.strangers),
    {
      ...gaugeOf('synod_transport_peer_connected', 'Whether a connection to a peer is up: 1 or 0.'),
      samples: peers(({ connected }) => (connected ? 1 : 0)),
    },
    {
      ...gaugeOf('synod_transport_peer_socket_bytes', 'Bytes that the system has not taken.'),
      samples: peers(({ socketBytes }) => socketBytes),
    },
  ];
}

function clientRefusals(refusals: Readonly<Record<string, number>>): Metric {
  const help = 'Connections and requests of clients that were refused.';
  return byLabel(counter('synod_client_refusals_total', help), 'reason', refusals);
}

function counter(name: string, help: string): Omit<Metric, 'samples'> {
  return { name, type: 'counter', help };
}

function gaugeOf(name: string, help: string): Omit<Metric, 'samples'> {
  return { name, type: 'gauge', help };
}

function gauge(name: string, help: string, value: number): Metric {
  return { ...gaugeOf(name, help), samples: [{ value }] };
}
