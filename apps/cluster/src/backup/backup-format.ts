/**
 * A backup: the state of the store at one index of the log, as one file of sealed frames that can be made and checked
 * while it streams by.
 *
 * ```text
 * header    sealed frame: "synod-backup", u8 version 1, then cluster and node (strings), engine (string), varints for
 *           index, term, revision, keys and the time in milliseconds since 1970, then the membership
 * chunks    one sealed frame each: u8 1, then 1 to 65536 bytes of a snapshot of the store
 * trailer   sealed frame: u8 2, then varints for the number of chunks and of the bytes in them, then u32 CRC-32C of
 *           all those bytes
 * ```
 *
 * The frame of chunk k is sealed under a salt made from the header's bytes and k, the trailer's likewise: a chunk of
 * another backup, or one in another place, does not open. Nothing follows the trailer, and without it there is no
 * backup.
 */
import {
  ByteReader,
  ByteWriter,
  compareBytes,
  DecodeError,
  type EngineKind,
  encodeUtf8,
  type LogIndex,
  type Membership,
  readMembership,
  SynodError,
  type Term,
  writeMembership,
} from '@synod/core';
import { crc32c, frameOverheadBytes, sealFrame } from '@synod/integrity';

/** What a backup says of itself. */
export interface BackupHeader {
  /** The cluster that it is of. */
  readonly cluster: string;
  /** The node that made it. */
  readonly node: string;
  /** The engine that decided its log. */
  readonly engine: EngineKind;
  /** The state is that after this index of the log. */
  readonly index: LogIndex;
  /** Term or ballot of the entry there. */
  readonly term: Term;
  /** Revision of the store. */
  readonly revision: number;
  /** Number of keys. */
  readonly keys: number;
  /** When it was made, in milliseconds since 1970, by the clock of the node that made it. */
  readonly createdMs: number;
  /** The members that governed then: for people; a restored cluster has members of its own. */
  readonly membership: Membership;
}

/** What the end of a backup says of what came before. */
export interface BackupTrailer {
  /** Number of chunks. */
  readonly chunks: number;
  /** Bytes in all of them. */
  readonly bytes: number;
  /** CRC-32C of those bytes. */
  readonly checksum: number;
}

/** Most bytes of one chunk. */
export const backupChunkBytesMax = 65_536;

/** No frame of a backup is longer: a header with the most members that can be is. */
export const backupFrameBytesMax = (1 << 18) + frameOverheadBytes;

/** Version that is written and read. */
const backupVersion = 1;

/** First byte of a chunk's payload. */
export const chunkMark = 1;
/** First byte of the trailer's payload. */
export const trailerMark = 2;

const kind = encodeUtf8('synod-backup');

/**
 * A backup is not what was written. Code `BACKUP_DAMAGED`; nothing was restored from it.
 */
export class BackupDamagedError extends SynodError {
  /** Offset in the file at which the first wrong thing begins. */
  readonly offset: number;

  /**
   * @param offset - Offset in the file at which the first wrong thing begins.
   * @param reason - What is wrong there.
   */
  constructor(offset: number, reason: string) {
    const message = `the backup is damaged at offset ${offset}: ${reason}. Take another one`;
    super({ code: 'BACKUP_DAMAGED', message });
    this.offset = offset;
  }
}

/**
 * Seals a header.
 *
 * @param header - What it says.
 */
export function encodeBackupHeader(header: BackupHeader): Uint8Array {
  const writer = new ByteWriter();
  writer.raw(kind);
  writer.u8(backupVersion);
  writer.string(header.cluster);
  writer.string(header.node);
  writer.string(header.engine);
  for (const number of [header.index, header.term, header.revision, header.keys, header.createdMs])
    writer.varint(number);
  writeMembership(writer, header.membership);
  return sealFrame(writer.view());
}

/**
 * Reads a header's payload.
 *
 * @param payload - Payload of the first frame.
 * @throws DecodeError when it is none of a backup of this version.
 */
export function decodeBackupHeader(payload: Uint8Array): BackupHeader {
  const reader = new ByteReader(payload);
  if (reader.remaining < kind.length || compareBytes(reader.raw(kind.length), kind) !== 0)
    throw new DecodeError('this is no backup of Synod');
  const version = reader.u8();
  if (version !== backupVersion)
    throw new DecodeError(
      `it has format version ${version}, but this release knows ${backupVersion}: use the release that made it`,
    );
  const cluster = reader.string();
  const node = reader.string();
  const engine = reader.string();
  if (engine !== 'raft' && engine !== 'paxos') throw new DecodeError(`engine ${engine} is not known`);
  const [index, term, revision, keys, createdMs] = [
    reader.varint(),
    reader.varint(),
    reader.varint(),
    reader.varint(),
    reader.varint(),
  ];
  const membership = readMembership(reader);
  reader.end();
  return { cluster, node, engine, index, term, revision, keys, createdMs, membership };
}

/**
 * Salt of a chunk's frame, or of the trailer's, whose number is that of the chunks before it.
 *
 * @param header - The whole frame of the header.
 * @param number - Which frame behind it, from 0.
 * @param mark - What it is.
 */
export function backupSalt(
  header: Uint8Array,
  number: number,
  mark: typeof chunkMark | typeof trailerMark,
): number {
  const writer = new ByteWriter(9);
  writer.u8(mark);
  writer.u32(number % 0x1_0000_0000);
  writer.u32(Math.floor(number / 0x1_0000_0000));
  return crc32c(writer.view(), crc32c(header));
}

/**
 * Makes a trailer's payload.
 *
 * @param trailer - What it says.
 */
export function encodeBackupTrailer(trailer: BackupTrailer): Uint8Array {
  const writer = new ByteWriter(32);
  writer.u8(trailerMark);
  writer.varint(trailer.chunks);
  writer.varint(trailer.bytes);
  writer.u32(trailer.checksum);
  return writer.copy();
}

/**
 * Reads a trailer's payload.
 *
 * @param payload - Payload of the last frame.
 * @throws DecodeError when it is none.
 */
export function decodeBackupTrailer(payload: Uint8Array): BackupTrailer {
  const reader = new ByteReader(payload);
  reader.u8();
  const trailer = { chunks: reader.varint(), bytes: reader.varint(), checksum: reader.u32() };
  reader.end();
  return trailer;
}
