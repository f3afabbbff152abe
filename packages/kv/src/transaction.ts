/**
 * Requests: what a command asks of the store. The shapes are those of etcd's rpc.proto (PutRequest,
 * DeleteRangeRequest, RangeRequest, Compare, TxnRequest); a put or a deletion alone is a transaction of one operation.
 */
import type { ByteSource } from './key-value.js';

/** Names one key or an interval of keys, by etcd's rules. */
export interface KeyRange<Bytes extends ByteSource = ByteSource> {
  /** The key, or the first key of the interval: 1 byte or more. */
  readonly key: Bytes;
  /**
   * Where the interval ends.
   *
   * - absent or empty: the one key `key`;
   * - the single byte 0: every key from `key` on (with a `key` of the single byte 0: all keys);
   * - anything else: from `key` up to, but without, `rangeEnd`, in byte-wise order. Empty if that is not above `key`.
   *
   * {@link prefixRangeEnd} makes the end for all keys with a prefix.
   */
  readonly rangeEnd?: Bytes;
}

/** Sets a key. */
export interface PutRequest<Bytes extends ByteSource = ByteSource> {
  /** The key: 1 byte or more. */
  readonly key: Bytes;
  /** The value; empty is legal. Left out exactly if `ignoreValue` is set. */
  readonly value?: Bytes;
  /** Lease to attach the key to; default 0, none: a put without a lease detaches the key. */
  readonly lease?: number;
  /** Whether the response shall carry the key as it was before. Default `false`. */
  readonly prevKv?: boolean;
  /** Keep the value that the key has; refused with `KEY_NOT_FOUND` if it has none. Default `false`. */
  readonly ignoreValue?: boolean;
  /** Keep the lease that the key has; refused with `KEY_NOT_FOUND` if there is no such key. Default `false`. */
  readonly ignoreLease?: boolean;
}

/** Deletes the keys of an interval. Deleting nothing is no error and makes no revision. */
export interface DeleteRangeRequest<Bytes extends ByteSource = ByteSource> extends KeyRange<Bytes> {
  /** Whether the response shall carry the deleted keys as they were. Default `false`. */
  readonly prevKv?: boolean;
}

/** What a range can be sorted by. */
export type SortTarget = 'key' | 'version' | 'createRevision' | 'modRevision' | 'value';

/** Order of a range's answer. Equal ones stay in the order of their keys. */
export interface RangeSort {
  /** What is compared. Default `key`. */
  readonly target?: SortTarget;
  /** Smallest first or greatest first. Default `ascending`. */
  readonly order?: 'ascending' | 'descending';
}

/** Reads the keys of an interval. */
export interface RangeRequest<Bytes extends ByteSource = ByteSource> extends KeyRange<Bytes> {
  /** Most keys to answer with; 0 (the default) for no limit. Cuts after sorting and filtering. */
  readonly limit?: number;
  /** Leave the values empty. Default `false`. */
  readonly keysOnly?: boolean;
  /** Answer with the count alone, without keys. Default `false`. */
  readonly countOnly?: boolean;
  /** Order of the answer. Default: ascending keys, which costs no sorting. */
  readonly sort?: RangeSort;
  /** Leave out keys whose `modRevision` is below this. 0 (the default): none. */
  readonly minModRevision?: number;
  /** Leave out keys whose `modRevision` is above this. 0 (the default): none. */
  readonly maxModRevision?: number;
  /** Leave out keys whose `createRevision` is below this. 0 (the default): none. */
  readonly minCreateRevision?: number;
  /** Leave out keys whose `createRevision` is above this. 0 (the default): none. */
  readonly maxCreateRevision?: number;
}

/** How a key's figure must stand to the given value for a compare to hold. */
export type CompareResult = 'equal' | 'greater' | 'less' | 'not-equal';

/** What a compare looks at. */
export type CompareTarget = 'version' | 'createRevision' | 'modRevision' | 'value' | 'lease';

/** Compares a number that belongs to a key. An absent key counts as 0 in all four. */
export interface NumberCompare<Bytes extends ByteSource = ByteSource> extends KeyRange<Bytes> {
  /** Which number. */
  readonly target: Exclude<CompareTarget, 'value'>;
  /** How the key's number must stand to `value`. */
  readonly result: CompareResult;
  /** A safe integer; negative is legal. */
  readonly value: number;
}

