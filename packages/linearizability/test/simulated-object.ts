// Histories of an object that is linearizable by construction: each operation takes effect at one moment between its
// call and its answer. Some are never answered, and take effect late or not at all.
import type { Random } from '@synod/core';
import type { KeyValueInput, KeyValueOutput } from '../src/models/key-value.js';
import type { CompareAndSetRegisterInput, RegisterValue } from '../src/models/register.js';
import type { RevisionKeyValueInput, RevisionKeyValueOutput } from '../src/models/revision-key-value.js';
import type { Operation } from '../src/operation.js';

/** How busy the clients are. */
export interface Load<Input> {
  readonly clients: number;
  readonly operations: number;
  /** What a client asks next. */
  readonly ask: (random: Random, count: number) => Input;
  /** Share of the operations that are never answered, 0 to 1. Default 0. */
  readonly unanswered?: number;
}

interface Client<Input, Output> {
  name: string;
  at: number;
  doing:
    | {
        readonly input: Input;
        readonly calledAt: number;
        readonly effectAt: number;
        output: Output | undefined;
      }
    | undefined;
  isDone: boolean;
}

/** Runs clients against an object, which is changed in place. */
export function simulate<Input, Output>(
  object: (input: Input) => Output | undefined,
  random: Random,
  { clients, operations, ask, unanswered = 0 }: Load<Input>,
): Operation<Input, Output>[] {
  const history: Operation<Input, Output>[] = [];
  const late: { at: number; input: Input }[] = [];
  let asked = 0;
  const all: Client<Input, Output>[] = Array.from({ length: clients }, (_, number) => {
    return { name: `c${number}`, at: random.float(), doing: undefined, isDone: false };
  });

  function advance(client: Client<Input, Output>): void {
    const { doing, at } = client;
    if (doing === undefined) {
      if (asked >= operations) {
        client.at = Number.POSITIVE_INFINITY;
        return;
      }
      const input = ask(random, asked++);
      const effectAt = at + random.float();
      if (random.chance(unanswered)) {
        const returnedAt = Number.POSITIVE_INFINITY;
        history.push({ process: client.name, input, output: undefined, calledAt: at, returnedAt });
        if (random.chance(0.5)) late.push({ at: effectAt + 10 * random.float(), input });
        client.name += "'";
        client.at = effectAt + random.float();
        return;
      }
      client.doing = { input, calledAt: at, effectAt, output: undefined };
      client.isDone = false;
      client.at = effectAt;
    } else if (!client.isDone) {
      doing.output = object(doing.input);
      client.isDone = true;
      client.at = at + random.float();
    } else {
      const { input, output, calledAt } = doing;
      history.push({ process: client.name, input, output, calledAt, returnedAt: at });
      client.doing = undefined;
      client.at = at + 0.2 * random.float();
    }
  }

  for (;;) {
    const client = all.reduce((first, other) => (other.at < first.at ? other : first));
    late.sort((one, other) => one.at - other.at);
    const [next] = late;
    if (next !== undefined && next.at < client.at) {
      object(next.input);
      late.shift();
    } else if (client.at === Number.POSITIVE_INFINITY) return history;
    else advance(client);
  }
}

/** A register, as an object. */
export function simulatedRegister(): (input: CompareAndSetRegisterInput) => RegisterValue | undefined {
  let value: RegisterValue = null;
  return (input) => {
    if (input.type === 'read') return value;
    const found = input.type === 'write' || value === input.from;
    if (found) value = input.type === 'write' ? input.value : input.to;
    return input.type === 'write' ? undefined : found;
  };
}

/** A key-value store, as an object. */
export function simulatedStore(): (input: KeyValueInput) => KeyValueOutput | undefined {
  const values = new Map<string, string>();
  return (input) => {
    const found = values.get(input.key) ?? null;
    switch (input.type) {
      case 'get':
        return found;
      case 'put':
        values.set(input.key, input.value);
        return undefined;
      case 'append':
        values.set(input.key, (found ?? '') + input.value);
        return undefined;
      case 'delete':
        return values.delete(input.key);
      case 'compareAndSet':
        if (found === input.from) values.set(input.key, input.to);
        return found === input.from;
    }
  };
}

/** A store with revisions, as an object. */
export function simulatedRevisions(): (input: RevisionKeyValueInput) => RevisionKeyValueOutput {
  const records = new Map<string, { readonly value: string; readonly modRevision: number }>();
  let revision = 1;
  return (input) => {
    const found = records.get(input.key);
    switch (input.type) {
      case 'get':
        return { revision, value: found?.value ?? null, modRevision: found?.modRevision ?? 0 };
      case 'delete':
        if (found !== undefined) revision += 1;
        return { revision, done: records.delete(input.key) };
      case 'compareAndSet':
        if ((found?.modRevision ?? 0) !== input.expectedModRevision) return { revision, done: false };
        revision += 1;
        records.set(input.key, { value: input.value, modRevision: revision });
        return { revision, done: true };
      case 'put':
        revision += 1;
        records.set(input.key, { value: input.value, modRevision: revision });
        return { revision };
    }
  };
}
