/**
 * Multi-Paxos' messages as bytes. Each begins with its number and its ballot; the format version is said once by the
 * connection, and sender and receiver are not repeated. Ballots of values are written as how far they are below that of
 * the message or vote, slots as steps from the one before.
 */
import {
  type ByteReader,
  type ByteWriter,
  DecodeError,
  type Entry,
  entryKinds,
  type LogIndex,
  type MessageCodec,
  type NodeId,
  readMembership,
  type SnapshotMeta,
  type Term,
  unreachable,
  writeMembership,
} from '@synod/core';
import type { MultiPaxosMessage, Vote } from './messages.js';
import type { SlotRange } from './slot-ranges.js';

/** Numbers of the message types on the wire. Never reused. */
const typeNumbers = {
  probe: 1,
  probeAnswer: 2,
  nominate: 3,
  prepare: 4,
  promise: 5,
  nack: 6,
  accept: 7,
  accepted: 8,
  heartbeat: 9,
  heartbeatAnswer: 10,
  installSnapshot: 11,
  learn: 12,
  learned: 13,
  readRequest: 14,
  readAnswer: 15,
  votesRequest: 16,
  votesAnswer: 17,
} as const satisfies Record<MultiPaxosMessage['type'], number>;

/** Most values, votes or ranges that one message can announce. */
const itemsMax = 1_000_000;

/** Turns Multi-Paxos messages into bytes and back. */
export const multiPaxosMessageCodec: MessageCodec<MultiPaxosMessage> = {
  encode: encodeMessage,
  decode: decodeMessage,
  withSnapshot(message: MultiPaxosMessage, meta: SnapshotMeta): MultiPaxosMessage {
    return message.type === 'installSnapshot' ? { ...message, meta } : message;
  },
  offeredSnapshot(message: MultiPaxosMessage): SnapshotMeta | undefined {
    return message.type === 'installSnapshot' ? message.meta : undefined;
  },
  carriesEntries(message: MultiPaxosMessage): boolean {
    return (message.type === 'accept' || message.type === 'learned') && message.entries.length > 0;
  },
};

function encodeMessage(message: MultiPaxosMessage, writer: ByteWriter): void {
  writer.u8(typeNumbers[message.type]);
  writer.varint(message.ballot);
  switch (message.type) {
    case 'probe':
      writer.varint(message.probe);
      return writer.varint(message.decided);
    case 'probeAnswer':
      writer.varint(message.probe);
      writer.boolean(message.willing);
      writer.varint(message.decided);
      return writer.varint(message.last);
    case 'nominate':
      return writer.boolean(message.transfer);
    case 'prepare':
      writer.varint(message.slot);
      return writer.varint(message.handedOver);
    case 'promise':
      writer.varint(message.slot);
      writer.varint(message.first);
      writer.varint(message.decided);
      writer.varint(message.next ?? 0);
      return encodeVotes(writer, message.votes);
    case 'nack':
      return writer.varint(message.refused);
    case 'accept':
      writer.varint(message.decided);
      return encodeEntries(writer, message.entries, message.ballot);
    case 'accepted':
      writer.varint(message.decided);
      return encodeRanges(writer, message.ranges);
    case 'heartbeat':
      writer.varint(message.decided);
      writer.varint(message.held);
      return writer.varint(message.round);
    case 'heartbeatAnswer':
      writer.varint(message.decided);
      writer.varint(message.accepted);
      writer.varint(message.received);
      return writer.varint(message.round);
    default:
      return encodeRest(message, writer);
  }
}

function encodeRest(
  message: Extract<
    MultiPaxosMessage,
    {
      type:
        | 'installSnapshot'
        | 'learn'
        | 'learned'
        | 'readRequest'
        | 'readAnswer'
        | 'votesRequest'
        | 'votesAnswer';
    }
  >,
  writer: ByteWriter,
): void {
  switch (message.type) {
    case 'installSnapshot':
      writer.varint(message.meta.index);
      writer.varint(message.meta.term);
      return writeMembership(writer, message.meta.membership);
    case 'learn':
      return writer.varint(message.slot);
    case 'learned':
      writer.varint(message.decided);
      return encodeEntries(writer, message.entries, undefined);
    case 'readRequest':
    case 'votesRequest':
      writer.varint(message.life);
      return writer.varint(message.request);
    case 'votesAnswer':
      writer.varint(message.life);
      writer.varint(message.request);
      return writer.varint(message.last);
    case 'readAnswer':
      writer.varint(message.life);
      writer.varint(message.request);
      writer.boolean(message.index !== undefined);
      return writer.varint(message.index ?? 0);
    default:
      return unreachable(message);
  }
}

/** Values of votes in a ballot are not of later ballots; decisions may be of any. */
function encodeEntries(writer: ByteWriter, entries: readonly Entry[], ballot: Term | undefined): void {
  writer.varint(entries.length);
  let before = 0;
  for (const entry of entries) {
    writer.varint(entry.index - before);
    writer.varint(ballot === undefined ? entry.term : ballot - entry.term);
    encodeValue(writer, entry);
    before = entry.index;
  }
}

function encodeVotes(writer: ByteWriter, votes: readonly Vote[]): void {
  writer.varint(votes.length);
  let before = 0;
  for (const { entry, ballot } of votes) {
    writer.varint(entry.index - before);
    writer.varint(ballot);
    writer.varint(ballot - entry.term);
    encodeValue(writer, entry);
    before = entry.index;
  }
}

function encodeValue(writer: ByteWriter, { kind, data }: Entry): void {
  writer.u8(entryKinds.indexOf(kind));
  writer.bytes(data);
}

function encodeRanges(writer: ByteWriter, ranges: readonly SlotRange[]): void {
  writer.varint(ranges.length);
  for (const { from, through } of ranges) {
    writer.varint(from);
    writer.varint(through - from);
  }
}

