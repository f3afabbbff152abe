/** A recorded history in either format, told apart by what is in it. */
import { DecodeError } from '@synod/core';
import {
  type CheckOptions,
  checkHistory,
  compareAndSetRegister,
  keyValue,
  type Model,
  type Operation,
  renderHistory,
  type Verdict,
} from '@synod/linearizability';
import { isJepsenLog, parseJepsenLog } from './jepsen-log.js';
import { isKeyValueLog, parseKeyValueLog } from './key-value-log.js';

/** What was found of a recording. */
export interface Finding {
  /** What is known of it. */
  readonly verdict: Verdict;
  /** How many operations are in it. */
  readonly operations: number;
  /** Draws it, as an HTML page. */
  readonly draw: () => string;
}

/**
 * Checks a recording.
 *
 * @param text - A Jepsen log of a register, or a log of maps of a key-value store. Nothing at all is an empty history.
 * @param options - Limits of the check.
 * @returns What was found.
 * @throws DecodeError when the text is of neither format, or a line makes no sense.
 */
export function checkRecording(text: string, options: CheckOptions): Finding {
  if (text.trim() === '') return find(compareAndSetRegister(), [], options);
  if (isKeyValueLog(text)) return find(keyValue({ absent: '' }), parseKeyValueLog(text), options);
  if (isJepsenLog(text)) return find(compareAndSetRegister(), parseJepsenLog(text), options);
  throw new DecodeError(
    'it is neither a Jepsen log of a register nor a log of EDN maps of a key-value store',
  );
}

function find<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  options: CheckOptions,
): Finding {
  const result = checkHistory(model, operations, options);
  return { verdict: result.verdict, operations: operations.length, draw: () => renderHistory(model, result) };
}
