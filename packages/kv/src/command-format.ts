/** The numbers of the command format, version 1. They are in logs on disk: append, never change. */
import type { CompareResult, CompareTarget, SortTarget } from './transaction.js';

/** First byte of every command. */
export const commandFormat = 1;

/** Second byte of every command. */
export const commandKinds = {
  openSession: 1,
  closeSession: 2,
  transaction: 3,
  sessionTransaction: 4,
} as const;

/** First byte of every operation. */
export const operationTypes = { range: 1, put: 2, deleteRange: 3, transaction: 4 } as const;

/** Compare targets in the order of their number. */
export const compareTargets: readonly CompareTarget[] = [
  'version',
  'createRevision',
  'modRevision',
  'value',
  'lease',
];

/** Compare results in the order of their number, which fills the low two bits of a byte. */
export const compareResults: readonly CompareResult[] = ['equal', 'greater', 'less', 'not-equal'];

/** What the upper bits of a compare's result byte say. */
export const compareFlags = { rangeEnd: 4, negative: 8 } as const;

/** What the bits of a put's flag byte say. */
export const putFlags = { prevKv: 1, ignoreValue: 2, ignoreLease: 4, lease: 8 } as const;

/** What the bits of a deletion's flag byte say. */
export const deleteRangeFlags = { rangeEnd: 1, prevKv: 2 } as const;

/** What the bits of a range's flag byte say. */
export const rangeFlags = { rangeEnd: 1, keysOnly: 2, countOnly: 4, limit: 8, sort: 16, filter: 32 } as const;

/** Sort targets in the order of their number, which fills the low three bits of a byte. */
export const sortTargets: readonly SortTarget[] = [
  'key',
  'version',
  'createRevision',
  'modRevision',
  'value',
];

/** What the upper bits of a sort byte say. */
export const rangeSortFlags = { descending: 8 } as const;

/** Deepest nesting of transactions, the outermost counted: keeps recursion over a hostile command shallow. */
export const nestingDepthMax = 32;

/** The lists of a command, nested ones counted, may together have this many times `operationsMax` items. */
export const operationsTotalFactor = 4;
