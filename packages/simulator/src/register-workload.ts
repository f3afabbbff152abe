/**
 * A small key-value machine with client sessions, for storms over an engine alone: put, append and compare-and-set,
 * each applied exactly once however often a client repeats it (Raft dissertation §6.3).
 */
import {
  ByteReader,
  ByteWriter,
  decodeUtf8,
  encodeUtf8,
  type StateMachine,
  type StateMachineRestore,
} from '@synod/core';
import type { ClientTurn, Workload } from './subject.js';

/** What a client asks of the registers. */
export type RegisterRequest =
  | { readonly type: 'get'; readonly key: string }
  | {
      readonly type: 'put' | 'append';
      readonly key: string;
      readonly value: string;
      readonly client: number;
      readonly sequence: number;
    }
  | {
      readonly type: 'compareAndSet';
      readonly key: string;
      readonly expected: string;
      readonly value: string;
      readonly client: number;
      readonly sequence: number;
    };

/** What it is answered: the value for `get` (empty for none), whether it was set for `compareAndSet`, else nothing. */
export type RegisterAnswer = string | boolean | undefined;

interface Session {
  readonly sequence: number;
  readonly answer: RegisterAnswer;
}

/** Registers by name, with a session for each client. */
export class RegisterMachine implements StateMachine<RegisterAnswer> {
  #values = new Map<string, string>();
  #sessions = new Map<number, Session>();
  #appliedTwice: string | undefined;

  /** What was appended twice, which sessions exclude: every value is appended by one request only. */
  get appliedTwice(): string | undefined {
    return this.#appliedTwice;
  }

  /** Forgets all sessions: for machines that show what happens without them. */
  forgetSessions(): void {
    this.#sessions.clear();
  }

  /**
   * Forgets a register: for machines that show what happens without it.
   *
   * @param key - Its name.
   */
  forget(key: string): void {
    this.#values.delete(key);
  }

  /**
   * The value of a register; empty for none.
   *
   * @param key - Its name.
   */
  get(key: string): string {
    return this.#values.get(key) ?? '';
  }

  /**
   * Applies one request, unless its session shows that it was applied before.
   *
   * @param _index - Its index in the log.
   * @param command - Its bytes.
   */
  apply(_index: number, command: Uint8Array): RegisterAnswer {
    const request = decodeRequest(command);
    const { client, sequence } = request;
    const session = this.#sessions.get(client);
    if (session?.sequence === sequence) return session.answer;
    // A late copy of an old request: its client has long gone on.
    if (session !== undefined && sequence < session.sequence) return undefined;
    const answer = this.#change(request);
    this.#sessions.set(client, { sequence, answer });
    return answer;
  }

  #change(request: Change): RegisterAnswer {
    const before = this.#values.get(request.key) ?? '';
    switch (request.type) {
      case 'put':
        this.#values.set(request.key, request.value);
        return undefined;
      case 'append':
        if (before.includes(request.value)) this.#appliedTwice = request.value;
        // Kept short, so that a long storm does not spend its time on long texts.
        this.#values.set(request.key, (before + request.value).slice(-valueCharactersMax));
        return undefined;
      case 'compareAndSet':
        if (before !== request.expected) return false;
        this.#values.set(request.key, request.value);
        return true;
    }
  }

  /** All registers and sessions, sorted, so that equal states have equal bytes. */
  snapshot(): Iterable<Uint8Array> {
    const writer = new ByteWriter();
    writer.varint(this.#values.size);
    for (const [key, value] of sorted(this.#values)) {
      writer.string(key);
      writer.string(value);
    }
    writer.varint(this.#sessions.size);
    for (const [client, { sequence, answer }] of sorted(this.#sessions)) {
      writer.varint(client);
      writer.varint(sequence);
      writer.string(answer === undefined ? '' : JSON.stringify(answer));
    }
    return [writer.take()];
  }

  /** Begins to replace everything by a snapshot. */
  restore(): StateMachineRestore {
    const writer = new ByteWriter();
    return {
      write: (chunk) => writer.raw(chunk),
      finish: () => {
        const reader = new ByteReader(writer.take());
        this.#values = new Map();
        this.#sessions = new Map();
        for (let left = reader.varint(); left > 0; left--) {
          const key = reader.string();
          this.#values.set(key, reader.string());
        }
        for (let left = reader.varint(); left > 0; left--) {
          const client = reader.varint();
          const sequence = reader.varint();
          this.#sessions.set(client, { sequence, answer: readAnswer(reader.string()) });
        }
        reader.end();
      },
    };
  }
}

/** Longest value, so that `append` stays small. */
export const valueCharactersMax = 24;

function readAnswer(text: string): RegisterAnswer {
  const value: unknown = text === '' ? undefined : JSON.parse(text);
  return typeof value === 'string' || typeof value === 'boolean' ? value : undefined;
}

function sorted<Key extends string | number, Value>(map: ReadonlyMap<Key, Value>): readonly [Key, Value][] {
  return [...map].sort(([left], [right]) => (left < right ? -1 : 1));
}

type Change = Exclude<RegisterRequest, { readonly type: 'get' }>;

/** Fields in a row, each ended by a line feed, which no key or value holds: read faster than anything that nests. */
function encodeRequest(change: Change): Uint8Array {
  const { type, key, client, sequence, value } = change;
  const expected = type === 'compareAndSet' ? `${change.expected}\n` : '';
  return encodeUtf8(`${type}\n${key}\n${client}\n${sequence}\n${value}\n${expected}`);
}

function decodeRequest(bytes: Uint8Array): Change {
  const [type, key = '', client, sequence, value = '', expected = ''] = decodeUtf8(bytes).split('\n');
  const change = { key, value, client: Number(client), sequence: Number(sequence) };
  // Only this file's own bytes come here: the log holds nothing else.
  if (type === 'compareAndSet') return { type, expected, ...change };
  return { type: type === 'put' ? 'put' : 'append', ...change };
}

const keys = ['a', 'b', 'c', 'd', 'e'];

/**
 * Clients that put, append, compare and set, and read, over a few keys.
 *
 * @returns The workload. Add `judge` to it to check linearizability.
 */
export function registerWorkload(): Workload<RegisterMachine, RegisterRequest, RegisterAnswer> {
  return {
    createMachine: () => new RegisterMachine(),
    next: nextRequest,
    encode: (request) => (request.type === 'get' ? undefined : encodeRequest(request)),
    read: (machine, request) => machine.get(request.key),
    withoutAnswer: 'repeat',
    check: ({ appliedTwice }) =>
      appliedTwice === undefined ? undefined : `${JSON.stringify(appliedTwice)} was appended twice`,
  };
}

function nextRequest({ client, sequence, random }: ClientTurn): RegisterRequest {
  const key = keys[random.integer(0, keys.length)] ?? 'a';
  const dice = random.float();
  if (dice < 0.4) return { type: 'get', key };
  const value = `${client}.${sequence}`;
  if (dice < 0.65) return { type: 'put', key, value, client, sequence };
  if (dice < 0.85) return { type: 'append', key, value: `(${value})`, client, sequence };
  const expected = random.chance(0.5) ? '' : `${client}.${sequence - random.integer(1, 6)}`;
  return { type: 'compareAndSet', key, expected, value, client, sequence };
}
