/**
 * Jepsen's log of a register test, one event a line: the logger, then process, type, function and value, such as
 * `INFO  jepsen.util - 3 :invoke :cas [2 4]`. Event types as in Jepsen: `:ok` was answered, `:fail` definitely did not
 * happen, `:info` may have happened or may still.
 */
import { DecodeError } from '@synod/core';
import {
  type CallId,
  type CompareAndSetRegisterInput,
  History,
  type Operation,
  type RegisterValue,
} from '@synod/linearizability';

interface Waiting {
  readonly call: CallId;
  readonly input: CompareAndSetRegisterInput;
}

const eventLine = /\bjepsen\.util\s+-\s+(\S+)\s+:(\w+)\s+:([\w-]+)(?:\s+(.*\S))?\s*$/;

/**
 * Tells whether a text has an event of a Jepsen log.
 *
 * @param text - Any text.
 */
export function isJepsenLog(text: string): boolean {
  return text.split('\n').some((line) => eventLine.test(line));
}

/**
 * Reads the history of a register from a Jepsen log. Time is the number of the line. Other lines than events, and
 * events of the nemesis, are passed over.
 *
 * @param text - The log.
 * @returns The history; a refused compare-and-set is an answer, a read that timed out is of unknown outcome.
 * @throws DecodeError when an event makes no sense, naming its line.
 */
export function parseJepsenLog(
  text: string,
): readonly Operation<CompareAndSetRegisterInput, RegisterValue>[] {
  const history = new History<CompareAndSetRegisterInput, RegisterValue>();
  const waiting = new Map<string, Waiting>();
  for (const [index, line] of text.split('\n').entries()) {
    const [, process = '', type = '', name = '', value = ''] = eventLine.exec(line) ?? [];
    if (!/^\d+$/.test(process)) continue;
    const at = index + 1;
    if (type === 'invoke') {
      const input = inputOf(name, value, at);
      // A process that calls again without an answer leaves its last call open.
      waiting.set(process, { call: history.invoke(Number(process), input, at), input });
      continue;
    }
    const asked = waiting.get(process);
    if (asked === undefined || functionOf(asked.input) !== name) {
      throw new DecodeError(`line ${at}: process ${process} ends a ${name} that it did not begin`);
    }
    waiting.delete(process);
    settle(history, asked, type, value, at);
  }
  return history.operations();
}

function settle(
  history: History<CompareAndSetRegisterInput, RegisterValue>,
  { call, input }: Waiting,
  type: string,
  value: string,
  at: number,
): void {
  // Instead of a value, an ending can have a reason, such as :timed-out: then nobody knows the outcome.
  const isReason = value.startsWith(':');
  if (type === 'info' || (type === 'fail' && isReason)) history.info(call);
  else if (type === 'ok') history.ok(call, answerOf(input, value), at);
  else if (type !== 'fail')
    throw new DecodeError(`line ${at}: an event is :invoke, :ok, :fail or :info, not :${type}`);
  else if (input.type === 'compareAndSet') history.ok(call, false, at);
  else history.fail(call);
}

function answerOf(input: CompareAndSetRegisterInput, value: string): RegisterValue | undefined {
  if (input.type === 'read') return registerValue(value);
  return input.type === 'write' ? undefined : true;
}

function inputOf(name: string, value: string, at: number): CompareAndSetRegisterInput {
  if (name === 'read') return { type: 'read' };
  if (name === 'write' && value !== '') return { type: 'write', value: registerValue(value) };
  const [, from, to] = /^\[(\S+)\s+(\S+)\]$/.exec(value) ?? [];
  if (name === 'cas' && from !== undefined && to !== undefined) {
    return { type: 'compareAndSet', from: registerValue(from), to: registerValue(to) };
  }
  throw new DecodeError(`line ${at}: ${name} ${value} is no read, no write of a value and no cas of a pair`);
}

function functionOf({ type }: CompareAndSetRegisterInput): string {
  return type === 'compareAndSet' ? 'cas' : type;
}

function registerValue(text: string): RegisterValue {
  if (text === 'nil') return null;
  return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
}
