/**
 * Is this history of a concurrent object linearizable: can every operation have taken effect at one moment between its
 * call and its answer? Yes with a witness, no with a picture, or unknown within the budget. Pure: no clock, no I/O.
 *
 * @example A stale read.
 * ```ts
 * import { checkHistory, History, register, renderHistory } from '@synod/linearizability';
 *
 * const model = register();
 * const history = History.for(model);
 * const write = history.invoke('a', { type: 'write', value: 1 }, 0);
 * history.ok(write, undefined, 10);
 * const read = history.invoke('b', { type: 'read' }, 20);
 * history.ok(read, null, 30); // the value before the write
 *
 * const result = checkHistory(model, history.operations());
 * result.verdict; // 'not linearizable'
 * const page = renderHistory(model, result); // an HTML page with the timeline
 * ```
 *
 * @packageDocumentation
 */
export { type CheckOptions, checkHistory } from './check-history.js';
export type { CheckResult, Failure, Limit, PartitionReport, Verdict } from './check-result.js';
export { type CallId, History } from './history.js';
export type { Behaviour, Fitting, Model, NotFitting, StateKey, Step } from './model.js';
export {
  type KeyChange,
  type KeyCompareAndSet,
  type KeyRequest,
  type KeyValueInput,
  type KeyValueOptions,
  type KeyValueOutput,
  keyValue,
} from './models/key-value.js';
export {
  type CompareAndSetRegisterInput,
  compareAndSetRegister,
  type RegisterCompareAndSet,
  type RegisterInput,
  type RegisterRead,
  type RegisterValue,
  type RegisterWrite,
  register,
} from './models/register.js';
export {
  type RevisionCompareAndSet,
  type RevisionKeyRequest,
  type RevisionKeyValueInput,
  type RevisionKeyValueOutput,
  type RevisionKeyValueState,
  type RevisionPut,
  type RevisionRecord,
  revisionKeyValue,
} from './models/revision-key-value.js';
export type { Operation } from './operation.js';
export { type PictureOptions, renderHistory } from './picture/render-history.js';
export type { TimeLimit } from './turns.js';
