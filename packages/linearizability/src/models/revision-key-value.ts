/**
 * A key-value store that numbers its changes, as etcd and `@synod/kv` do: every change makes the next revision, and
 * every answer tells a revision. Revisions tie all keys together, so there is one partition; but they also tell the
 * order, so long histories are quick to decide.
 */
import type { Behaviour, Model, Step } from '../model.js';

/** Reads or deletes a key. */
export interface RevisionKeyRequest {
  /** Tells the operations apart. */
  readonly type: 'get' | 'delete';
  /** Which key. */
  readonly key: string;
}

/** Sets a key. */
export interface RevisionPut {
  /** Tells the operations apart. */
  readonly type: 'put';
  /** Which key. */
  readonly key: string;
  /** What it is set to. */
  readonly value: string;
}

/** Sets a key if it is still as the caller knows it. */
export interface RevisionCompareAndSet {
  /** Tells the operations apart. */
  readonly type: 'compareAndSet';
  /** Which key. */
  readonly key: string;
  /** The revision that must have changed the key last; 0 if the key must not exist. */
  readonly expectedModRevision: number;
  /** What it is set to then. */
  readonly value: string;
}

/** What is asked of a store with revisions. */
export type RevisionKeyValueInput = RevisionKeyRequest | RevisionPut | RevisionCompareAndSet;

/** What a store with revisions answers. What the client was not told is left out, and constrains nothing. */
export interface RevisionKeyValueOutput {
  /** Revision of the store afterwards: the one just made, if the operation changed anything. */
  readonly revision?: number;
  /** To a get: the value, or `null` if the key is not there. */
  readonly value?: string | null;
  /** To a get: the revision that changed the key last, or 0 if it is not there. */
  readonly modRevision?: number;
  /** To a delete or a compare-and-set: whether it changed anything. */
  readonly done?: boolean;
}

/** A key that is there. */
export interface RevisionRecord {
  /** What it is set to. */
  readonly value: string;
  /** The revision that changed it last. */
  readonly modRevision: number;
}

/** State of {@link revisionKeyValue}. */
export interface RevisionKeyValueState {
  /** Revision of the last change. */
  readonly revision: number;
  /** The keys that are there. */
  readonly keys: ReadonlyMap<string, RevisionRecord>;
}

/**
 * A model of a key-value store with revisions.
 *
 * @param firstRevision - Revision of the empty store. Default 1, as in etcd.
 * @returns The model, for {@link checkHistory}. Each change copies the keys: meant for up to some hundred of them.
 */
export function revisionKeyValue(
  firstRevision = 1,
): Model<RevisionKeyValueState, RevisionKeyValueInput, RevisionKeyValueOutput> {
  return {
    init: () => ({ revision: firstRevision, keys: new Map() }),
    step,
    stateKey,
    behaviour,
    // Revisions only grow.
    mayFitLater: ({ revision }, _input, output) =>
      output.revision === undefined || revision < output.revision,
    describeOperation: describe,
    describeState: ({ revision, keys }) =>
      `revision ${revision}: ${[...keys].map(([key, { value }]) => `${key}=${JSON.stringify(value)}`).join(', ')}`,
  };
}

function step(
  state: RevisionKeyValueState,
  input: RevisionKeyValueInput,
  output: RevisionKeyValueOutput = {},
): Step<RevisionKeyValueState> {
  const found = state.keys.get(input.key);
  const next = changed(state, input);
  const right: Required<RevisionKeyValueOutput> = {
    revision: next.revision,
    value: found?.value ?? null,
    modRevision: found?.modRevision ?? 0,
    done: next !== state,
  };
  const fits =
    isRight(output.revision, right.revision) &&
    (input.type !== 'get' ||
      (isRight(output.value, right.value) && isRight(output.modRevision, right.modRevision))) &&
    (input.type === 'get' || input.type === 'put' || isRight(output.done, right.done));
  return fits ? { ok: true, state: next } : { ok: false };
}

function isRight<Told>(told: Told | undefined, right: Told): boolean {
  return told === undefined || told === right;
}

/** The state that an operation leaves; the same one if it changes nothing. */
function changed(state: RevisionKeyValueState, input: RevisionKeyValueInput): RevisionKeyValueState {
  const found = state.keys.get(input.key);
  if (input.type === 'get' || (input.type === 'delete' && found === undefined)) return state;
  if (input.type === 'compareAndSet' && (found?.modRevision ?? 0) !== input.expectedModRevision) return state;
  const revision = state.revision + 1;
  const keys = new Map(state.keys);
  if (input.type === 'put' || input.type === 'compareAndSet') {
    keys.set(input.key, { value: input.value, modRevision: revision });
  } else keys.delete(input.key);
  return { revision, keys };
}

function stateKey({ revision, keys }: RevisionKeyValueState): string {
  const records = [...keys].map(([key, { value, modRevision }]) => JSON.stringify([key, value, modRevision]));
  return `${revision} ${records.sort().join(' ')}`;
}

function behaviour(input: RevisionKeyValueInput, output: RevisionKeyValueOutput = {}): Behaviour {
  if (input.type === 'get' || (input.type !== 'put' && output.done === false)) return 'reads';
  return output.revision === undefined && output.done === undefined ? 'changes' : 'depends';
}

function describe(input: RevisionKeyValueInput, output: RevisionKeyValueOutput | undefined): string {
  const asked = [input.type === 'compareAndSet' ? 'cas' : input.type, input.key];
  if (input.type === 'compareAndSet') asked.push(`at ${input.expectedModRevision} to`);
  if (input.type === 'put' || input.type === 'compareAndSet') asked.push(JSON.stringify(input.value));
  const { value, modRevision, done, revision } = output ?? {};
  const told: string[] = [];
  if (value !== undefined) told.push(value === null ? 'nothing' : JSON.stringify(value));
  if (modRevision !== undefined) told.push(`changed at ${modRevision}`);
  if (done !== undefined) told.push(done ? 'done' : 'refused');
  if (revision !== undefined) told.push(`revision ${revision}`);
  return told.length === 0 ? asked.join(' ') : `${asked.join(' ')}: ${told.join(', ')}`;
}
