/** Registers' messages as bytes. Each begins with its number and its key; the connection knows who speaks to whom. */
import {
  type ByteReader,
  type ByteWriter,
  DecodeError,
  type MessageCodec,
  type NodeId,
  unreachable,
} from '@synod/core';
import { isBallot } from '../ballot.js';
import { readBallot } from '../synod/codec.js';
import type { RegisterMessage, RegisterVote } from './messages.js';

/** Numbers of the message types on the wire. Never reused. */
const typeNumbers = {
  prepare: 1,
  promise: 2,
  accept: 3,
  accepted: 4,
  refused: 5,
} as const satisfies Record<RegisterMessage['type'], number>;

/** Turns registers' messages into bytes and back. Decoding allocates no more than the bytes hold: values are views. */
export const registerMessageCodec: Pick<MessageCodec<RegisterMessage>, 'encode' | 'decode'> = {
  encode(message: RegisterMessage, writer: ByteWriter): void {
    writer.u8(typeNumbers[message.type]);
    writer.string(message.key);
    writer.varint(message.ballot);
    switch (message.type) {
      case 'prepare':
      case 'accepted':
        return;
      case 'promise':
        return writeRegisterVote(writer, message.vote);
      case 'accept':
        writer.varint(message.next);
        return writeValue(writer, message.value);
      case 'refused':
        return writer.varint(message.promised);
      default:
        return unreachable(message);
    }
  },
  decode(reader: ByteReader, from: NodeId, to: NodeId): RegisterMessage {
    const number = reader.u8();
    const key = reader.string();
    const ballot = readBallot(reader);
    switch (number) {
      case typeNumbers.prepare:
        return { from, to, type: 'prepare', key, ballot };
      case typeNumbers.promise:
        return { from, to, type: 'promise', key, ballot, vote: readRegisterVote(reader) };
      case typeNumbers.accept: {
        const next = readBallot(reader);
        return { from, to, type: 'accept', key, ballot, value: readValue(reader), next };
      }
      case typeNumbers.accepted:
        return { from, to, type: 'accepted', key, ballot };
      case typeNumbers.refused:
        return { from, to, type: 'refused', key, ballot, promised: readBallot(reader) };
      default:
        throw new DecodeError(`${number} stands where the number of a register message is expected`);
    }
  },
};

/** Writes a vote, or that there is none. */
export function writeRegisterVote(writer: ByteWriter, vote: RegisterVote | undefined): void {
  writer.varint(vote?.ballot ?? 0);
  if (vote !== undefined) writeValue(writer, vote.value);
}

/** Reads what {@link writeRegisterVote} wrote. */
export function readRegisterVote(reader: ByteReader): RegisterVote | undefined {
  const ballot = reader.varint();
  if (ballot === 0) return undefined;
  if (!isBallot(ballot)) throw new DecodeError(`${ballot} stands where a ballot is expected`);
  return { ballot, value: readValue(reader) };
}

function writeValue(writer: ByteWriter, value: Uint8Array | undefined): void {
  writer.boolean(value !== undefined);
  if (value !== undefined) writer.bytes(value);
}

function readValue(reader: ByteReader): Uint8Array | undefined {
  return reader.boolean() ? reader.bytes() : undefined;
}
