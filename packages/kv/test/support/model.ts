/**
 * The store once more, as plainly as can be: a Map of text keys that is copied whole for every transaction. An oracle
 * for the real one; shares no code with it but the types.
 */
import type { Command, Compare, Operation, SessionSequence, Transaction } from '../../src/index.js';

export interface ModelEntry {
  readonly value: string;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
}

/** A result without what the model does not know: the text of a refusal. */
export type ModelResult =
  | { readonly type: 'session'; readonly id: number }
  | { readonly type: 'refused'; readonly code: string }
  | {
      readonly type: 'transaction';
      readonly succeeded: boolean;
      readonly revision: number;
      readonly responses: unknown[];
    };

interface ModelSession {
  readonly id: number;
  readonly sequence: number;
  readonly answer: ModelResult | undefined;
}

type Request = Transaction<Uint8Array>;

export class Model {
  revision = 1;
  keys = new Map<string, ModelEntry>();
  /** Least recently used first. */
  sessions: ModelSession[] = [];
  readonly #sessionsMax: number;

  constructor(sessionsMax: number) {
    this.#sessionsMax = sessionsMax;
  }

  apply(index: number, command: Command): ModelResult {
    if (command.type === 'openSession') {
      this.sessions = [...this.sessions, { id: index, sequence: 0, answer: undefined }].slice(
        -this.#sessionsMax,
      );
      return { type: 'session', id: index };
    }
    if (command.type === 'closeSession') {
      const wasOpen = this.sessions.some(({ id }) => id === command.session);
      this.sessions = this.sessions.filter(({ id }) => id !== command.session);
      return wasOpen ? { type: 'session', id: command.session } : refused('SESSION_EXPIRED');
    }
    if (hasDuplicates(command.transaction)) return refused('DUPLICATE_KEY');
    return command.sequence === undefined
      ? this.#transact(command.transaction)
      : this.#inSession(command.sequence, command.transaction);
  }

  #inSession({ session: id, sequence }: SessionSequence, transaction: Request): ModelResult {
    const session = this.sessions.find((each) => each.id === id);
    if (session === undefined) return refused('SESSION_EXPIRED');
    const isNew = sequence > session.sequence;
    const answer = isNew ? this.#transact(transaction) : session.answer;
    const next = isNew ? { id, sequence, answer } : session;
    this.sessions = [...this.sessions.filter((each) => each.id !== id), next];
    if (sequence < session.sequence || answer === undefined) return refused('SEQUENCE_STALE');
    return answer;
  }

  #transact(transaction: Request): ModelResult {
    const before = new Map(this.keys);
    const work = { keys: new Map(this.keys), changed: false, refused: undefined as string | undefined };
    const { succeeded, responses } = this.#run(transaction, before, work);
    if (work.refused !== undefined) return refused(work.refused);
    this.keys = work.keys;
    if (work.changed) this.revision++;
    return { type: 'transaction', succeeded, revision: this.revision, responses };
  }

  #run(
    transaction: Request,
    before: ReadonlyMap<string, ModelEntry>,
    work: { keys: Map<string, ModelEntry>; changed: boolean; refused: string | undefined },
  ): { succeeded: boolean; responses: unknown[] } {
    const succeeded = (transaction.compares ?? []).every((compare) => holds(before, compare));
    const responses = ((succeeded ? transaction.success : transaction.failure) ?? []).map((operation) => {
      if (operation.type === 'transaction') {
        const nested = this.#run(operation, before, work);
        return { ...nested, type: 'transaction', revision: this.#now(work) };
      }
      if (operation.type === 'put') return this.#put(operation, work);
      const found = select(work.keys, operation.key, operation.rangeEnd);
      if (operation.type === 'range') return this.#range(operation, found, work);
      for (const [key] of found) work.keys.delete(key);
      work.changed ||= found.length > 0;
      const prevKvs = operation.prevKv === true ? found.map(([key, entry]) => ({ key, ...entry })) : [];
      return { type: 'deleteRange', revision: this.#now(work), deleted: found.length, prevKvs };
    });
    return { succeeded, responses };
  }

  #put(
    operation: Extract<Operation<Uint8Array>, { type: 'put' }>,
    work: { keys: Map<string, ModelEntry>; changed: boolean; refused: string | undefined },
  ): unknown {
    const key = text(operation.key);
    const old = work.keys.get(key);
    if (old === undefined && (operation.ignoreValue === true || operation.ignoreLease === true)) {
      work.refused ??= 'KEY_NOT_FOUND';
    }
    work.keys.set(key, {
      value: operation.value === undefined ? (old?.value ?? '') : text(operation.value),
      createRevision: old?.createRevision ?? this.revision + 1,
      modRevision: this.revision + 1,
      version: (old?.version ?? 0) + 1,
    });
    work.changed = true;
    const prevKv = old !== undefined && operation.prevKv === true ? { key, ...old } : undefined;
    return { type: 'put', revision: this.revision + 1, prevKv };
  }

  #range(
    request: Extract<Operation<Uint8Array>, { type: 'range' }>,
    found: [string, ModelEntry][],
    work: { changed: boolean },
  ): unknown {
    const revision = this.#now(work);
    const count = found.length;
    if (request.countOnly === true) return { type: 'range', revision, kvs: [], more: false, count };
    const least = { mod: request.minModRevision ?? 0, create: request.minCreateRevision ?? 0 };
    const most = { mod: request.maxModRevision || 1e9, create: request.maxCreateRevision || 1e9 };
    const kept = found
      .map(([key, entry]) => ({ key, ...entry }))
      .filter((kv) => kv.modRevision >= least.mod && kv.modRevision <= most.mod)
      .filter((kv) => kv.createRevision >= least.create && kv.createRevision <= most.create);
    if (request.sort !== undefined) {
      const target = request.sort.target ?? 'key';
      const sign = request.sort.order === 'descending' ? -1 : 1;
      kept.sort((left, right) =>
        left[target] === right[target] ? 0 : left[target] < right[target] ? -sign : sign,
      );
    }
    const limit = request.limit || kept.length;
    const kvs = kept.slice(0, limit).map((kv) => (request.keysOnly === true ? { ...kv, value: '' } : kv));
    return { type: 'range', revision, kvs, more: kept.length > limit, count };
  }

  #now(work: { changed: boolean }): number {
    return work.changed ? this.revision + 1 : this.revision;
  }
}

