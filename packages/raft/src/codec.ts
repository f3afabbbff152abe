/**
 * Raft's messages as bytes. Each begins with its number and the format version is said once by the connection; sender
 * and receiver are not repeated. Entries of one append share the index of the first, and a term is written only where
 * it changes.
 *
 * Releases of different age share a cluster: a message that uses nothing new has the bytes of the first release. What
 * was added since stands behind it as numbered fields, told by the top bit of the message's number; a reader passes
 * over fields that it does not know.
 */
import {
  ByteReader,
  ByteWriter,
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
import type { RaftMessage } from './messages.js';

/** Numbers of the message types on the wire. Never reused. */
const typeNumbers = {
  requestVote: 1,
  vote: 2,
  appendEntries: 3,
  appendAccepted: 4,
  appendRefused: 5,
  heartbeat: 6,
  heartbeatAnswer: 7,
  installSnapshot: 8,
  readRequest: 9,
  readAnswer: 10,
  timeoutNow: 11,
} as const satisfies Record<RaftMessage['type'], number>;

/** Set in a message's number when added fields follow the message. */
const withFields = 0x80;

/**
 * Numbers of the added fields. Never reused. A field is written as twice its number and a varint, or, should one ever
 * need it, as twice its number plus 1 and bytes.
 */
const fieldNumbers = { session: 1, transfer: 2, snapshotWanted: 3 } as const;

interface AddedFields {
  session?: number;
  transfer?: boolean;
  snapshotWanted?: number;
}

/** Most entries that one append can announce. */
const appendEntriesMax = 1_000_000;

/** Turns Raft messages into bytes and back. */
export const raftMessageCodec: MessageCodec<RaftMessage> = {
  encode: encodeMessage,
  decode: decodeMessage,
  withSnapshot(message: RaftMessage, meta: SnapshotMeta): RaftMessage {
    return message.type === 'installSnapshot' ? { ...message, meta } : message;
  },
  offeredSnapshot(message: RaftMessage): SnapshotMeta | undefined {
    return message.type === 'installSnapshot' ? message.meta : undefined;
  },
  carriesEntries(message: RaftMessage): boolean {
    return message.type === 'appendEntries' && message.entries.length > 0;
  },
};

function encodeMessage(message: RaftMessage, writer: ByteWriter): void {
  const fields = encodeFields(message);
  writer.u8(typeNumbers[message.type] | (fields === undefined ? 0 : withFields));
  writer.varint(message.term);
  encodeBody(message, writer);
  if (fields !== undefined) writer.bytes(fields);
}

function encodeFields(message: RaftMessage): Uint8Array | undefined {
  const session = 'session' in message ? message.session : undefined;
  const transfer = message.type === 'requestVote' && message.transfer === true;
  const snapshotWanted = message.type === 'heartbeatAnswer' ? message.snapshotWanted : undefined;
  if (session === undefined && !transfer && snapshotWanted === undefined) return undefined;
  const writer = new ByteWriter(16);
  if (session !== undefined) {
    writer.varint(fieldNumbers.session * 2);
    writer.varint(session);
  }
  if (transfer) {
    writer.varint(fieldNumbers.transfer * 2);
    writer.varint(1);
  }
  if (snapshotWanted !== undefined) {
    writer.varint(fieldNumbers.snapshotWanted * 2);
    writer.varint(snapshotWanted);
  }
  return writer.take();
}

function encodeBody(message: RaftMessage, writer: ByteWriter): void {
  switch (message.type) {
    case 'requestVote':
      writer.boolean(message.preVote);
      writer.varint(message.lastLogIndex);
      writer.varint(message.lastLogTerm);
      return;
    case 'vote':
      writer.boolean(message.preVote);
      writer.boolean(message.granted);
      return;
    case 'appendEntries':
      writer.varint(message.prevLogIndex);
      writer.varint(message.prevLogTerm);
      writer.varint(message.commitIndex);
      return encodeEntries(writer, message.entries, message.prevLogTerm);
    case 'appendAccepted':
      writer.varint(message.matchIndex);
      return;
    case 'appendRefused':
      writer.varint(message.refusedIndex);
      writer.varint(message.hintIndex);
      writer.varint(message.hintTerm);
      return;
    case 'heartbeat':
      writer.varint(message.commitIndex);
      writer.varint(message.round);
      return;
    case 'heartbeatAnswer':
      writer.varint(message.round);
      return;
    case 'installSnapshot':
      writer.varint(message.meta.index);
      writer.varint(message.meta.term);
      return writeMembership(writer, message.meta.membership);
    case 'readRequest':
      writer.varint(message.life);
      writer.varint(message.request);
      return;
    case 'readAnswer':
      writer.varint(message.life);
      writer.varint(message.request);
      writer.boolean(message.index !== undefined);
      writer.varint(message.index ?? 0);
      return;
    case 'timeoutNow':
      return;
    default:
      return unreachable(message);
  }
}

function encodeEntries(writer: ByteWriter, entries: readonly Entry[], prevLogTerm: number): void {
  writer.varint(entries.length);
  let term = prevLogTerm;
  for (const entry of entries) {
    writer.varint(entry.term - term);
    writer.u8(entryKinds.indexOf(entry.kind));
    writer.bytes(entry.data);
    term = entry.term;
  }
}

function decodeMessage(reader: ByteReader, from: NodeId, to: NodeId): RaftMessage {
  const number = reader.u8();
  if (number < withFields) return decodeBody(number, reader, from, to);
  const message = decodeBody(number - withFields, reader, from, to);
  return withAddedFields(message, decodeFields(reader.bytes()));
}

function decodeFields(bytes: Uint8Array): AddedFields {
  const reader = new ByteReader(bytes);
  const fields: AddedFields = {};
  while (reader.remaining > 0) {
    const key = reader.varint();
    if (key % 2 === 1) {
      reader.bytes();
      continue;
    }
    const value = reader.varint();
    if (key === fieldNumbers.session * 2) fields.session = value;
    else if (key === fieldNumbers.transfer * 2) fields.transfer = value === 1;
    else if (key === fieldNumbers.snapshotWanted * 2) fields.snapshotWanted = value;
  }
  return fields;
}

/** Fields that a kind of message does not have are passed over like unknown ones. */
function withAddedFields(message: RaftMessage, fields: AddedFields): RaftMessage {
  const { session, transfer, snapshotWanted } = fields;
  switch (message.type) {
    case 'requestVote':
      return transfer === true ? { ...message, transfer } : message;
    case 'appendEntries':
    case 'appendAccepted':
    case 'appendRefused':
    case 'heartbeat':
    case 'installSnapshot':
      return session === undefined ? message : { ...message, session };
    case 'heartbeatAnswer':
      return {
        ...message,
        ...(session === undefined ? {} : { session }),
        ...(snapshotWanted === undefined ? {} : { snapshotWanted }),
      };
    default:
      return message;
  }
}

function decodeBody(number: number, reader: ByteReader, from: NodeId, to: NodeId): RaftMessage {
  const term = reader.varint();
  switch (number) {
    case typeNumbers.requestVote: {
      const preVote = reader.boolean();
      const lastLogIndex = reader.varint();
      return { from, to, type: 'requestVote', term, preVote, lastLogIndex, lastLogTerm: reader.varint() };
    }
    case typeNumbers.vote: {
      const preVote = reader.boolean();
      return { from, to, type: 'vote', term, preVote, granted: reader.boolean() };
    }
    case typeNumbers.appendEntries: {
      const prevLogIndex = reader.varint();
      const prevLogTerm = reader.varint();
      const commitIndex = reader.varint();
      const entries = decodeEntries(reader, prevLogIndex, prevLogTerm);
      return { from, to, type: 'appendEntries', term, prevLogIndex, prevLogTerm, entries, commitIndex };
    }
    case typeNumbers.appendAccepted:
      return { from, to, type: 'appendAccepted', term, matchIndex: reader.varint() };
    case typeNumbers.appendRefused: {
      const refusedIndex = reader.varint();
      const hintIndex = reader.varint();
      return { from, to, type: 'appendRefused', term, refusedIndex, hintIndex, hintTerm: reader.varint() };
    }
    case typeNumbers.heartbeat: {
      const commitIndex = reader.varint();
      return { from, to, type: 'heartbeat', term, commitIndex, round: reader.varint() };
    }
    case typeNumbers.heartbeatAnswer:
      return { from, to, type: 'heartbeatAnswer', term, round: reader.varint() };
    case typeNumbers.installSnapshot: {
      const index = reader.varint();
      const snapshotTerm = reader.varint();
      const meta = { index, term: snapshotTerm, membership: readMembership(reader) };
      return { from, to, type: 'installSnapshot', term, meta };
    }
    case typeNumbers.readRequest: {
      const life = reader.varint();
      return { from, to, type: 'readRequest', term, life, request: reader.varint() };
    }
    case typeNumbers.readAnswer: {
      const life = reader.varint();
      const request = reader.varint();
      const known = reader.boolean();
      const index = reader.varint();
      return { from, to, type: 'readAnswer', term, life, request, index: known ? index : undefined };
    }
    case typeNumbers.timeoutNow:
      return { from, to, type: 'timeoutNow', term };
    default:
      throw new DecodeError(
        `${number} is no raft message type: this release knows 1 to ${typeNumbers.timeoutNow}`,
      );
  }
}

/** Entry data is a view into the source, as the contract says: who reuses the source copies it once for all. */
function decodeEntries(reader: ByteReader, prevLogIndex: number, prevLogTerm: number): readonly Entry[] {
  const count = reader.count(appendEntriesMax, 'entries');
  if (count === 0) return [];
  const first = decodeEntry(reader, prevLogIndex + 1, prevLogTerm);
  // A list that begins with its first entry is as long as that: most appends of a quiet group have one.
  const entries = [first];
  let { term } = first;
  for (let position = 2; position <= count; position++) {
    const entry = decodeEntry(reader, prevLogIndex + position, term);
    entries.push(entry);
    term = entry.term;
  }
  return entries;
}

function decodeEntry(reader: ByteReader, index: LogIndex, prevTerm: Term): Entry {
  const term = prevTerm + reader.varint();
  if (!Number.isSafeInteger(term) || !Number.isSafeInteger(index)) throw new DecodeError('entry beyond 2^53');
  const kind = entryKinds[reader.u8()];
  if (kind === undefined) throw new DecodeError('unknown entry kind');
  return { index, term, kind, data: reader.bytes() };
}
