/** Random commands for property tests. */
import fc from 'fast-check';
import type { Compare, Operation, RangeSort, SessionSequence, Transaction } from '../../src/index.js';

/** What to send: a transaction, in a session that is named by its place in the order of opening, or about sessions. */
export type Sent =
  | { readonly type: 'open' }
  | { readonly type: 'close'; readonly session: number }
  | {
      readonly type: 'transaction';
      readonly session: number | undefined;
      /** How many earlier commands of the session to go back: 0 is a new one, 1 a retry, more is stale. */
      readonly back: number;
      readonly transaction: Transaction<Uint8Array>;
    };

const key = fc
  .constantFrom([0], [97], [97, 0], [97, 98], [98], [99], [255], [255, 255])
  .map((from) => Uint8Array.from(from));
const end = fc
  .constantFrom([], [0], [97], [98], [99], [255], [255, 255, 0])
  .map((from) => Uint8Array.from(from));
const value = fc.uint8Array({ maxLength: 3 });
const revision = fc.nat(12);
const range = fc.oneof(fc.record({ key }), fc.record({ key, rangeEnd: end }));
const result = fc.constantFrom('equal' as const, 'greater' as const, 'less' as const, 'not-equal' as const);

const compare: fc.Arbitrary<Compare<Uint8Array>> = fc.oneof(
  fc
    .record({
      range,
      result,
      value: fc.integer({ min: -2, max: 12 }),
      target: fc.constantFrom(
        'version' as const,
        'createRevision' as const,
        'modRevision' as const,
        'lease' as const,
      ),
    })
    .map(({ range: interval, ...rest }) => ({ ...interval, ...rest })),
  fc
    .record({ range, result, value, target: fc.constant('value' as const) })
    .map(({ range: interval, ...rest }) => ({ ...interval, ...rest })),
);

const put: fc.Arbitrary<Operation<Uint8Array>> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant('put' as const), key, value, prevKv: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('put' as const),
      key,
      ignoreValue: fc.constant(true),
      prevKv: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('put' as const), key, value, ignoreLease: fc.constant(true) }),
  },
);

const sort: fc.Arbitrary<RangeSort> = fc.record({
  target: fc.constantFrom(
    'key' as const,
    'version' as const,
    'createRevision' as const,
    'modRevision' as const,
    'value' as const,
  ),
  order: fc.constantFrom('ascending' as const, 'descending' as const),
});

const read: fc.Arbitrary<Operation<Uint8Array>> = fc
  .record({
    range,
    options: fc.record(
      {
        limit: fc.nat(4),
        keysOnly: fc.boolean(),
        countOnly: fc.boolean(),
        sort,
        minModRevision: revision,
        maxModRevision: revision,
        minCreateRevision: revision,
        maxCreateRevision: revision,
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ range: interval, options }) => ({ type: 'range', ...interval, ...options }));

const remove: fc.Arbitrary<Operation<Uint8Array>> = fc
  .record({ range, prevKv: fc.boolean() })
  .map(({ range: interval, prevKv }) => ({ type: 'deleteRange', ...interval, prevKv }));

const { transaction } = fc.letrec<{ transaction: Transaction<Uint8Array>; operation: Operation<Uint8Array> }>(
  (tie) => ({
    operation: fc.oneof(
      { maxDepth: 3 },
      put,
      read,
      remove,
      tie('transaction').map((nested) => ({ type: 'transaction' as const, ...nested })),
    ),
    transaction: fc.record({
      compares: fc.array(compare, { maxLength: 2 }),
      success: fc.array(tie('operation'), { maxLength: 3 }),
      failure: fc.array(tie('operation'), { maxLength: 3 }),
    }),
  }),
);

const simple = fc.oneof(put, remove).map((operation) => ({ success: [operation] }));

/** Any transaction of few keys. */
export const anyTransaction: fc.Arbitrary<Transaction<Uint8Array>> = fc.oneof(transaction, simple);

/** Any step of a client. */
export const anySent: fc.Arbitrary<Sent> = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ type: 'open' as const }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('close' as const), session: fc.nat(6) }) },
  {
    weight: 12,
    arbitrary: fc.record({
      type: fc.constant('transaction' as const),
      session: fc.option(fc.nat(6), { nil: undefined }),
      back: fc.constantFrom(0, 0, 0, 1, 1, 2),
      transaction: anyTransaction,
    }),
  },
);

/** What a list of {@link Sent} comes to, one at a time: which session, which number. */
export class Clients {
  readonly #sessions: { readonly id: number; readonly sent: Transaction<Uint8Array>[] }[] = [];

  opened(id: number): void {
    this.#sessions.push({ id, sent: [] });
  }

  idOf(session: number): number {
    return this.#sessions[session]?.id ?? 1_000_000 + session;
  }

  /** The transaction to send, a repeated one for a retry, and its place in a session. */
  next(sent: Extract<Sent, { type: 'transaction' }>): [Transaction<Uint8Array>, SessionSequence | undefined] {
    if (sent.session === undefined) return [sent.transaction, undefined];
    const session = this.#sessions[sent.session];
    if (session === undefined) return [sent.transaction, { session: this.idOf(sent.session), sequence: 1 }];
    const again = sent.back === 0 ? undefined : session.sent[session.sent.length - sent.back];
    if (again !== undefined)
      return [again, { session: session.id, sequence: session.sent.length - sent.back + 1 }];
    session.sent.push(sent.transaction);
    return [sent.transaction, { session: session.id, sequence: session.sent.length }];
  }
}