/** Bytes as text of one character a byte, which JavaScript compares in the same order. */
export function text(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

// Entries of the keys that a range names, in order.
function select(
  keys: ReadonlyMap<string, ModelEntry>,
  key: Uint8Array,
  rangeEnd: Uint8Array | undefined,
): [string, ModelEntry][] {
  return [...keys]
    .filter(([each]) => isIn(each, text(key), rangeEnd))
    .sort(([left], [right]) => (left < right ? -1 : 1));
}

function isIn(key: string, first: string, rangeEnd: Uint8Array | undefined): boolean {
  if (rangeEnd === undefined || rangeEnd.length === 0) return key === first;
  return key >= first && (text(rangeEnd) === '\0' || key < text(rangeEnd));
}

function holds(keys: ReadonlyMap<string, ModelEntry>, compare: Compare<Uint8Array>): boolean {
  const found = select(keys, compare.key, compare.rangeEnd).map(([, entry]) => entry);
  const asked = found.length === 0 ? [undefined] : found;
  return asked.every((entry) => {
    if (compare.target === 'value') {
      return entry !== undefined && stands(entry.value, text(compare.value), compare.result);
    }
    const number = entry === undefined || compare.target === 'lease' ? 0 : entry[compare.target];
    return stands(number, compare.value, compare.result);
  });
}

function stands<Value extends string | number>(
  left: Value,
  right: Value,
  result: Compare['result'],
): boolean {
  if (result === 'equal') return left === right;
  if (result === 'not-equal') return left !== right;
  return result === 'less' ? left < right : left > right;
}

// Looks at every way through the transaction, one by one.
function hasDuplicates(transaction: Request): boolean {
  return waysThrough(transaction).some((way) =>
    way.some((left, at) => way.slice(at + 1).some((right) => clash(left, right) || clash(right, left))),
  );
}

function waysThrough(transaction: Request): Operation<Uint8Array>[][] {
  return [transaction.success ?? [], transaction.failure ?? []].flatMap((list) =>
    list.reduce<Operation<Uint8Array>[][]>(
      (ways, operation) => {
        const steps = operation.type === 'transaction' ? waysThrough(operation) : [[operation]];
        return ways.flatMap((way) => steps.map((step) => [...way, ...step]));
      },
      [[]],
    ),
  );
}

function clash(left: Operation<Uint8Array>, right: Operation<Uint8Array>): boolean {
  if (left.type !== 'put') return false;
  if (right.type === 'put') return text(left.key) === text(right.key);
  return right.type === 'deleteRange' && isIn(text(left.key), text(right.key), right.rangeEnd);
}

function refused(code: string): ModelResult {
  return { type: 'refused', code };
}
