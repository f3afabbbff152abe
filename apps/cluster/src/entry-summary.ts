/** Entries of the log in words, for people who look at a log. */
import { decodeCommand, type Operation, type TransactionCommand } from '@synod/kv';
import { base64Of, textOf } from './key-encoding.js';
import type { LogEntryDocument } from './rest-documents.js';

/**
 * What an entry does, in a few words.
 *
 * @param kind - What the entry is for.
 * @param data - Its bytes.
 */
export function summaryOf(kind: LogEntryDocument['kind'], data: Uint8Array): string {
  if (kind === 'noop') return 'the first entry of a new leader';
  if (kind === 'membership') return 'a change of who takes part';
  try {
    const command = decodeCommand(data);
    switch (command.type) {
      case 'openSession':
        return 'open a session';
      case 'closeSession':
        return `close session ${command.session}`;
      case 'transaction':
        return `${transactionSummary(command)}${sessionSummary(command)}`;
    }
  } catch {
    return `a command of ${data.length} bytes that is refused`;
  }
}

function transactionSummary({ transaction: { compares, success, failure } }: TransactionCommand): string {
  const [operation] = success;
  const condition =
    compares.length === 0
      ? ''
      : ` if ${compares.length} condition${compares.length > 1 ? 's hold' : ' holds'}`;
  if (operation !== undefined && success.length === 1) return `${operationSummary(operation)}${condition}`;
  return `transaction of ${success.length} or ${failure.length} operations${condition}`;
}

function operationSummary(operation: Operation<Uint8Array>): string {
  switch (operation.type) {
    case 'put':
      return `put ${preview(operation.key)} = ${operation.value === undefined ? '(as it is)' : preview(operation.value)}`;
    case 'deleteRange': {
      const many = operation.rangeEnd !== undefined && operation.rangeEnd.length > 0;
      return many ? `delete a range from ${preview(operation.key)}` : `delete ${preview(operation.key)}`;
    }
    case 'range':
      return `read ${preview(operation.key)}`;
    case 'transaction':
      return 'nested transaction';
  }
}

function sessionSummary({ sequence }: TransactionCommand): string {
  return sequence === undefined ? '' : ` (session ${sequence.session}, number ${sequence.sequence})`;
}

function preview(bytes: Uint8Array): string {
  const text = textOf(bytes);
  if (text === undefined) return `base64 ${base64Of(bytes.subarray(0, 24))}${bytes.length > 24 ? '…' : ''}`;
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
