/** Reads the fields of a line of a recording, which nobody vouches for: what is missing or odd is named, not believed. */

import type { SnapshotMeta } from '../durable.js';
import { DecodeError, isSynodError } from '../errors.js';
import { isNodeId, type LogPosition, type NodeId } from '../ids.js';
import { checkMembership, type Member, type Membership } from '../membership.js';

/** One JSON object. */
export class JsonFields {
  readonly #fields: ReadonlyMap<string, unknown>;
  readonly #subject: string;

  /**
   * @param value - What `JSON.parse` gave.
   * @param subject - What it is, for messages.
   * @throws DecodeError when it is no object.
   */
  constructor(value: unknown, subject: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new DecodeError(`${subject} is no JSON object`);
    this.#fields = new Map(Object.entries(value));
    this.#subject = subject;
  }

  /** Whether a field is there. */
  has(name: string): boolean {
    return this.#fields.has(name);
  }

  /** All names. */
  names(): readonly string[] {
    return [...this.#fields.keys()];
  }

  /** The value of a field, unread. */
  raw(name: string): unknown {
    return this.#fields.get(name);
  }

  integer(name: string): number {
    const value = this.raw(name);
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    throw this.#odd(name, 'an integer from 0');
  }

  text(name: string): string {
    const value = this.raw(name);
    if (typeof value === 'string') return value;
    throw this.#odd(name, 'a text');
  }

  flag(name: string): boolean {
    const value = this.raw(name);
    if (typeof value === 'boolean') return value;
    throw this.#odd(name, 'true or false');
  }

  nodeId(name: string): NodeId {
    const value = this.raw(name);
    if (isNodeId(value)) return value;
    throw this.#odd(name, 'a node id');
  }

  bytes(name: string): Uint8Array {
    return bytesOf(this.text(name));
  }

  object(name: string): JsonFields {
    return new JsonFields(this.raw(name), `${name} of ${this.#subject}`);
  }

  list(name: string): readonly JsonFields[] {
    const value = this.raw(name);
    if (!Array.isArray(value)) throw this.#odd(name, 'a list');
    return value.map((item: unknown, at) => new JsonFields(item, `${name}[${at}] of ${this.#subject}`));
  }

  /** This object as a position in the log. */
  position(): LogPosition {
    return { index: this.integer('index'), term: this.integer('term') };
  }

  /** This object as the description of a snapshot. */
  snapshotMeta(): SnapshotMeta {
    return { ...this.position(), membership: this.object('membership').membership() };
  }

  /** This object as a membership. */
  membership(): Membership {
    const members = this.list('members').map((member): Member => {
      const role = member.text('role');
      if (role !== 'voter' && role !== 'learner') throw new DecodeError(`${role} is no role of a member`);
      return { id: member.nodeId('id'), ordinal: member.integer('ordinal'), role };
    });
    const outgoing = this.raw('outgoingVoters');
    if (!Array.isArray(outgoing) || !outgoing.every(isNodeId))
      throw this.#odd('outgoingVoters', 'a list of node ids');
    try {
      return checkMembership({ members, outgoingVoters: outgoing });
    } catch (error) {
      if (isSynodError(error)) throw new DecodeError(error.message);
      throw error;
    }
  }

  #odd(name: string, expected: string): DecodeError {
    return new DecodeError(
      `${name} of ${this.#subject} is ${JSON.stringify(this.raw(name))}, not ${expected}`,
    );
  }
}

const digits: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, '0'),
);

/** Bytes as lower-case hexadecimal digits. */
export function hexOf(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += digits[byte];
  return text;
}

function bytesOf(text: string): Uint8Array {
  if (!/^(?:[0-9a-f]{2})*$/.test(text))
    throw new DecodeError('bytes are recorded as lower-case hexadecimal digits');
  const bytes = new Uint8Array(text.length / 2);
  for (let position = 0; position < bytes.length; position++)
    bytes[position] = Number.parseInt(text.slice(2 * position, 2 * position + 2), 16);
  return bytes;
}
