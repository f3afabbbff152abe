/**
 * What travels between two hosts beside the payloads of their groups: who sleeps, who shall wake, and that the host is
 * alive. All that goes to one peer in one turn shares a payload, whatever the number of groups: one word after the
 * other, each with a byte in front that says which.
 */
import {
  type ByteReader,
  type ByteWriter,
  DecodeError,
  type GroupId,
  type LogIndex,
  type Term,
} from '@synod/core';

/** The group number under which hosts speak; no group can have it. */
export const hostGroup = 0xffff_ffff;

/** Where a group came to rest. */
export interface RestingPlace {
  /** The group. */
  readonly group: GroupId;
  /** Its leader's term. */
  readonly term: Term;
  /** Its last entry: committed and applied everywhere. */
  readonly index: LogIndex;
}

/** A group that sleeps under the leadership of a term. */
export interface Sleeping {
  /** The group. */
  readonly group: GroupId;
  /** The term. */
  readonly term: Term;
}

/** Sums up a number of sleeping groups, so that two hosts can tell whether they think the same of them. */
export interface Tally {
  /** How many there are. */
  readonly count: number;
  /** Sum of their digests, in 32 bits. */
  readonly sum: number;
}

/** One thing that a host says to another. */
export type HostWord =
  /** It is alive; these groups sleep under its lead, of those in which the peer has a part. */
  | { readonly type: 'pulse'; readonly led: Tally }
  /** A leader's host wants a group to sleep. */
  | ({ readonly type: 'offer' } & RestingPlace)
  /** The peer's replica has come to rest at the same place, and sleeps. */
  | ({ readonly type: 'agree' } & RestingPlace)
  /** A group does not sleep here, and shall not there. */
  | { readonly type: 'wake'; readonly group: GroupId }
  /** All groups of a stretch of numbers that sleep here under the peer's lead: for when the tallies differ. */
  | {
      readonly type: 'rollCall';
      readonly from: GroupId;
      readonly through: GroupId;
      readonly sleeping: readonly Sleeping[];
    };

const tags = { pulse: 1, offer: 2, agree: 3, wake: 4, rollCall: 5 } as const;

/** Adds a word to a payload. */
export function writeHostWord(writer: ByteWriter, word: HostWord): void {
  writer.u8(tags[word.type]);
  switch (word.type) {
    case 'pulse':
      writer.varint(word.led.count);
      return writer.u32(word.led.sum);
    case 'offer':
    case 'agree':
      writer.varint(word.group);
      writer.varint(word.term);
      return writer.varint(word.index);
    case 'wake':
      return writer.varint(word.group);
    case 'rollCall':
      writer.varint(word.from);
      writer.varint(word.through);
      writer.varint(word.sleeping.length);
      for (const { group, term } of word.sleeping) {
        writer.varint(group);
        writer.varint(term);
      }
  }
}

/**
 * Reads the words of a payload.
 *
 * @throws DecodeError when the bytes are none.
 */
export function readHostWords(reader: ByteReader): readonly HostWord[] {
  const words: HostWord[] = [];
  while (reader.remaining > 0) words.push(readHostWord(reader));
  return words;
}

function readHostWord(reader: ByteReader): HostWord {
  const tag = reader.u8();
  switch (tag) {
    case tags.pulse:
      return { type: 'pulse', led: { count: reader.varint(), sum: reader.u32() } };
    case tags.offer:
      return { type: 'offer', group: reader.varint(), term: reader.varint(), index: reader.varint() };
    case tags.agree:
      return { type: 'agree', group: reader.varint(), term: reader.varint(), index: reader.varint() };
    case tags.wake:
      return { type: 'wake', group: reader.varint() };
    case tags.rollCall:
      return readRollCall(reader);
    default:
      throw new DecodeError(`${tag} stands where a word between hosts is expected`);
  }
}

function readRollCall(reader: ByteReader): HostWord {
  const from = reader.varint();
  const through = reader.varint();
  // A group and a term take two bytes at least.
  const count = reader.count(reader.remaining / 2, 'sleeping groups');
  const sleeping: Sleeping[] = [];
  for (let position = 0; position < count; position++)
    sleeping.push({ group: reader.varint(), term: reader.varint() });
  return { type: 'rollCall', from, through, sleeping };
}
