/**
 * The composition root: how the parts of the house make a node. Storage remembers, transport carries, the engine
 * decides, the replica runs it against the other two, the key-value store is what it replicates, and the REST
 * interface lets clients in. None of the parts knows another: they meet here.
 */
import type { ConsensusEngine, EngineMessage, EngineStart, NodeId } from '@synod/core';
import { Random } from '@synod/core';
import { KvStateMachine } from '@synod/kv';
import { type HostEvent, openReplicaHost, type Replica, type ReplicaHost } from '@synod/replica';
import { openWalDirectory, type WalStorage } from '@synod/storage-wal';
import { createWebSocketTransport, type WebSocketTransport } from '@synod/transport-ws';
import { reachableHost, urlOf } from './addresses.js';
import { LiveBackups } from './backup/live-backup.js';
import { type EngineChoice, withEngine } from './engine-choice.js';
import { EventFeed } from './event-feed.js';
import { describeError } from './exit-codes.js';
import { HttpServer } from './http-server.js';
import { LogTail } from './log-tail.js';
import { nodeRoutes } from './node-api.js';
import type { NodeOptions } from './node-options.js';
import { NodeRecording } from './node-recording.js';
import { isNoteworthy } from './noteworthy-events.js';
import { ReplicatedStore } from './replicated-store.js';
import type { EventDocument, NodeState, NodeStatusDocument } from './rest-documents.js';
import { RestError } from './rest-errors.js';
import { type TlsFiles, type TlsMaterial, TlsRenewal } from './security-files.js';

/** A node that runs. */
export interface RunningNode {
  /** Where clients reach it. */
  readonly clientUrl: string;
  /** Where peers reach it. */
  readonly peerUrl: string;
  /** Never resolves; rejects when the node can no longer take part. */
  readonly failed: Promise<never>;
  /** What happens in it. */
  readonly events: EventFeed;
  /** Stops taking part, finishes what is under way and lets go of everything. */
  close(): Promise<void>;
}

/**
 * Starts a node: its REST interface first, which says `STARTING` until the rest is there; then storage, transport and
 * replica.
 *
 * @param options - Who it is, where it listens and where it stores.
 * @throws SynodError when an address cannot be had or the storage is refused; nothing of the node is left then.
 */
export async function startNode(options: NodeOptions): Promise<RunningNode> {
  const node = withEngine(options.engine, (engine) => new Node(options, engine));
  try {
    await node.open();
  } catch (error) {
    await node.close();
    throw error;
  }
  return node;
}

class Node<Message extends EngineMessage> implements RunningNode {
  readonly #options: NodeOptions;
  readonly #engine: EngineChoice<Message>;
  readonly #startedAtMs = Date.now();
  readonly #machine = new KvStateMachine();
  readonly #log = new LogTail();
  readonly #server: HttpServer;
  #storage: WalStorage | undefined;
  #transport: WebSocketTransport | undefined;
  #host: ReplicaHost | undefined;
  #replica: Replica<unknown> | undefined;
  #store: ReplicatedStore | undefined;
  #recording: NodeRecording<Message> | undefined;
  readonly #renewals: TlsRenewal[] = [];
  #clientPort: number;
  #state: NodeState = 'starting';
  #reason = 'it opens its storage';
  readonly events = new EventFeed(this.#startedAtMs);

  constructor(options: NodeOptions, engine: EngineChoice<Message>) {
    this.#options = options;
    this.#engine = engine;
    this.#clientPort = options.client.port;
    const { tls: clientTls, tokens } = options.clientSecurity;
    this.#server = new HttpServer(
      nodeRoutes({
        id: options.id,
        status: (withHash) => this.#status(withHash),
        store: () => this.#openStore(),
        backups: new LiveBackups({ node: options.id, cluster: options.cluster, engine: options.engine }),
        log: this.#log,
        events: this.events,
        urlOf: (id) => options.clientUrls.get(id),
        transport: () => this.#transport?.stats(),
      }),
      {},
      {
        ...(clientTls === undefined ? {} : { tls: clientTls.material }),
        ...(tokens === undefined ? {} : { tokens }),
      },
    );
  }

