/**
 * What two connected nodes say to each other beside payloads: calls and streams. Each is an item of a sealed frame
 * whose first payload byte is 16, laid out like the items of a batch: varint tag, varint length, body.
 *
 * ```text
 *  1 call      varint id, string method, varint remaining milliseconds, payload
 *  2 reply     varint id, payload
 *  3 failure   varint id, failure
 *  4 cancel    varint id
 *  5 open      varint id, string name, varint window, payload
 *  6 accept    varint id, varint window
 *  7 chunk     varint id, payload
 *  8 end       varint id
 *  9 credit    varint id, varint bytes
 * 10 reset     varint id, failure
 * 11 draining
 * 12 beat
 *
 * failure: boolean unknown effect, boolean retryable, string code, string message
 * ```
 *
 * A call's id belongs to the caller. Streams are opened by both sides of a connection under ids of one space: the
 * dialer's are odd, the listener's even. Items with other tags are passed over: a later version may send them.
 */
import { ByteReader, type ByteWriter, DecodeError, decodeUtf8, type Effect } from '@synod/core';
import { printable } from './handshake-frames.js';

/** First payload byte of a frame of such items. */
export const exchangeFrameKind = 16;

/** Greatest length of the name of a method or stream in UTF-8, in bytes. */
export const methodNameBytesMax = 128;

/** Longest message of a failure that is told to or believed from a peer, in UTF-16 units. */
const messageUnitsMax = 250;
const codePattern = /^[A-Z][A-Z0-9_]{0,63}$/;

/** Why a call or a stream failed, as it travels. */
export interface Failure {
  /** Stable code. */
  readonly code: string;
  /** For people. */
  readonly message: string;
  /** Whether it may have taken effect. */
  readonly effect: Effect;
  /** Whether trying again later can succeed without a change. */
  readonly retryable: boolean;
}

/** One item. */
export type ExchangeItem =
  | {
      readonly type: 'call';
      readonly id: number;
      readonly method: string;
      readonly remainingMs: number;
      readonly payload: Uint8Array;
    }
  | { readonly type: 'reply'; readonly id: number; readonly payload: Uint8Array }
  | { readonly type: 'failure'; readonly id: number; readonly failure: Failure }
  | { readonly type: 'cancel'; readonly id: number }
  | {
      readonly type: 'open';
      readonly id: number;
      readonly name: string;
      readonly window: number;
      readonly payload: Uint8Array;
    }
  | { readonly type: 'accept'; readonly id: number; readonly window: number }
  | { readonly type: 'chunk'; readonly id: number; readonly payload: Uint8Array }
  | { readonly type: 'end'; readonly id: number }
  | { readonly type: 'credit'; readonly id: number; readonly bytes: number }
  | { readonly type: 'reset'; readonly id: number; readonly failure: Failure }
  | { readonly type: 'draining' }
  | { readonly type: 'beat' };

/** Tag of each type of item. */
export const itemTag: Readonly<Record<ExchangeItem['type'], number>> = {
  call: 1,
  reply: 2,
  failure: 3,
  cancel: 4,
  open: 5,
  accept: 6,
  chunk: 7,
  end: 8,
  credit: 9,
  reset: 10,
  draining: 11,
  beat: 12,
};

const nothing = new Uint8Array(0);

/**
 * Writes an item's body but for its payload, which stands last.
 *
 * @param writer - Where it goes.
 * @param item - The item.
 * @returns Its payload, empty where it has none.
 */
export function writeItemHead(writer: ByteWriter, item: ExchangeItem): Uint8Array {
  if (item.type === 'draining' || item.type === 'beat') return nothing;
  writer.varint(item.id);
  switch (item.type) {
    case 'call':
      writer.string(item.method);
      writer.varint(item.remainingMs);
      return item.payload;
    case 'reply':
    case 'chunk':
      return item.payload;
    case 'open':
      writer.string(item.name);
      writer.varint(item.window);
      return item.payload;
    case 'accept':
      writer.varint(item.window);
      return nothing;
    case 'credit':
      writer.varint(item.bytes);
      return nothing;
    case 'failure':
    case 'reset':
      writeFailure(writer, item.failure);
      return nothing;
    case 'cancel':
    case 'end':
      return nothing;
  }
}

/**
 * Reads an item.
 *
 * @param tag - Its tag.
 * @param body - Its body; payloads are views of it.
 * @returns The item; `undefined` for a tag that has no meaning yet.
 * @throws DecodeError when the body is not as the tag says.
 */
export function readItem(tag: number, body: Uint8Array): ExchangeItem | undefined {
  if (tag < itemTag.call || tag > itemTag.beat) return undefined;
  if (tag === itemTag.draining) return { type: 'draining' };
  if (tag === itemTag.beat) return { type: 'beat' };
  const reader = new ByteReader(body);
  const id = reader.varint();
  const item = readBody(tag, id, reader);
  reader.end();
  return item;
}

function readBody(tag: number, id: number, reader: ByteReader): ExchangeItem {
  switch (tag) {
    case itemTag.call: {
      const method = readName(reader);
      const remainingMs = reader.varint();
      return { type: 'call', id, method, remainingMs, payload: rest(reader) };
    }
    case itemTag.reply:
      return { type: 'reply', id, payload: rest(reader) };
    case itemTag.failure:
      return { type: 'failure', id, failure: readFailure(reader) };
    case itemTag.cancel:
      return { type: 'cancel', id };
    case itemTag.open: {
      const name = readName(reader);
      const window = reader.varint();
      return { type: 'open', id, name, window, payload: rest(reader) };
    }
    case itemTag.accept:
      return { type: 'accept', id, window: reader.varint() };
    case itemTag.chunk:
      return { type: 'chunk', id, payload: rest(reader) };
    case itemTag.end:
      return { type: 'end', id };
    case itemTag.credit:
      return { type: 'credit', id, bytes: reader.varint() };
    default:
      return { type: 'reset', id, failure: readFailure(reader) };
  }
}

function rest(reader: ByteReader): Uint8Array {
  return reader.raw(reader.remaining);
}

function readName(reader: ByteReader): string {
  const bytes = reader.varint();
  if (bytes > methodNameBytesMax)
    throw new DecodeError(`a name of ${bytes} bytes is announced: at most ${methodNameBytesMax} are allowed`);
  return decodeUtf8(reader.raw(bytes));
}

function writeFailure(writer: ByteWriter, { code, message, effect, retryable }: Failure): void {
  writer.boolean(effect === 'unknown');
  writer.boolean(retryable);
  writer.string(code);
  writer.string(printable(message).slice(0, messageUnitsMax));
}

function readFailure(reader: ByteReader): Failure {
  const effect = reader.boolean() ? 'unknown' : 'none';
  const retryable = reader.boolean();
  const code = reader.string();
  const message = printable(reader.string()).slice(0, messageUnitsMax);
  return { code: codePattern.test(code) ? code : 'HANDLER_FAILED', message, effect, retryable };
}
