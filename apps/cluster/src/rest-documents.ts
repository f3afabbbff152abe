/**
 * The JSON documents of the REST interface, as types: what a node says of itself, what the gateway says of the
 * cluster, and what reads and writes of keys answer. Absent values are left out, never `null`.
 */
import type { EngineStatus, NodeId } from '@synod/core';

/** Answer to a failed request, whatever its status. */
export interface ErrorDocument {
  /** What went wrong. */
  readonly error: {
    /** Stable code for programs, such as `NOT_LEADER`. */
    readonly code: string;
    /** What was wrong and what would be right, for people. */
    readonly message: string;
    /** `none`: it did not happen and never will. `unknown`: it may have happened, or may happen later. */
    readonly effect: 'none' | 'unknown';
    /** Whether the same request can succeed later. */
    readonly retryable: boolean;
    /** Whom to ask instead, when the code is `NOT_LEADER`. */
    readonly leader?: LeaderHint;
  };
}

/** Who leads, as far as the answering node knows. */
export interface LeaderHint {
  /** The leader. */
  readonly id: NodeId;
  /** Where its REST interface is, if the answering node was told. */
  readonly url?: string;
}

/** A key with its value and revisions. `key` and `value` are there only when the bytes are well-formed UTF-8. */
export interface KeyValueDocument {
  /** The key as text. */
  readonly key?: string;
  /** The key's bytes in base64. */
  readonly keyBase64: string;
  /** The value as text. */
  readonly value?: string;
  /** The value's bytes in base64. */
  readonly valueBase64: string;
  /** Revision at which the key came to be. */
  readonly createRevision: number;
  /** Revision of its last change. */
  readonly modRevision: number;
  /** Number of changes since it came to be, from 1. */
  readonly version: number;
}

/** Answer to `GET /v1/kv/{key}`. */
export interface ReadDocument extends KeyValueDocument {
  /** Revision of the store when it was read. */
  readonly revision: number;
}

/** Answer to `PUT /v1/kv/{key}`. */
export interface PutDocument {
  /** Revision that this write made. */
  readonly revision: number;
  /** What stood there before. */
  readonly previous?: KeyValueDocument;
}

/** Answer to `DELETE /v1/kv/{key}`. */
export interface DeleteDocument {
  /** Revision of the store after it. */
  readonly revision: number;
  /** Number of keys deleted: 0 or 1. */
  readonly deleted: number;
}

/** Answer to `POST /v1/kv/{key}/compare-and-set`. */
export interface CompareAndSetDocument {
  /** Whether the expectation held and the value was set. */
  readonly succeeded: boolean;
  /** Revision of the store after it. */
  readonly revision: number;
  /** What stands there instead, when it did not hold and the key exists. */
  readonly current?: KeyValueDocument;
}

/** Answer to `GET /v1/kv?prefix=`. */
export interface RangeDocument {
  /** The keys in byte order. */
  readonly keys: readonly (KeyValueDocument | Omit<KeyValueDocument, 'value' | 'valueBase64'>)[];
  /** Number of keys with that prefix, before the limit. */
  readonly count: number;
  /** Whether the limit cut some off. */
  readonly more: boolean;
  /** Revision of the store when it was read. */
  readonly revision: number;
}

/**
 * How far a node is.
 *
 * - `starting`: opening its storage, or waiting for its peers to admit it.
 * - `running`: takes part.
 * - `failed`: stopped taking part; the process ends.
 */
export type NodeState = 'starting' | 'running' | 'failed';

/** Answer to `GET /v1/status` of a node. */
export interface NodeStatusDocument {
  /** The node. */
  readonly id: NodeId;
  /** The cluster it belongs to. */
  readonly cluster: string;
  /** Version of the program. */
  readonly version: string;
  /** Its process. */
  readonly pid: number;
  /** Time since the process began. */
  readonly uptimeMs: number;
  /** How far it is. */
  readonly state: NodeState;
  /** Why it is not `running`. */
  readonly reason?: string;
  /** Where it listens. */
  readonly addresses: { readonly peer: string; readonly client: string };
  /** The consensus engine; absent until the storage is open. */
  readonly engine?: EngineStatus;
  /** Counters of the runtime. */
  readonly replica?: Readonly<Record<string, unknown>>;
  /** Counters of the durable log, and whether its disk is full. */
  readonly storage?: Readonly<Record<string, unknown>>;
  /** Counters of the transport, and the peers that are connected. */
  readonly transport?: Readonly<Record<string, unknown>>;
  /** The port for clients: connections open now, and what was refused, by reason. */
  readonly clients: { readonly connections: number; readonly refusals: Readonly<Record<string, number>> };
  /** The key-value store. */
  readonly keyValue?: {
    /** Revision of the last change. */
    readonly revision: number;
    /** Number of keys. */
    readonly keys: number;
    /** Bytes of keys and values. */
    readonly bytes: number;
    /** Open sessions. */
    readonly sessions: number;
    /** Digest of the whole state, equal on nodes that applied the same commands; only with `?hash=true`, since it reads every key. */
    readonly hash?: string;
  };
}

