/** Words for people on a terminal: colour only where there is one, and errors that say what to do next. */
import { isSynodError, SynodError } from '@synod/core';
import { describeError } from './exit-codes.js';

/** Ways to stress words. */
export interface Paint {
  /** Important. */
  bold(text: string): string;
  /** Unimportant. */
  dim(text: string): string;
  /** Good. */
  green(text: string): string;
  /** Bad. */
  red(text: string): string;
}

/**
 * Stress for one stream: escape codes on a terminal, none elsewhere or where `NO_COLOR` is set.
 *
 * @param stream - Where the words go.
 */
export function paintFor(stream: NodeJS.WriteStream): Paint {
  const colour = stream.isTTY === true && process.env.NO_COLOR === undefined && process.env.TERM !== 'dumb';
  const style = (code: number) => (text: string) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  return { bold: style(1), dim: style(2), green: style(32), red: style(31) };
}

/**
 * Prints one line for the user.
 *
 * @param line - The line; nothing for an empty one.
 */
export function say(line = ''): void {
  process.stdout.write(`${line}\n`);
}

/**
 * Prints an error.
 *
 * @param error - What was caught.
 */
export function complain(error: unknown): void {
  const paint = paintFor(process.stderr);
  const unknown = isSynodError(error) && error.effect === 'unknown' && error.code !== 'OUTCOME_UNKNOWN';
  const tail = unknown ? ' (it may have taken effect)' : '';
  process.stderr.write(`${paint.red('error')} ${describeError(error)}${tail}\n`);
}

/**
 * A failure with nothing more to tell than its words.
 *
 * @param code - Stable code.
 * @param message - What was wrong and what would be right.
 */
export function failure(code: string, message: string): SynodError {
  return new SynodError({ code, message });
}
