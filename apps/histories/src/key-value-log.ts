/**
 * A log of a key-value store, one EDN map a line with `:process`, `:type`, `:f` (`:get`, `:put` or `:append`), `:key`
 * and `:value`. A key begins as the empty string.
 */
import { DecodeError } from '@synod/core';
import {
  type CallId,
  History,
  type KeyValueInput,
  type KeyValueOutput,
  type Operation,
} from '@synod/linearizability';
import { type EdnValue, parseEdnMap } from './edn-map.js';

/**
 * Tells whether a text begins like a log of maps.
 *
 * @param text - Any text.
 */
export function isKeyValueLog(text: string): boolean {
  return text.trimStart().startsWith('{');
}

/**
 * Reads the history of a key-value store from a log of maps. Time is the number of the line.
 *
 * @param text - The log.
 * @returns The history.
 * @throws DecodeError when a line makes no sense, naming it.
 */
export function parseKeyValueLog(text: string): readonly Operation<KeyValueInput, KeyValueOutput>[] {
  const history = new History<KeyValueInput, KeyValueOutput>();
  const waiting = new Map<EdnValue, { readonly call: CallId; readonly input: KeyValueInput }>();
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const at = index + 1;
    const event = readLine(line, at);
    const process = event.get('process');
    if (typeof process !== 'number' && typeof process !== 'string') {
      throw new DecodeError(`line ${at}: there is no :process`);
    }
    if (event.get('type') === ':invoke') {
      const input = inputOf(event, at);
      waiting.set(process, { call: history.invoke(process, input, at), input });
      continue;
    }
    const asked = waiting.get(process);
    if (asked === undefined || `:${asked.input.type}` !== event.get('f')) {
      throw new DecodeError(`line ${at}: process ${process} ends what it did not begin`);
    }
    waiting.delete(process);
    settle(history, asked.call, asked.input, event, at);
  }
  return history.operations();
}

function readLine(line: string, at: number): ReadonlyMap<string, EdnValue> {
  try {
    return parseEdnMap(line);
  } catch (error) {
    if (error instanceof DecodeError) throw new DecodeError(`line ${at}: ${error.message}`);
    throw error;
  }
}

function settle(
  history: History<KeyValueInput, KeyValueOutput>,
  call: CallId,
  input: KeyValueInput,
  event: ReadonlyMap<string, EdnValue>,
  at: number,
): void {
  switch (event.get('type')) {
    case ':ok':
      return history.ok(call, input.type === 'get' ? textOf(event.get('value')) : undefined, at);
    case ':fail':
      return history.fail(call);
    case ':info':
      return history.info(call);
    default:
      throw new DecodeError(`line ${at}: :type is :invoke, :ok, :fail or :info, not ${event.get('type')}`);
  }
}

function inputOf(event: ReadonlyMap<string, EdnValue>, at: number): KeyValueInput {
  if (!event.has('key')) throw new DecodeError(`line ${at}: there is no :key`);
  const key = textOf(event.get('key'));
  const value = textOf(event.get('value'));
  switch (event.get('f')) {
    case ':get':
      return { type: 'get', key };
    case ':put':
      return { type: 'put', key, value };
    case ':append':
      return { type: 'append', key, value };
    default:
      throw new DecodeError(`line ${at}: :f is :get, :put or :append, not ${event.get('f')}`);
  }
}

function textOf(value: EdnValue | undefined): string {
  return value === null || value === undefined ? '' : String(value);
}