/** Compares a key's value byte-wise. Never holds for an absent key, whatever `result` is. */
export interface ValueCompare<Bytes extends ByteSource = ByteSource> extends KeyRange<Bytes> {
  /** Tells it from the compares of numbers. */
  readonly target: 'value';
  /** How the key's value must stand to `value`. */
  readonly result: CompareResult;
  /** Bytes to compare with. */
  readonly value: Bytes;
}

/**
 * One condition of a transaction. With a `rangeEnd` it must hold for every key that exists in the interval; if none
 * does, one absent key is compared instead, as etcd does.
 */
export type Compare<Bytes extends ByteSource = ByteSource> = NumberCompare<Bytes> | ValueCompare<Bytes>;

/** A {@link PutRequest} as an operation of a transaction. */
export interface PutOperation<Bytes extends ByteSource = ByteSource> extends PutRequest<Bytes> {
  /** Tells the operations apart. */
  readonly type: 'put';
}

/** A {@link DeleteRangeRequest} as an operation of a transaction. */
export interface DeleteRangeOperation<Bytes extends ByteSource = ByteSource>
  extends DeleteRangeRequest<Bytes> {
  /** Tells the operations apart. */
  readonly type: 'deleteRange';
}

/** A {@link RangeRequest} as an operation of a transaction. */
export interface RangeOperation<Bytes extends ByteSource = ByteSource> extends RangeRequest<Bytes> {
  /** Tells the operations apart. */
  readonly type: 'range';
}

/** A {@link Transaction} as an operation of another one. */
export interface TransactionOperation<Bytes extends ByteSource = ByteSource> extends Transaction<Bytes> {
  /** Tells the operations apart. */
  readonly type: 'transaction';
}

/** One step of a transaction. It sees what earlier steps of the same transaction wrote. */
export type Operation<Bytes extends ByteSource = ByteSource> =
  | PutOperation<Bytes>
  | DeleteRangeOperation<Bytes>
  | RangeOperation<Bytes>
  | TransactionOperation<Bytes>;

/**
 * If all compares hold, do one list of operations, otherwise another: atomically, in at most one new revision.
 *
 * @remarks All compares, those of nested transactions too, are made before the first operation. No key may be put
 * twice, or put and deleted, by operations that can run together.
 */
export interface Transaction<Bytes extends ByteSource = ByteSource> {
  /** Conditions, all of which must hold. Default: none, which holds. */
  readonly compares?: readonly Compare<Bytes>[];
  /** What to do if they hold. Default: nothing. */
  readonly success?: readonly Operation<Bytes>[];
  /** What to do if one does not. Default: nothing. */
  readonly failure?: readonly Operation<Bytes>[];
}

/**
 * Place of a command in a client's session (Raft dissertation §6.3). A command that carries one is applied at most
 * once: a retry must carry the same numbers and gets the first answer.
 */
export interface SessionSequence {
  /** Number of the session, which the result of {@link encodeOpenSession} gave. */
  readonly session: number;
  /**
   * Number of the command in the session: 1 or more, above that of every earlier command. The next command may be
   * sent only when this one was answered: a session remembers one answer.
   */
  readonly sequence: number;
}

/** A command as {@link decodeCommand} shows it. */
export type Command = OpenSessionCommand | CloseSessionCommand | TransactionCommand;

/** Opens a session. */
export interface OpenSessionCommand {
  /** Tells the commands apart. */
  readonly type: 'openSession';
}

/** Ends a session before its time. */
export interface CloseSessionCommand {
  /** Tells the commands apart. */
  readonly type: 'closeSession';
  /** The session to end. */
  readonly session: number;
}

/** Runs a transaction. */
export interface TransactionCommand {
  /** Tells the commands apart. */
  readonly type: 'transaction';
  /** Its place in a session; `undefined` if it belongs to none and a retry would apply it again. */
  readonly sequence: SessionSequence | undefined;
  /** What to do; every list is present. */
  readonly transaction: Required<Transaction<Uint8Array>>;
}