function decodeMessage(reader: ByteReader, from: NodeId, to: NodeId): MultiPaxosMessage {
  const number = reader.u8();
  const ballot = reader.varint();
  switch (number) {
    case typeNumbers.probe: {
      const probe = reader.varint();
      return { from, to, type: 'probe', ballot, probe, decided: reader.varint() };
    }
    case typeNumbers.probeAnswer: {
      const probe = reader.varint();
      const willing = reader.boolean();
      const decided = reader.varint();
      return { from, to, type: 'probeAnswer', ballot, probe, willing, decided, last: reader.varint() };
    }
    case typeNumbers.nominate:
      return { from, to, type: 'nominate', ballot, transfer: reader.boolean() };
    case typeNumbers.prepare: {
      const slot = reader.varint();
      return { from, to, type: 'prepare', ballot, slot, handedOver: reader.varint() };
    }
    case typeNumbers.promise: {
      const slot = reader.varint();
      const first = reader.varint();
      const decided = reader.varint();
      const next = reader.varint();
      const votes = decodeVotes(reader);
      return {
        from,
        to,
        type: 'promise',
        ballot,
        slot,
        first,
        decided,
        votes,
        next: next === 0 ? undefined : next,
      };
    }
    case typeNumbers.nack:
      return { from, to, type: 'nack', ballot, refused: reader.varint() };
    case typeNumbers.accept: {
      const decided = reader.varint();
      return { from, to, type: 'accept', ballot, entries: decodeEntries(reader, ballot), decided };
    }
    case typeNumbers.accepted: {
      const decided = reader.varint();
      return { from, to, type: 'accepted', ballot, decided, ranges: decodeRanges(reader) };
    }
    default:
      return decodeRest(number, reader, { from, to, ballot });
  }
}

function decodeRest(
  number: number,
  reader: ByteReader,
  head: { readonly from: NodeId; readonly to: NodeId; readonly ballot: Term },
): MultiPaxosMessage {
  switch (number) {
    case typeNumbers.heartbeat: {
      const decided = reader.varint();
      const held = reader.varint();
      return { ...head, type: 'heartbeat', decided, held, round: reader.varint() };
    }
    case typeNumbers.heartbeatAnswer: {
      const decided = reader.varint();
      const accepted = reader.varint();
      const received = reader.varint();
      return { ...head, type: 'heartbeatAnswer', decided, accepted, received, round: reader.varint() };
    }
    case typeNumbers.installSnapshot: {
      const index = reader.varint();
      const term = reader.varint();
      return {
        ...head,
        type: 'installSnapshot',
        meta: { index, term, membership: readMembership(reader) },
      };
    }
    case typeNumbers.learn:
      return { ...head, type: 'learn', slot: reader.varint() };
    case typeNumbers.learned: {
      const decided = reader.varint();
      return { ...head, type: 'learned', entries: decodeEntries(reader, undefined), decided };
    }
    case typeNumbers.readRequest: {
      const life = reader.varint();
      return { ...head, type: 'readRequest', life, request: reader.varint() };
    }
    case typeNumbers.readAnswer: {
      const life = reader.varint();
      const request = reader.varint();
      const known = reader.boolean();
      const index = reader.varint();
      return { ...head, type: 'readAnswer', life, request, index: known ? index : undefined };
    }
    case typeNumbers.votesRequest: {
      const life = reader.varint();
      return { ...head, type: 'votesRequest', life, request: reader.varint() };
    }
    case typeNumbers.votesAnswer: {
      const life = reader.varint();
      const request = reader.varint();
      return { ...head, type: 'votesAnswer', life, request, last: reader.varint() };
    }
    default:
      throw new DecodeError(
        `${number} is no paxos message type: this release knows 1 to ${typeNumbers.votesAnswer}`,
      );
  }
}

/** Values are views into the source, as the contract says: who reuses the source copies it once for all. */
function decodeEntries(reader: ByteReader, ballot: Term | undefined): readonly Entry[] {
  const count = reader.count(itemsMax, 'values');
  const entries: Entry[] = [];
  let index = 0;
  for (let position = 0; position < count; position++) {
    index = sum(index, reader.varint());
    const number = reader.varint();
    entries.push(decodeValue(reader, index, ballot === undefined ? number : below(ballot, number)));
  }
  return entries;
}

function decodeVotes(reader: ByteReader): readonly Vote[] {
  const count = reader.count(itemsMax, 'votes');
  const votes: Vote[] = [];
  let index = 0;
  for (let position = 0; position < count; position++) {
    index = sum(index, reader.varint());
    const ballot = reader.varint();
    votes.push({ entry: decodeValue(reader, index, below(ballot, reader.varint())), ballot });
  }
  return votes;
}

function decodeValue(reader: ByteReader, index: LogIndex, term: Term): Entry {
  const kind = entryKinds[reader.u8()];
  if (kind === undefined) throw new DecodeError('unknown entry kind');
  return { index, term, kind, data: reader.bytes() };
}

function decodeRanges(reader: ByteReader): readonly SlotRange[] {
  const count = reader.count(itemsMax, 'ranges');
  const ranges: SlotRange[] = [];
  for (let position = 0; position < count; position++) {
    const from = reader.varint();
    ranges.push({ from, through: sum(from, reader.varint()) });
  }
  return ranges;
}

function sum(left: number, right: number): number {
  const result = left + right;
  if (!Number.isSafeInteger(result)) throw new DecodeError('slot beyond 2^53');
  return result;
}

function below(ballot: Term, difference: number): Term {
  if (difference > ballot) throw new DecodeError(`a value is ${difference} below ballot ${ballot}`);
  return ballot - difference;
}
