/**
 * Names and numbers that every part of the house uses: who (nodes, groups, incarnations) and when in the protocol
 * (terms or ballots, log indexes or slots). Numbers are safe integers, so that the hot paths need no bigint; a range
 * check stands at every border where they come in.
 */
import { InvalidArgumentError } from './errors.js';

/** The protocol family of an engine. */
export type EngineKind = 'raft' | 'paxos';

/** Name of a node: 1 to 64 of the characters `A-Z a-z 0-9 . _ -`, unique in its cluster, never reused. */
export type NodeId = string;

/** Number of a consensus group in a process: 0 to 2^32 - 1. One process can host many groups. */
export type GroupId = number;

/**
 * A Raft term, or a Paxos ballot packed into one ordered number. 0 means "before any"; at most 2^53 - 1.
 *
 * @remarks A Paxos ballot is the pair (round, proposer) of Paxos Made Simple §2.2, compared by round first:
 * `round * 1024 + ordinal`, where the ordinal is the proposer's {@link Member.ordinal}. Both engines then compare,
 * store and send one number.
 */
export type Term = number;

/** Position in the replicated log: Raft's index or Multi-Paxos' slot. The first is 1; 0 means "none". */
export type LogIndex = number;

/**
 * Random name that a storage directory gets when it is first created: 32 lower-case hexadecimal digits. A node whose
 * disk was wiped comes back under another incarnation, and so its peers see that it has forgotten its votes.
 */
export type Incarnation = string;

/** A place in the log together with the term or ballot of the entry that stands there. */
export interface LogPosition {
  /** Index of the entry; 0 for the start of the log. */
  readonly index: LogIndex;
  /** Term or ballot of that entry; 0 for the start of the log. */
  readonly term: Term;
}

/** The place before the first entry. */
export const logStart: LogPosition = { index: 0, term: 0 };

/** Greatest length of a {@link NodeId}, in characters. */
export const nodeIdCharactersMax = 64;

const nodeIdPattern = /^[A-Za-z0-9._-]{1,64}$/;
const incarnationPattern = /^[0-9a-f]{32}$/;

/**
 * Tells whether a value is a well-formed {@link NodeId}.
 *
 * @param value - Anything.
 */
export function isNodeId(value: unknown): value is NodeId {
  return typeof value === 'string' && nodeIdPattern.test(value);
}

/**
 * Checks a node id that a caller gave.
 *
 * @param value - The id.
 * @param subject - What it is the id of, for the message.
 * @returns The same id.
 * @throws {@link InvalidArgumentError} when it is not 1 to 64 of the characters `A-Z a-z 0-9 . _ -`.
 */
export function parseNodeId(value: unknown, subject = 'node id'): NodeId {
  if (isNodeId(value)) return value;
  throw new InvalidArgumentError(
    `${subject} ${JSON.stringify(value)} is not a node id: use 1 to ${nodeIdCharactersMax} of the characters A-Z a-z 0-9 . _ -`,
  );
}

/**
 * Tells whether a value is a well-formed {@link Incarnation}.
 *
 * @param value - Anything.
 */
export function isIncarnation(value: unknown): value is Incarnation {
  return typeof value === 'string' && incarnationPattern.test(value);
}

/**
 * Checks that a number is a safe integer within a range.
 *
 * @param value - The number that a caller gave.
 * @param subject - Its name, for the message.
 * @param least - Smallest allowed value.
 * @param most - Greatest allowed value; default 2^53 - 1.
 * @returns The same number.
 * @throws {@link InvalidArgumentError} when it is not an integer or outside the range.
 */
export function parseInteger(
  value: unknown,
  subject: string,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most)
    return value;
  throw new InvalidArgumentError(
    `${subject} is ${String(value)}: it must be an integer from ${least} to ${most}`,
  );
}
