/** Results: what applying a command gives, the same on every node. Protocol outcomes are data, never thrown. */
import type { KeyValue } from './key-value.js';
import type { RefusalCode } from './refusal.js';

/** Answer to a put. */
export interface PutResponse {
  /** Tells the responses apart. */
  readonly type: 'put';
  /** Revision that the put made. */
  readonly revision: number;
  /** The key as it was before; `undefined` if there was none or it was not asked for. */
  readonly prevKv: KeyValue | undefined;
}

/** Answer to a deletion. */
export interface DeleteRangeResponse {
  /** Tells the responses apart. */
  readonly type: 'deleteRange';
  /** Revision that the deletion made, or the current one if it deleted nothing. */
  readonly revision: number;
  /** How many keys were deleted. */
  readonly deleted: number;
  /** The deleted keys as they were, in the order of their keys; empty if not asked for. */
  readonly prevKvs: readonly KeyValue[];
}

/** Answer to a range. */
export interface RangeResponse {
  /** Tells the responses apart. */
  readonly type: 'range';
  /** Revision at which it was read. */
  readonly revision: number;
  /** The keys found, in the order asked for. */
  readonly kvs: readonly KeyValue[];
  /** Whether the limit cut some off. */
  readonly more: boolean;
  /** How many keys are in the interval, before filters and limit. */
  readonly count: number;
}

/** Answer to a nested transaction. */
export interface TransactionResponse {
  /** Tells the responses apart. */
  readonly type: 'transaction';
  /** Revision of the store when its last operation was done. */
  readonly revision: number;
  /** Whether its compares held, so that `success` was done and not `failure`. */
  readonly succeeded: boolean;
  /** One response for each operation of the list that was done, in its order. */
  readonly responses: readonly OperationResponse[];
}

/** Answer to one operation of a transaction. */
export type OperationResponse = PutResponse | DeleteRangeResponse | RangeResponse | TransactionResponse;

/** A transaction, a put or a deletion was done. */
export interface TransactionResult {
  /** Tells the results apart. */
  readonly type: 'transaction';
  /** Whether the compares held. `true` when there are none. */
  readonly succeeded: boolean;
  /** Revision of the store afterwards: one more than before if any key changed, else the same. */
  readonly revision: number;
  /** One response for each operation of the list that was done, in its order. */
  readonly responses: readonly OperationResponse[];
  /**
   * `true` only in the answer to a retry whose first answer was larger than {@link KvLimits.sessionResultBytesMax}:
   * the command was applied once, with this `succeeded` and `revision`, but its responses were not kept.
   */
  readonly responsesOmitted: boolean;
}

/** A session was opened or closed. */
export interface SessionResult {
  /** Tells the results apart. */
  readonly type: 'session';
  /** Its number: the log index of the command that opened it. */
  readonly id: number;
}

/** The command changed nothing. */
export interface RefusedResult {
  /** Tells the results apart. */
  readonly type: 'refused';
  /** Why, for programs. */
  readonly code: RefusalCode;
  /** Why, for people: what was wrong and what would be right. A function of the code and the limits. */
  readonly reason: string;
}

/** What {@link KvStateMachine.apply} gives. */
export type KvResult = TransactionResult | SessionResult | RefusedResult;