  get clientUrl(): string {
    const { host } = this.#options.client;
    return urlOf(this.#server.scheme, reachableHost(host), this.#clientPort);
  }

  get peerUrl(): string {
    const { host, port } = this.#options.peer;
    const scheme = this.#options.peerSecurity.tls === undefined ? 'ws' : 'wss';
    return urlOf(scheme, reachableHost(host), this.#transport?.address?.port ?? port);
  }

  get failed(): Promise<never> {
    return this.#host?.failed ?? new Promise(() => {});
  }

  async open(): Promise<void> {
    const { id, cluster, peers, peer, client, data, timing, snapshots, recording } = this.#options;
    const { peerSecurity } = this.#options;
    this.#clientPort = await this.#server.listen(client.host, client.port);
    this.#storage = await openWalDirectory(data, { onEvent: (event) => this.#tell(event) });
    this.#transport = createWebSocketTransport({
      clusterId: cluster,
      id,
      listen: peer,
      ...(peerSecurity.tls === undefined ? {} : { tls: peerSecurity.tls.material }),
      ...(peerSecurity.tokens === undefined ? {} : { token: peerSecurity.tokens }),
      peers: peers.map(({ id, url }) => ({ id, address: url })),
      random: new Random(`${this.#storage.incarnations.own} ${this.#startedAtMs}`),
      onEvent: (event) => this.#tell(event),
    });
    this.#followCertificates(this.#transport);
    this.#reason = 'it waits for its peers to admit it';
    this.#host = await openReplicaHost({
      id,
      membershipIds: peers.map((member) => member.id),
      storage: this.#storage,
      transport: this.#transport,
      tickMs: timing.tickMs,
      onEvent: (event) => this.#tellOfHost(event),
    });
    if (recording !== undefined)
      this.#recording = new NodeRecording(id, this.#engine.codec, recording, (event) => this.#tell(event));
    const replica = this.#host.openGroup({
      createEngine: (start) => this.#log.watch(this.#makeEngine(start)),
      codec: this.#engine.codec,
      stateMachine: this.#machine,
      snapshotEveryEntries: snapshots.snapshotEntries,
    });
    this.#replica = replica;
    this.#store = new ReplicatedStore(replica, this.#machine);
    this.#followHost(this.#host);
  }

  async close(): Promise<void> {
    for (const renewal of this.#renewals) renewal.close();
    // The replica first: it settles the requests under way, and the server then answers them.
    const settled = this.#host?.close() ?? this.#storage?.close();
    try {
      await Promise.all([settled, this.#server.close()]);
    } finally {
      this.#recording?.close('the node was closed');
    }
  }

  /** Files of certificates are written anew while the node runs. */
  #followCertificates(transport: WebSocketTransport): void {
    const { peerSecurity, clientSecurity } = this.#options;
    const follow = (
      port: string,
      files: TlsFiles,
      prefix: string,
      take: (tls: TlsMaterial) => void,
    ): void => {
      const renewed = (tls: TlsMaterial): void => {
        take(tls);
        this.#tell({ type: 'certificateRenewed', port });
      };
      const failed = (reason: string): void => this.#tell({ type: 'certificateRefused', port, reason });
      this.#renewals.push(new TlsRenewal(files, prefix, renewed, failed));
    };
    if (clientSecurity.tls !== undefined)
      follow('client', clientSecurity.tls.files, '--', (tls) => this.#server.renew(tls));
    if (peerSecurity.tls !== undefined)
      follow('peer', peerSecurity.tls.files, '--peer-', ({ cert, key, ca = Buffer.of() }) =>
        transport.renewTls({ cert, key, ca }),
      );
  }

  #makeEngine(start: EngineStart): ConsensusEngine<Message> {
    const { electionTicks, heartbeatTicks } = this.#options.timing;
    const limits = {
      electionTicks,
      heartbeatTicks,
      retainedEntries: this.#options.snapshots.retainedEntries,
    };
    const engine = this.#engine.create({ ...start, ...limits });
    return this.#recording?.watch(engine, start, limits) ?? engine;
  }

  #followHost(host: ReplicaHost): void {
    host.admitted.then(
      () => this.#setState('running', ''),
      () => {},
    );
    host.failed.catch((error: unknown) => this.#setState('failed', describeError(error)));
  }

  #setState(state: NodeState, reason: string): void {
    this.#state = state;
    this.#reason = reason;
  }

  #openStore(): ReplicatedStore {
    if (this.#store !== undefined && this.#state === 'running') return this.#store;
    const message = `node ${this.#options.id} is ${this.#state}: ${this.#reason}`;
    throw new RestError({ code: 'STARTING', message, retryable: true });
  }

  #status(withHash: boolean): NodeStatusDocument {
    const { id, cluster } = this.#options;
    const { version } = this.#options;
    const replica = this.#replica?.status();
    return {
      id,
      cluster,
      version,
      pid: process.pid,
      uptimeMs: Date.now() - this.#startedAtMs,
      state: this.#state,
      ...(this.#reason === '' ? {} : { reason: this.#reason }),
      addresses: { peer: this.peerUrl, client: this.clientUrl },
      clients: { connections: this.#server.connections, refusals: this.#server.refusals },
      ...(replica === undefined ? {} : { engine: replica.engine }),
      ...this.#counters(withHash),
    };
  }

  #counters(withHash: boolean): Pick<NodeStatusDocument, 'replica' | 'storage' | 'transport' | 'keyValue'> {
    if (this.#replica === undefined) return {};
    const { engine: _, applied: __, ...runtime } = this.#replica.status();
    const stats = this.#machine.stats();
    return {
      replica: { ...runtime, ...this.#replica.metrics() },
      storage: { ...this.#storage?.stats(), full: this.#storage?.room.isFull },
      transport: { ...this.#transport?.stats(), admission: this.#host?.status().admission },
      keyValue: withHash ? { ...stats, hash: this.#machine.hash() } : stats,
    };
  }

  #tellOfHost({ node, event }: HostEvent): void {
    this.#tell(event, node);
  }

  #tell(
    event: { readonly type: string; readonly [field: string]: unknown },
    node: NodeId = this.#options.id,
  ): void {
    if (isNoteworthy(event.type)) this.events.publish({ node, timeMs: Date.now(), event: plain(event) });
  }
}

/** Errors are no JSON, and what they were caused by may lead in circles. */
function plain(event: { readonly type: string }): EventDocument['event'] {
  const fields: readonly [string, unknown][] = Object.entries(event);
  const told = fields.map(([name, value]) => [name, value instanceof Error ? describeError(value) : value]);
  return { ...Object.fromEntries(told), type: event.type };
}
