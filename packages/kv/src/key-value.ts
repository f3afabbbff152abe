/** What the store holds: one value a key, with the counters that etcd's data model gives it (mvccpb.KeyValue). */

/** Bytes a caller hands in. A string stands for its UTF-8 form. */
export type ByteSource = Uint8Array | string;

/**
 * One key with its value and its history in numbers. Never changed once made: a later put makes another one.
 *
 * @remarks The byte arrays are the store's own, not copies. Treat them as frozen.
 */
export interface KeyValue {
  /** The key: 1 byte or more. */
  readonly key: Uint8Array;
  /** The value; empty is legal. Empty too in an answer that was asked for keys only. */
  readonly value: Uint8Array;
  /** Revision at which the key was created, or created again after its last deletion. */
  readonly createRevision: number;
  /** Revision of the last put of the key. */
  readonly modRevision: number;
  /** Number of puts since the creation: 1 for a new key. */
  readonly version: number;
  /** Lease that the key is attached to; 0 for none. */
  readonly lease: number;
}

/**
 * One change of one key, as {@link KvOptions.onChange} reports it. A key changes at most once in a revision.
 */
export type Change = PutChange | DeleteChange;

/** A key was created or got another value. */
export interface PutChange {
  /** Tells a put from a deletion. */
  readonly type: 'put';
  /** The key as it is now; its `modRevision` is the revision of the change. */
  readonly kv: KeyValue;
  /** The key as it was before; `undefined` if the put created it. */
  readonly prevKv: KeyValue | undefined;
}

/** A key was deleted. */
export interface DeleteChange {
  /** Tells a deletion from a put. */
  readonly type: 'delete';
  /** The key. */
  readonly key: Uint8Array;
  /** The key as it was before. */
  readonly prevKv: KeyValue;
}
