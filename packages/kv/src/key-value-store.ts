/**
 * The store itself: keys under revisions, changed by transactions only. What a transaction does was planned before
 * its first change, so from there on nothing can stop it half-way.
 */
import { invariant, unreachable } from '@synod/core';
import { intervalOf, isOneKey } from './key-range.js';
import { textOf } from './key-text.js';
import { KeyTree } from './key-tree.js';
import type { Change, KeyValue } from './key-value.js';
import type { KvLimits } from './limits.js';
import { answerRange } from './range-query.js';
import type { RefusalCode } from './refusal.js';
import type { DeleteRangeResponse, OperationResponse, PutResponse, TransactionResult } from './result.js';
import type {
  DeleteRangeOperation,
  Operation,
  PutOperation,
  Transaction,
  TransactionOperation,
} from './transaction.js';
import { type Choices, chosen, planTransaction } from './transaction-plan.js';

/** Revision of a store that was never written to, as in etcd. */
export const firstRevision = 1;

const emptyValue = new Uint8Array(0);
const noKvs: readonly KeyValue[] = [];

/** Keys under revisions. */
export class KeyValueStore {
  readonly tree = new KeyTree();
  #revision = firstRevision;
  #bytes = 0;
  #changed = false;
  #changes: Change[] = [];
  readonly #recordsChanges: boolean;
  readonly #scannedKeysMax: number;
  #choices: Choices = [];
  #choicesRead = 0;

  /**
   * @param limits - Bounds what a transaction may look at.
   * @param recordsChanges - Whether {@link takeChanges} shall have something to give.
   */
  constructor(limits: KvLimits, recordsChanges: boolean) {
    this.#scannedKeysMax = limits.scannedKeysMax;
    this.#recordsChanges = recordsChanges;
  }

  /** Revision of the last change. */
  get revision(): number {
    return this.#revision;
  }

  /** Bytes of all keys and values. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Runs a transaction, or gives the reason why nothing was done. */
  execute(transaction: Required<Transaction<Uint8Array>>): TransactionResult | RefusalCode {
    const choices = planTransaction(this.tree, transaction, this.#scannedKeysMax);
    if (typeof choices === 'string') return choices;
    this.#choices = choices;
    this.#choicesRead = 0;
    this.#changed = false;
    const { succeeded, responses } = this.#carryOut(transaction);
    if (this.#changed) this.#revision++;
    return { type: 'transaction', succeeded, revision: this.#revision, responses, responsesOmitted: false };
  }

  /** The changes of the last transaction, in the order of its operations. */
  takeChanges(): readonly Change[] {
    const changes = this.#changes;
    if (changes.length > 0) this.#changes = [];
    return changes;
  }

  /** Puts a key back that a snapshot holds. Keys must come in ascending order. */
  restoreKey(kv: KeyValue): void {
    const before = this.tree.put(textOf(kv.key), () => kv);
    invariant(before === undefined, 'a snapshot holds each key once');
    this.#bytes += kv.key.length + kv.value.length;
  }

  /** Sets the revision that a snapshot holds. */
  restoreRevision(revision: number): void {
    this.#revision = revision;
  }

  #carryOut(transaction: Transaction<Uint8Array>): { succeeded: boolean; responses: OperationResponse[] } {
    const succeeded = this.#choices[this.#choicesRead++];
    invariant(succeeded !== undefined, 'every transaction on the way was planned');
    const responses: OperationResponse[] = [];
    for (const operation of chosen(transaction, succeeded)) responses.push(this.#do(operation));
    return { succeeded, responses };
  }

  #do(operation: Operation<Uint8Array>): OperationResponse {
    switch (operation.type) {
      case 'put':
        return this.#put(operation);
      case 'deleteRange':
        return this.#deleteRange(operation);
      case 'range':
        return answerRange(this.tree, operation, this.#revisionNow());
      case 'transaction':
        return this.#nested(operation);
      default:
        return unreachable(operation);
    }
  }

  #put(put: PutOperation<Uint8Array>): PutResponse {
    const revision = this.#revision + 1;
    let kv: KeyValue | undefined;
    const prevKv = this.tree.put(textOf(put.key), (before) => {
      kv = entryAfter(before, put, revision);
      return kv;
    });
    invariant(kv !== undefined, 'a put makes an entry');
    this.#bytes += kv.value.length + (prevKv === undefined ? kv.key.length : -prevKv.value.length);
    this.#changed = true;
    if (this.#recordsChanges) this.#changes.push({ type: 'put', kv, prevKv });
    return { type: 'put', revision, prevKv: put.prevKv === true ? prevKv : undefined };
  }

  #deleteRange(operation: DeleteRangeOperation<Uint8Array>): DeleteRangeResponse {
    const removed = this.#remove(operation);
    for (const kv of removed) {
      this.#bytes -= kv.key.length + kv.value.length;
      if (this.#recordsChanges) this.#changes.push({ type: 'delete', key: kv.key, prevKv: kv });
    }
    if (removed.length > 0) this.#changed = true;
    return {
      type: 'deleteRange',
      revision: this.#revisionNow(),
      deleted: removed.length,
      prevKvs: operation.prevKv === true ? removed : noKvs,
    };
  }

  #nested(operation: TransactionOperation<Uint8Array>): OperationResponse {
    const { succeeded, responses } = this.#carryOut(operation);
    return { type: 'transaction', revision: this.#revisionNow(), succeeded, responses };
  }

  #remove(operation: DeleteRangeOperation<Uint8Array>): readonly KeyValue[] {
    if (!isOneKey(operation)) return this.tree.deleteInterval(intervalOf(operation));
    const kv = this.tree.delete(textOf(operation.key));
    return kv === undefined ? noKvs : [kv];
  }

  #revisionNow(): number {
    return this.#changed ? this.#revision + 1 : this.#revision;
  }
}

function entryAfter(before: KeyValue | undefined, put: PutOperation<Uint8Array>, revision: number): KeyValue {
  // The command's bytes must not be held on to for the sake of a few of them.
  const value = put.value === undefined ? (before?.value ?? emptyValue) : put.value.slice();
  const lease = put.ignoreLease === true ? (before?.lease ?? 0) : (put.lease ?? 0);
  if (before === undefined) {
    return {
      key: put.key.slice(),
      value,
      createRevision: revision,
      modRevision: revision,
      version: 1,
      lease,
    };
  }
  const { key, createRevision, version } = before;
  return { key, value, createRevision, modRevision: revision, version: version + 1, lease };
}
