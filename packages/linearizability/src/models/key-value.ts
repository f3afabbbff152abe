/** Several keys, each with a text that is read, set, appended to, deleted and exchanged. */
import type { Behaviour, Model, Step } from '../model.js';

/** Reads or deletes a key. */
export interface KeyRequest {
  /** Tells the operations apart. */
  readonly type: 'get' | 'delete';
  /** Which key. */
  readonly key: string;
}

/** Sets a key, or appends to what it has; appending to a key that is not there sets it. */
export interface KeyChange {
  /** Tells the operations apart. */
  readonly type: 'put' | 'append';
  /** Which key. */
  readonly key: string;
  /** What it is set to, or what is appended. */
  readonly value: string;
}

/** Sets a key if it has a certain value. */
export interface KeyCompareAndSet {
  /** Tells the operations apart. */
  readonly type: 'compareAndSet';
  /** Which key. */
  readonly key: string;
  /** What it must have; `null` if it must not exist. */
  readonly from: string | null;
  /** What it is set to then. */
  readonly to: string;
}

/** What is asked of a key-value store. */
export type KeyValueInput = KeyRequest | KeyChange | KeyCompareAndSet;

/**
 * What a key-value store answers: to a get, the value, or `null` if there is none; to a compare-and-set, whether it
 * set the key; to a delete, whether there was something to delete, or nothing if the store does not tell. A put or an
 * append has nothing to answer.
 */
export type KeyValueOutput = string | boolean | null;

/** How a key-value store behaves at its edges. */
export interface KeyValueOptions {
  /** What a key that is not there reads as. Default `null`; some stores say `''`. */
  readonly absent?: string | null;
}

type Value = string | null;

/**
 * A model of a key-value store, searched key by key.
 *
 * @param options - How it behaves at its edges.
 * @returns The model, for {@link checkHistory}.
 */
export function keyValue(options: KeyValueOptions = {}): Model<string | null, KeyValueInput, KeyValueOutput> {
  const absent = options.absent ?? null;
  return {
    init: () => absent,
    step: (value, input, output) => step(value, input, output, absent),
    behaviour,
    mayFitLater: (value, input, output, before) => {
      const wanted = foundBy(input, output);
      return (
        wanted === undefined ||
        canGrow(value, wanted, before) ||
        before.some((other) => canGrow(valueSetBy(other, absent), wanted, before))
      );
    },
    partitionKey: ({ key }) => key,
    describeOperation: describe,
    describeState: text,
  };
}

function step(
  value: Value,
  input: KeyValueInput,
  output: KeyValueOutput | undefined,
  absent: Value,
): Step<Value> {
  switch (input.type) {
    case 'get':
      return answered(output, value, value);
    case 'put':
      return { ok: true, state: input.value };
    case 'append':
      return { ok: true, state: (value ?? '') + input.value };
    case 'delete':
      return answered(output, value !== absent, absent);
    case 'compareAndSet': {
      const found = value === input.from;
      return answered(output, found, found ? input.to : value);
    }
  }
}

function answered(output: KeyValueOutput | undefined, right: KeyValueOutput, state: Value): Step<Value> {
  return output === undefined || output === right ? { ok: true, state } : { ok: false };
}

function behaviour(input: KeyValueInput, output: KeyValueOutput | undefined): Behaviour {
  switch (input.type) {
    case 'get':
      return 'reads';
    case 'put':
      return 'overwrites';
    case 'append':
      return 'changes';
    case 'delete':
      if (output === undefined) return 'overwrites';
      return output === false ? 'reads' : 'depends';
    case 'compareAndSet':
      if (output === false || input.from === input.to) return 'reads';
      return output === undefined ? 'changes' : 'depends';
  }
}

/** The value that an operation must have found; `undefined` if it may have found several. */
function foundBy(input: KeyValueInput, output: KeyValueOutput): KeyValueOutput | undefined {
  if (input.type === 'get') return output;
  return input.type === 'compareAndSet' && output === true ? input.from : undefined;
}

/** The value that an operation sets whatever it finds, if it changes anything; `undefined` for one that does not. */
function valueSetBy(input: KeyValueInput, absent: Value): Value | undefined {
  switch (input.type) {
    case 'get':
    case 'append':
      return undefined;
    case 'put':
      return input.value;
    case 'delete':
      return absent;
    case 'compareAndSet':
      return input.to;
  }
}

/**
 * Whether a value is the wanted one already, or may become it by the appends among some operations. It follows the
 * only way to go on, and says yes where there are two.
 */
function canGrow(
  value: Value | undefined,
  wanted: KeyValueOutput,
  inputs: readonly KeyValueInput[],
): boolean {
  if (value === wanted) return true;
  if (value === undefined || typeof wanted !== 'string' || !wanted.startsWith(value ?? '')) return false;
  let length = (value ?? '').length;
  while (length < wanted.length) {
    let part: string | undefined;
    for (const input of inputs) {
      if (input.type !== 'append' || !wanted.startsWith(input.value, length)) continue;
      if (input.value === '' || (part !== undefined && part !== input.value)) return true;
      part = input.value;
    }
    if (part === undefined) return false;
    length += part.length;
  }
  return true;
}

function describe(input: KeyValueInput, output: KeyValueOutput | undefined): string {
  switch (input.type) {
    case 'get':
      return output === undefined ? 'get' : `get ${text(output)}`;
    case 'put':
      return `put ${text(input.value)}`;
    case 'append':
      return `append ${text(input.value)}`;
    case 'delete':
      return output === undefined ? 'delete' : `delete: ${output === true ? 'done' : 'nothing there'}`;
    case 'compareAndSet': {
      const asked = `cas ${text(input.from)} to ${text(input.to)}`;
      return output === undefined ? asked : `${asked}: ${output === true ? 'done' : 'refused'}`;
    }
  }
}

function text(value: KeyValueOutput): string {
  return value === null ? 'nothing' : JSON.stringify(value);
}
