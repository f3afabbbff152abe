/**
 * A whole cluster on one machine: every node a process of its own, so that a crash of one is a crash of one, and the
 * gateway in this process. Nothing is restarted unless somebody asks: a node that refuses to run has a reason.
 */
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EngineKind, NodeId } from '@synod/core';
import { urlOf } from './addresses.js';
import { type ClusterIdentity, openClusterDirectory } from './cluster-directory.js';
import { type ClusterPorts, choosePorts } from './free-ports.js';
import { type Gateway, startGateway } from './gateway.js';
import type { NodeTiming, SnapshotPolicy } from './node-options.js';
import { NodeProcess, type NodeProcessOptions } from './node-process.js';
import type { RecordingPolicy } from './node-recording.js';
import type { ReadStrategy } from './read-strategy.js';
import { RestError } from './rest-errors.js';
import {
  type ClientPortFlags,
  type ClientSecurity,
  type ClientSecurityFlags,
  type PeerSecurityFlags,
  readClientPortSecurity,
  readClientSecurity,
} from './security-options.js';
import { version } from './version.js';

/** Options of certificates and tokens as the command line has them. */
export interface ClusterSecurityFlags extends PeerSecurityFlags, ClientPortFlags, ClientSecurityFlags {}

/** What a local cluster is made from. */
export interface LocalClusterOptions {
  /** Number of nodes; what the directory says, or 3, when not given. */
  readonly nodes: number | undefined;
  /** The engine. */
  readonly engine: EngineKind;
  /** Directory of the cluster. */
  readonly data: string;
  /** Host of the gateway; the nodes are reached on 127.0.0.1 only. */
  readonly host: string;
  /** Port of the gateway; 0 for any. */
  readonly port: number;
  /** Whether no other port will do. */
  readonly exactPort: boolean;
  /** Whether nodes can be killed and restarted through the gateway. */
  readonly allowFaults: boolean;
  /** How reads are spread. */
  readonly strategy: ReadStrategy;
  /** Time. */
  readonly timing: NodeTiming;
  /** Snapshots. */
  readonly snapshots: SnapshotPolicy;
  /** Where the nodes record their engines; nowhere when not given. */
  readonly recording?: RecordingPolicy;
  /** Files of certificates and tokens. `{id}` in a path stands for the node, or for `gateway`. */
  readonly security: ClusterSecurityFlags;
  /** Whether the nodes print what happens. */
  readonly verbose: boolean;
  /** Hears every line that a node prints. */
  readonly onLine: NodeProcessOptions['onLine'];
  /** Hears that a node ended by itself. */
  readonly onUnexpectedExit: NodeProcessOptions['onUnexpectedExit'];
}

/** A cluster that runs. */
export interface LocalCluster {
  /** Its name and nodes. */
  readonly identity: ClusterIdentity;
  /** Its front door. */
  readonly gateway: Gateway;
  /** What to trust the gateway and the nodes by, and to show them. */
  readonly towards: ClientSecurity;
  /** REST interfaces of the nodes. */
  readonly clientUrls: ReadonlyMap<NodeId, string>;
  /** Its nodes. */
  readonly processes: ReadonlyMap<NodeId, NodeProcess>;
  /** Stops the gateway and all nodes; resolves when no process is left. */
  stop(): Promise<void>;
}

/**
 * Starts a cluster. Its nodes may not have a leader yet.
 *
 * @param options - Size, places and the rest.
 * @throws InvalidArgumentError when the directory holds another cluster.
 * @throws ListenError when the port is taken.
 */
