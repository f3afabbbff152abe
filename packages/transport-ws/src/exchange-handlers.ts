/** Who answers calls and takes streams, by name. A map, and not an object: `__proto__` is a name like any other. */
import { encodeUtf8, InvalidArgumentError } from '@synod/core';
import { methodNameBytesMax } from './exchange-items.js';
import type { CallHandler } from './incoming-calls.js';
import type { StreamHandler } from './stream-table.js';

/** The handlers of a transport. */
export class ExchangeHandlers {
  /** Handlers of calls. */
  readonly calls = new Map<string, CallHandler>();
  /** Handlers of streams. */
  readonly streams = new Map<string, StreamHandler>();

  /**
   * Sets the handler of a name.
   *
   * @param handlers - Of calls, or of streams.
   * @param name - The name.
   * @param handler - Who takes them.
   * @returns Takes it away again.
   * @throws InvalidArgumentError when the name is malformed or has a handler.
   */
  add<Handler>(handlers: Map<string, Handler>, name: string, handler: Handler): () => void {
    checkMethodName(name);
    if (handlers.has(name))
      throw new InvalidArgumentError(`${JSON.stringify(name)} has a handler: remove it first`);
    handlers.set(name, handler);
    return () => {
      if (handlers.get(name) === handler) handlers.delete(name);
    };
  }
}

/**
 * Checks the name of a method or stream.
 *
 * @param name - It.
 * @throws InvalidArgumentError when it is no text of 1 to 128 bytes.
 */
export function checkMethodName(name: string): void {
  const bytes = typeof name === 'string' && name.length <= methodNameBytesMax ? encodeUtf8(name).length : 0;
  if (bytes >= 1 && bytes <= methodNameBytesMax) return;
  throw new InvalidArgumentError(
    `a method name of ${typeof name === 'string' ? `${name.length} characters` : `type ${typeof name}`} was given: it must be a text of 1 to ${methodNameBytesMax} bytes`,
  );
}
