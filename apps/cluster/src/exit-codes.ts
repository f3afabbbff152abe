/** Exit codes of the program, so that scripts and supervisors can tell what happened. Part of the interface. */
import { isSynodError } from '@synod/core';

/** Ended well. */
export const exitOk = 0;
/** Failed for a reason that has no code of its own. */
const exitFailed = 1;
/** The command line is wrong. */
export const exitUsage = 2;

/** Codes of errors, by the code that the error carries. */
export const exitCodes: Readonly<Record<string, number>> = {
  // The client's commands.
  KEY_NOT_FOUND: 3,
  OUTCOME_UNKNOWN: 4,
  NODE_UNREACHABLE: 5,
  NO_LEADER: 6,
  // A node, or a cluster that does not come up.
  STORAGE_CORRUPT: 10,
  INCARNATION_LOST: 11,
  STORAGE_FAILED: 12,
  STORAGE_LOCKED: 13,
  LISTEN_FAILED: 14,
  INVARIANT_VIOLATION: 15,
  STORAGE_VERSION: 16,
  STORAGE_RETIRED: 17,
  // The offline tools.
  BACKUP_DAMAGED: 18,
  TORN_TAIL: 19,
};

/**
 * The exit code that tells an error: that of the error itself or of what caused it, whichever comes first.
 *
 * @param error - What was caught.
 */
export function exitCodeOf(error: unknown): number {
  for (const link of causes(error)) {
    const code = isSynodError(link) ? exitCodes[link.code] : undefined;
    if (code !== undefined) return code;
  }
  return exitFailed;
}

/**
 * An error for people: its code and message, and those of its causes that add something.
 *
 * @param error - What was caught.
 */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  for (const link of causes(error)) {
    const message = link instanceof Error ? link.message : String(link);
    if (parts.some((part) => part.includes(message))) continue;
    parts.push(isSynodError(link) ? `${link.code}: ${message}` : message);
  }
  return parts.join('\n  caused by ');
}

function* causes(error: unknown): Generator<unknown> {
  let link = error;
  // A chain that bites its own tail must not hang the last words of a process.
  for (let depth = 0; depth < 8 && link !== undefined; depth++) {
    yield link;
    link = link instanceof Error ? link.cause : undefined;
  }
}