/** One committed entry in `GET /v1/log`. */
export interface LogEntryDocument {
  /** Its index. */
  readonly index: number;
  /** Its term or ballot; absent when the node did not see it. */
  readonly term?: number;
  /** What it is for. */
  readonly kind: 'command' | 'noop' | 'membership' | 'snapshot';
  /** What it does, in one line. */
  readonly summary: string;
  /** When this node applied it, in milliseconds since 1970. */
  readonly timeMs: number;
}

/** Answer to `GET /v1/log?last=N`. */
export interface LogDocument {
  /** The node whose log it is. */
  readonly node: NodeId;
  /** Newest last. */
  readonly entries: readonly LogEntryDocument[];
}

/** One event of `GET /v1/events` (a node) or `GET /v1/cluster/events` (all nodes, through the gateway). */
export interface EventDocument {
  /** Ascending, also across restarts of the answering process: for `Last-Event-ID`. */
  readonly id: number;
  /** When it happened, in milliseconds since 1970, by the clock of the node. */
  readonly timeMs: number;
  /** The node it happened on, or `gateway`. */
  readonly node: NodeId;
  /** What happened: `type` and the fields of that type. */
  readonly event: Readonly<Record<string, unknown>> & { readonly type: string };
}

/** The operating system's process of a node, known only to a gateway that runs beside it (`synod up`). */
export interface ProcessDocument {
  /** Whether it runs. `starting`: it runs, but its REST interface did not answer yet. */
  readonly state: 'starting' | 'running' | 'stopped';
  /** Its process id while it runs. */
  readonly pid?: number;
  /** When it was started, in milliseconds since 1970. */
  readonly startedAtMs: number;
  /** How it ended, when it is stopped. */
  readonly exit?: { readonly code?: number; readonly signal?: string; readonly message: string };
}

/** One node as the gateway sees it. */
export interface NodeViewDocument {
  /** The node. */
  readonly id: NodeId;
  /** Where its REST interface is. */
  readonly url: string;
  /** Whether its last status poll was answered. */
  readonly reachable: boolean;
  /** Whether reads are sent to it. */
  readonly healthy: boolean;
  /** Why it is not reachable or not healthy. */
  readonly reason?: string;
  /** When it last answered, in milliseconds since 1970. */
  readonly lastAnswerMs?: number;
  /** Requests that the gateway sent to it. */
  readonly picks: number;
  /** Requests that it has not answered yet. */
  readonly inFlight: number;
  /** What the gateway's judgement of it is, and which share of its reads it gets by that. Absent while it is no member. */
  readonly balance?: {
    readonly state: 'fit' | 'starting' | 'trial' | 'ejected' | 'unhealthy';
    readonly share: number;
  };
  /** Its process, when the gateway knows it. */
  readonly process?: ProcessDocument;
  /** What it last said of itself. Old when it is not reachable. */
  readonly status?: NodeStatusDocument;
}

/** Answer to `GET /v1/cluster` of the gateway. */
export interface ClusterDocument {
  /** The cluster's name, once a node has told it. */
  readonly cluster?: string;
  /** The leader of the greatest term, while one is known. */
  readonly leader?: NodeId;
  /** The greatest term that any node told. */
  readonly term: number;
  /** All nodes, in the order they were given. */
  readonly nodes: readonly NodeViewDocument[];
  /** The gateway itself. */
  readonly gateway: {
    readonly version: string;
    readonly pid: number;
    readonly uptimeMs: number;
    /** How reads are spread; `POST /v1/balancer` changes it. */
    readonly strategy: string;
    /** How they could be. */
    readonly strategies: readonly string[];
    /** Whether `POST /v1/faults/{node}/{kill|restart}` works. */
    readonly faultsEnabled: boolean;
    /** Connections and requests of clients that it refused, by reason. */
    readonly refusals: Readonly<Record<string, number>>;
    /** Requests from clients, attempts beyond the first, and requests that ended with an error of the gateway's own. */
    readonly requests: {
      readonly reads: number;
      readonly writes: number;
      readonly retries: number;
      readonly failed: number;
    };
  };
}
