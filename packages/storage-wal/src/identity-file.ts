/**
 * The file `identity`: the storage's own incarnation, whether the node was admitted to vote, and the incarnations of
 * its peers. Always replaced as a whole, so what stands under its name was once whole. One sealed header:
 *
 * ```text
 * bytes    what
 *    14    "synod-identity"
 *     1    format version, 1
 *    16    own incarnation
 *     1    admitted, 0 or 1
 * varint   number of peers, then for each, in the order of names: name (string), incarnation (16 bytes)
 * ```
 */
import { type ByteReader, DecodeError, type Incarnation, type NodeId, readNodeId } from '@synod/core';
import { readIncarnation, writeIncarnation } from './incarnation-bytes.js';
import { type FileFormat, openHeaderFile, sealHeader } from './sealed-header.js';

/** Path of the file. */
export const identityPath = 'identity';

const format: FileFormat = { kind: 'synod-identity', version: 1 };
const peersMax = 65_536;

/** What the file says. */
export interface Identity {
  /** The storage's own incarnation. */
  readonly own: Incarnation;
  /** Whether this node was admitted to vote. */
  readonly admitted: boolean;
  /** Incarnations under which peers are known. */
  readonly peers: ReadonlyMap<NodeId, Incarnation>;
}

/**
 * Makes the contents of the file.
 *
 * @param identity - What it shall say.
 */
export function encodeIdentity(identity: Identity): Uint8Array {
  return sealHeader(format, (writer) => {
    writeIncarnation(writer, identity.own);
    writer.boolean(identity.admitted);
    const peers = [...identity.peers].sort(([left], [right]) => (left < right ? -1 : 1));
    writer.varint(peers.length);
    for (const [peer, incarnation] of peers) {
      writer.string(peer);
      writeIncarnation(writer, incarnation);
    }
  });
}

/**
 * Reads the contents of the file.
 *
 * @param bytes - All of it.
 * @throws {@link StorageCorruptError} when it is not whole, {@link StorageVersionError} when it is of another format.
 */
export function decodeIdentity(bytes: Uint8Array): Identity {
  return openHeaderFile(bytes, format, identityPath, readIdentity);
}

function readIdentity(reader: ByteReader): Identity {
  const own = readIncarnation(reader);
  const admitted = reader.boolean();
  const peers = new Map<NodeId, Incarnation>();
  const count = reader.count(peersMax, 'peers');
  for (let position = 0; position < count; position++) {
    const peer = readNodeId(reader);
    if (peers.has(peer)) throw new DecodeError(`peer ${peer} stands twice`);
    peers.set(peer, readIncarnation(reader));
  }
  return { own, admitted, peers };
}
