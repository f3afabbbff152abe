/** A Synod's messages as bytes. Each begins with its number; sender and receiver are known to the connection. */
import {
  type ByteReader,
  type ByteWriter,
  DecodeError,
  type MessageCodec,
  type NodeId,
  type Term,
  unreachable,
} from '@synod/core';
import { isBallot } from '../ballot.js';
import type { SynodMessage, SynodVote } from './messages.js';

/** Numbers of the message types on the wire. Never reused. */
const typeNumbers = {
  prepare: 1,
  promise: 2,
  accept: 3,
  accepted: 4,
  refused: 5,
  decided: 6,
} as const satisfies Record<SynodMessage['type'], number>;

/**
 * Turns a Synod's messages into bytes and back. Decoding allocates no more than the bytes hold: values are views.
 *
 * @example
 * ```ts
 * const writer = new ByteWriter();
 * synodMessageCodec.encode({ from: 'a', to: 'b', type: 'prepare', ballot: ballotOf(1, 1) }, writer);
 * const message = synodMessageCodec.decode(new ByteReader(writer.take()), 'a', 'b');
 * ```
 */
export const synodMessageCodec: Pick<MessageCodec<SynodMessage>, 'encode' | 'decode'> = {
  encode(message: SynodMessage, writer: ByteWriter): void {
    writer.u8(typeNumbers[message.type]);
    if (message.type === 'decided') return writer.bytes(message.value);
    writer.varint(message.ballot);
    switch (message.type) {
      case 'prepare':
      case 'accepted':
        return;
      case 'promise':
        return writeVote(writer, message.vote);
      case 'accept':
        return writer.bytes(message.value);
      case 'refused':
        return writer.varint(message.promised);
      default:
        return unreachable(message);
    }
  },
  decode(reader: ByteReader, from: NodeId, to: NodeId): SynodMessage {
    const number = reader.u8();
    if (number === typeNumbers.decided) return { from, to, type: 'decided', value: reader.bytes() };
    const ballot = readBallot(reader);
    switch (number) {
      case typeNumbers.prepare:
        return { from, to, type: 'prepare', ballot };
      case typeNumbers.promise:
        return { from, to, type: 'promise', ballot, vote: readVote(reader) };
      case typeNumbers.accept:
        return { from, to, type: 'accept', ballot, value: reader.bytes() };
      case typeNumbers.accepted:
        return { from, to, type: 'accepted', ballot };
      case typeNumbers.refused:
        return { from, to, type: 'refused', ballot, promised: readBallot(reader) };
      default:
        throw new DecodeError(`${number} stands where the number of a synod message is expected`);
    }
  },
};

/** Writes a vote, or that there is none. */
export function writeVote(writer: ByteWriter, vote: SynodVote | undefined): void {
  writer.varint(vote?.ballot ?? 0);
  if (vote !== undefined) writer.bytes(vote.value);
}

/** Reads what {@link writeVote} wrote. */
export function readVote(reader: ByteReader): SynodVote | undefined {
  const ballot = reader.varint();
  if (ballot === 0) return undefined;
  return { ballot: checkedBallot(ballot), value: reader.bytes() };
}

/** Reads a ballot. */
export function readBallot(reader: ByteReader): Term {
  return checkedBallot(reader.varint());
}

function checkedBallot(number: number): Term {
  if (!isBallot(number)) throw new DecodeError(`${number} stands where a ballot is expected`);
  return number;
}
