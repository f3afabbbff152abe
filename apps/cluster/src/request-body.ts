/**
 * Bodies of requests, read within bounds: one body is limited by its own length, and all bodies that are being read
 * share a budget, so that a crowd of clients cannot exhaust the memory of a node.
 */
import type { IncomingMessage } from 'node:http';
import { RestError } from './rest-errors.js';

/** Bytes that all unfinished requests together may hold. */
export class BodyBudget {
  readonly #bytesMax: number;
  #bytes = 0;

  /** @param bytesMax - Most bytes held at one time. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Bytes held now. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Takes bytes.
   *
   * @param bytes - How many.
   * @returns `false`, and takes none, when they do not fit now.
   */
  tryTake(bytes: number): boolean {
    if (this.#bytes + bytes > this.#bytesMax) return false;
    this.#bytes += bytes;
    return true;
  }

  /**
   * Gives bytes back.
   *
   * @param bytes - As many as were taken.
   */
  give(bytes: number): void {
    this.#bytes -= bytes;
  }
}

/**
 * Reads a whole body.
 *
 * @param incoming - The request.
 * @param bytesMax - Most bytes it may have.
 * @param budget - What all bodies share; the bytes stay taken until the caller gives `length` back.
 * @throws {@link RestError} `BODY_TOO_LARGE` as soon as it is known to be longer, `OVERLOADED` when the budget is
 * spent, `MALFORMED_REQUEST` when the client goes away in the middle.
 */
export async function readBody(
  incoming: IncomingMessage,
  bytesMax: number,
  budget: BodyBudget,
): Promise<Buffer> {
  const announced = announcedLength(incoming);
  if (announced > bytesMax) throw bodyTooLarge(bytesMax);
  if (announced === 0 && incoming.headers['transfer-encoding'] === undefined) return Buffer.alloc(0);
  return await new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const fail = (error: RestError): void => {
      detach();
      budget.give(length);
      reject(error);
    };
    const onData = (chunk: Buffer): void => {
      if (length + chunk.length > bytesMax) return fail(bodyTooLarge(bytesMax));
      if (!budget.tryTake(chunk.length)) return fail(budgetSpent());
      length += chunk.length;
      chunks.push(chunk);
    };
    const onEnd = (): void => {
      detach();
      resolve(chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks, length));
    };
    const onGone = (): void =>
      fail(new RestError({ code: 'MALFORMED_REQUEST', message: 'the request ended inside its body' }));
    const detach = (): void => {
      incoming.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone);
    };
    incoming.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone);
  });
}

function announcedLength(incoming: IncomingMessage): number {
  // Node's parser has checked the header; without it the body is empty or chunked.
  return Number(incoming.headers['content-length'] ?? 0);
}

function bodyTooLarge(bytesMax: number): RestError {
  return new RestError({
    code: 'BODY_TOO_LARGE',
    message: `the body is longer than ${bytesMax} bytes, the most that is taken here`,
  });
}

function budgetSpent(): RestError {
  const message =
    'the bodies of unfinished requests fill the memory set aside for them: try again in a moment';
  return new RestError({ code: 'OVERLOADED', message, retryable: true });
}