export async function startLocalCluster(options: LocalClusterOptions): Promise<LocalCluster> {
  const { host, port, exactPort, data, strategy } = options;
  const identity = await openClusterDirectory(data, options.nodes, options.engine);
  const ports = await choosePorts(host, identity.nodes.length, port, exactPort);
  const ofGateway = securityOf('gateway', options.security);
  const towards = readClientSecurity(ofGateway);
  const scheme = ofGateway.cert === undefined ? 'http' : 'https';
  const clientUrls = new Map(
    identity.nodes.map((id, at) => [id, urlOf(scheme, '127.0.0.1', ports.clients[at] ?? 0)]),
  );
  const processes = new Map(
    identity.nodes.map((id) => [id, nodeProcess(id, options, identity, ports, clientUrls)]),
  );
  const process = (id: NodeId): NodeProcess => {
    const found = processes.get(id);
    if (found !== undefined) return found;
    throw new RestError({ code: 'NODE_NOT_FOUND', message: `there is no node ${id}` });
  };
  const gateway = await startGateway({
    nodes: identity.nodes.map((id) => ({ id, url: clientUrls.get(id) ?? '' })),
    host,
    port: ports.gateway,
    strategy,
    version,
    security: readClientPortSecurity(ofGateway),
    towardsNodes: towards,
    dashboardFolder: fileURLToPath(new URL('./dashboard', import.meta.url)),
    processOf: (id) => process(id).document(),
    ...(options.allowFaults
      ? { faults: { kill: (id) => kill(process(id)), restart: (id) => restart(process(id)) } }
      : {}),
  });
  for (const node of processes.values()) node.start();
  return {
    identity,
    gateway,
    clientUrls,
    towards,
    processes,
    stop: async () => {
      await Promise.all([gateway.close(), ...[...processes.values()].map((node) => node.stop())]);
    },
  };
}

function securityOf(id: string, flags: ClusterSecurityFlags): ClusterSecurityFlags {
  const entries = Object.entries(flags).map(([name, file]) => [name, String(file).replaceAll('{id}', id)]);
  return Object.fromEntries(entries);
}

function definedFlags(flags: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(flags).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

async function kill(node: NodeProcess): Promise<void> {
  if (!node.isAlive)
    throw new RestError({ code: 'PROCESS_STATE', message: `node ${node.id} is stopped already` });
  await node.kill();
}

async function restart(node: NodeProcess): Promise<void> {
  if (node.isAlive)
    throw new RestError({ code: 'PROCESS_STATE', message: `node ${node.id} runs: kill it first` });
  node.start();
}

function nodeProcess(
  id: NodeId,
  options: LocalClusterOptions,
  identity: ClusterIdentity,
  ports: ClusterPorts,
  clientUrls: ReadonlyMap<NodeId, string>,
): NodeProcess {
  const { timing, snapshots, recording } = options;
  const security = securityOf(id, options.security);
  const peerScheme = security.peerCert === undefined ? 'ws' : 'wss';
  const at = identity.nodes.indexOf(id);
  const flags: Readonly<Record<string, string | number>> = {
    id,
    cluster: identity.cluster,
    peers: identity.nodes
      .map((peer, position) => `${peer}=${urlOf(peerScheme, '127.0.0.1', ports.peers[position] ?? 0)}`)
      .join(','),
    'client-listen': `127.0.0.1:${ports.clients[at] ?? 0}`,
    'client-urls': [...clientUrls].map(([peer, url]) => `${peer}=${url}`).join(','),
    data: path.join(options.data, id),
    engine: options.engine,
    'tick-ms': timing.tickMs,
    'election-ticks': timing.electionTicks,
    'heartbeat-ticks': timing.heartbeatTicks,
    'snapshot-entries': snapshots.snapshotEntries,
    'retained-entries': snapshots.retainedEntries,
    ...(recording === undefined
      ? {}
      : { record: recording.directory, 'record-bytes-max': recording.bytesMax }),
    ...definedFlags({
      'peer-cert': security.peerCert,
      'peer-key': security.peerKey,
      'peer-ca': security.peerCa,
      'peer-token-file': security.peerTokenFile,
      cert: security.cert,
      key: security.key,
      'client-ca': security.clientCa,
      'token-file': security.tokenFile,
    }),
  };
  return new NodeProcess({
    id,
    programArguments: [
      fileURLToPath(new URL('./main.js', import.meta.url)),
      'node',
      ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]),
      ...(options.verbose ? ['--verbose'] : []),
    ],
    onLine: options.onLine,
    onUnexpectedExit: options.onUnexpectedExit,
  });
}
