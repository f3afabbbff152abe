/**
 * Raft's messages as bytes. Each begins with its number and the format version is said once by the connection; sender
 * and receiver are not repeated. Entries of one append share the index of the first, and a term is written only where
 * it changes.
 */
import {
  type ByteReader,
  type ByteWriter,
  DecodeError,
  type Entry,
  entryKinds,
  type MessageCodec,
  type NodeId,
  readMembership,
  type SnapshotMeta,
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
} as const satisfies Record<RaftMessage['type'], number>;

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
};

function encodeMessage(message: RaftMessage, writer: ByteWriter): void {
  writer.u8(typeNumbers[message.type]);
  writer.varint(message.term);
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
    default:
      throw new DecodeError(
        `${number} is no raft message type: this release knows 1 to ${typeNumbers.readAnswer}`,
      );
  }
}

/** Entry data is copied out of the source, which the transport reuses. */
function decodeEntries(reader: ByteReader, prevLogIndex: number, prevLogTerm: number): readonly Entry[] {
  const count = reader.count(appendEntriesMax, 'entries');
  const entries: Entry[] = [];
  let term = prevLogTerm;
  for (let position = 1; position <= count; position++) {
    term += reader.varint();
    const index = prevLogIndex + position;
    if (!Number.isSafeInteger(term) || !Number.isSafeInteger(index))
      throw new DecodeError('entry beyond 2^53');
    const kind = entryKinds[reader.u8()];
    if (kind === undefined) throw new DecodeError('unknown entry kind');
    entries.push({ index, term, kind, data: reader.bytes().slice() });
  }
  return entries;
}
