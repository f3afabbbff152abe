/** What a Synod's node must never forget, as bytes: version, promised ballot, last vote, decision. */
import { ByteReader, ByteWriter, DecodeError, type Term } from '@synod/core';
import { readVote, writeVote } from './codec.js';
import type { SynodVote } from './messages.js';

/** The durable record of one node. */
export interface SynodRecord {
  /** Highest ballot promised, this node's own included; 0 for none. */
  readonly promised: Term;
  /** The last vote. */
  readonly vote: SynodVote | undefined;
  /** What was chosen, as far as this node knows. */
  readonly decided: Uint8Array | undefined;
}

const formatVersion = 1;

/** Encodes a record. */
export function encodeSynodRecord({ promised, vote, decided }: SynodRecord): Uint8Array {
  const writer = new ByteWriter(64);
  writer.u8(formatVersion);
  writer.varint(promised);
  writeVote(writer, vote);
  writer.boolean(decided !== undefined);
  if (decided !== undefined) writer.bytes(decided);
  return writer.copy();
}

/**
 * Decodes what a Synod's node asked to be saved.
 *
 * @param bytes - The record of a {@link SynodSave}.
 * @returns What it says. Byte arrays in it are views into the source.
 * @throws DecodeError when the bytes are no record of a known version.
 */
export function decodeSynodRecord(bytes: Uint8Array): SynodRecord {
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  if (version !== formatVersion) {
    throw new DecodeError(
      `synod record has format version ${version}: this release reads version ${formatVersion}`,
    );
  }
  const promised = reader.varint();
  const vote = readVote(reader);
  const decided = reader.boolean() ? reader.bytes() : undefined;
  reader.end();
  return { promised, vote, decided };
}
