/** What a node is made from, and the checks between its options. */
import { type EngineKind, InvalidArgumentError, type NodeId, parseInteger, parseNodeId } from '@synod/core';
import { type HostPort, type NodeAddress, parseHostPort, parseNodeAddresses } from './addresses.js';
import { parseEngineKind } from './engine-choice.js';
import type { RecordingPolicy } from './node-recording.js';
import {
  type ClientPortFlags,
  type ClientPortSecurity,
  type PeerSecurity,
  type PeerSecurityFlags,
  readClientPortSecurity,
  readPeerSecurity,
} from './security-options.js';
import { version } from './version.js';

/** How fast a node is with time. */
export interface NodeTiming {
  /** Unit of the engine's time, in milliseconds. */
  readonly tickMs: number;
  /** Least election timeout, in ticks; each is drawn from this to twice this. */
  readonly electionTicks: number;
  /** Time between a leader's heartbeats, in ticks. */
  readonly heartbeatTicks: number;
}

/** When the log is shortened. */
export interface SnapshotPolicy {
  /** Entries applied between snapshots. */
  readonly snapshotEntries: number;
  /** Entries kept behind a snapshot for followers that are a little behind. */
  readonly retainedEntries: number;
}

/** What a node is made from. */
export interface NodeOptions {
  /** This node. */
  readonly id: NodeId;
  /** Name of the cluster: nodes of another one are refused. */
  readonly cluster: string;
  /** All nodes of the cluster, this one too, with their addresses for peers. */
  readonly peers: readonly NodeAddress[];
  /** Where it listens for peers. */
  readonly peer: HostPort;
  /** Where it listens for clients. */
  readonly client: HostPort;
  /** REST interfaces of the nodes, as far as known, for hints to the leader. */
  readonly clientUrls: ReadonlyMap<NodeId, string>;
  /** Its directory. */
  readonly data: string;
  /** Which protocol decides. */
  readonly engine: EngineKind;
  /** Time. */
  readonly timing: NodeTiming;
  /** Snapshots. */
  readonly snapshots: SnapshotPolicy;
  /** Where it records its engine; nowhere when not given. */
  readonly recording?: RecordingPolicy;
  /** How nodes know each other. */
  readonly peerSecurity: PeerSecurity;
  /** Who may use the port for clients. */
  readonly clientSecurity: ClientPortSecurity;
  /** Version of the program. */
  readonly version: string;
}

/** Defaults, found by trying on a busy machine with two cores: failover in about a second, no false elections. */
export const timingDefaults: NodeTiming = { tickMs: 50, electionTicks: 10, heartbeatTicks: 2 };

/** Defaults. */
export const snapshotDefaults: SnapshotPolicy = { snapshotEntries: 10_000, retainedEntries: 5_000 };

/** Most bytes of a recording, unless the command line says otherwise: 1 GiB. */
export const recordBytesMaxDefault = 1024 ** 3;

/** Options of time, snapshots and recordings as the command line has them: all text. */
export interface EngineFlags {
  /** `--engine`. */
  readonly engine: string;
  /** `--tick-ms`. */
  readonly tickMs: string;
  /** `--election-ticks`. */
  readonly electionTicks: string;
  /** `--heartbeat-ticks`. */
  readonly heartbeatTicks: string;
  /** `--snapshot-entries`. */
  readonly snapshotEntries: string;
  /** `--retained-entries`. */
  readonly retainedEntries: string;
  /** `--record`. */
  readonly record?: string;
  /** `--record-bytes-max`. */
  readonly recordBytesMax: string;
}

/** The options of `synod node` as the command line has them: all text. */
export interface NodeFlags extends EngineFlags, PeerSecurityFlags, ClientPortFlags {
  /** `--id`. */
  readonly id: string;
  /** `--cluster`. */
  readonly cluster: string;
  /** `--peers`. */
  readonly peers: string;
  /** `--listen`; by default what `--peers` says of this node. */
  readonly listen?: string;
  /** `--client-listen`. */
  readonly clientListen: string;
  /** `--client-urls`. */
  readonly clientUrls?: string;
  /** `--data`. */
  readonly data: string;
}

/**
 * Reads the options of a node.
 *
 * @param flags - The command line.
 * @throws {@link InvalidArgumentError} naming the first option that is wrong.
 */
export function readNodeOptions(flags: NodeFlags): NodeOptions {
  const id = parseNodeId(flags.id, '--id');
  const peerSecurity = readPeerSecurity(flags);
  const peers = parseNodeAddresses(flags.peers, '--peers', peerSecurity.tls === undefined ? 'ws' : 'wss');
  const own = peers.find((peer) => peer.id === id);
  if (own === undefined)
    throw new InvalidArgumentError(`--peers does not name ${id}: list all nodes, this one too`);
  const { hostname, port } = new URL(own.url);
  const listen = flags.listen ?? `${hostname}:${port}`;
  const urls =
    flags.clientUrls === undefined
      ? []
      : parseNodeAddresses(flags.clientUrls, '--client-urls', 'http', 'https');
  return {
    id,
    cluster: flags.cluster,
    peers,
    peer: parseHostPort(listen, '--listen'),
    client: parseHostPort(flags.clientListen, '--client-listen'),
    clientUrls: new Map(urls.map((address) => [address.id, address.url])),
    data: flags.data,
    ...readEngineFlags(flags),
    peerSecurity,
    clientSecurity: readClientPortSecurity(flags),
    version,
  };
}

/**
 * Reads the options of time, snapshots and recordings.
 *
 * @param flags - The command line.
 * @throws {@link InvalidArgumentError} naming the first option that is wrong.
 */
export function readEngineFlags(flags: EngineFlags): {
  readonly engine: EngineKind;
  readonly timing: NodeTiming;
  readonly snapshots: SnapshotPolicy;
  readonly recording?: RecordingPolicy;
} {
  const engine = parseEngineKind(flags.engine);
  const timing = {
    tickMs: parseInteger(Number(flags.tickMs), '--tick-ms', 5, 10_000),
    electionTicks: parseInteger(Number(flags.electionTicks), '--election-ticks', 3, 10_000),
    heartbeatTicks: parseInteger(Number(flags.heartbeatTicks), '--heartbeat-ticks', 1, 3_000),
  };
  if (timing.electionTicks < 3 * timing.heartbeatTicks) {
    throw new InvalidArgumentError('--election-ticks must be at least 3 times --heartbeat-ticks');
  }
  const snapshots = {
    snapshotEntries: parseInteger(Number(flags.snapshotEntries), '--snapshot-entries', 1, 1_000_000_000),
    retainedEntries: parseInteger(Number(flags.retainedEntries), '--retained-entries', 0, 1_000_000_000),
  };
  const bytesMax = parseInteger(Number(flags.recordBytesMax), '--record-bytes-max', 4_096);
  if (flags.record === undefined) return { engine, timing, snapshots };
  if (flags.record === '') throw new InvalidArgumentError('--record is empty: give a directory');
  return { engine, timing, snapshots, recording: { directory: flags.record, bytesMax } };
}
