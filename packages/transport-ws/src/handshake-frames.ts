/**
 * What two nodes say before any payload. Each WebSocket message is one sealed frame (see `@synod/integrity`) whose
 * first payload byte names its kind:
 *
 * ```text
 * 1 hello    varint least version, varint greatest version, string cluster, string id, string wanted id,
 *            string incarnation, from version 2 bytes nonce (empty without a token), then anything a later version adds
 * 2 welcome  then anything a later version adds
 * 3 refuse   string code, string reason, then anything a later version adds
 * 4 batch    items up to the end, each: varint group, varint length, payload
 * 5 proof    bytes proof, from version 2 and only between nodes that have a token
 * ```
 *
 * Kinds 1 to 3 keep this form in every version: two nodes must be able to find out that they share none. They are at
 * most {@link handshakeFrameBytesMax} long, sealed, since whoever sends them is still a stranger.
 */
import {
  ByteReader,
  ByteWriter,
  DecodeError,
  type HelloRefusal,
  type HelloRefusalCode,
  type Incarnation,
  isIncarnation,
  isNodeId,
  type NodeId,
} from '@synod/core';
import { beginFrame, endFrame, openFrame } from '@synod/integrity';

/** First payload byte of each kind of frame. */
export const frameKind = { hello: 1, welcome: 2, refuse: 3, batch: 4, proof: 5 } as const;

/** Greatest length of a sealed handshake frame, in bytes. */
export const handshakeFrameBytesMax = 1024;

/** Greatest length of a cluster id in UTF-8, in bytes. */
export const clusterIdBytesMax = 128;

/** Length of a nonce, in bytes. */
export const nonceBytes = 32;

/** Length of a proof, in bytes. */
const proofBytes = 32;

/** Longest reason that is told to or believed from a peer, in UTF-16 units. */
const reasonUnitsMax = 250;

/** A range of protocol versions, both ends included. */
export interface VersionRange {
  /** Oldest version spoken. */
  readonly least: number;
  /** Newest version spoken. */
  readonly greatest: number;
}

/** Versions that this code speaks. The second one brought nonces and proofs; without a token both are alike. */
export const spokenVersions: VersionRange = { least: 1, greatest: 2 };

/** First version whose hello carries a nonce. */
const nonceVersion = 2;

/** A node's account of itself. */
export interface Hello {
  /** Versions it speaks. */
  readonly versions: VersionRange;
  /** Cluster it belongs to. */
  readonly clusterId: string;
  /** Who it is. */
  readonly id: NodeId;
  /** Whom it wants to talk to. */
  readonly wantedId: NodeId;
  /** Its storage's incarnation. */
  readonly incarnation: Incarnation;
  /** Fresh random bytes, {@link nonceBytes} of them; empty when it has no token. */
  readonly nonce: Uint8Array;
}

/** A frame of the handshake, read. */
export type HandshakeFrame =
  | { readonly type: 'hello'; readonly hello: Hello }
  | { readonly type: 'welcome' }
  | { readonly type: 'proof'; readonly proof: Uint8Array }
  | { readonly type: 'refuse'; readonly refusal: HelloRefusal };

/**
 * Seals a hello.
 *
 * @param hello - What to say.
 */
export function sealHello(hello: Hello): Uint8Array {
  return seal((writer) => {
    writer.u8(frameKind.hello);
    writer.varint(hello.versions.least);
    writer.varint(hello.versions.greatest);
    writer.string(hello.clusterId);
    writer.string(hello.id);
    writer.string(hello.wantedId);
    writer.string(hello.incarnation);
    if (hello.versions.greatest >= nonceVersion) writer.bytes(hello.nonce);
  });
}

/**
 * Seals a proof.
 *
 * @param proof - 32 bytes.
 */
export function sealProof(proof: Uint8Array): Uint8Array {
  return seal((writer) => {
    writer.u8(frameKind.proof);
    writer.bytes(proof);
  });
}

/** Seals a welcome. */
export function sealWelcome(): Uint8Array {
  return seal((writer) => writer.u8(frameKind.welcome));
}

/**
 * Seals a refusal; a long reason is cut.
 *
 * @param refusal - Why.
 */
export function sealRefusal(refusal: HelloRefusal): Uint8Array {
  return seal((writer) => {
    writer.u8(frameKind.refuse);
    writer.string(refusal.code);
    writer.string(printable(refusal.reason));
  });
}

/**
 * Reads a sealed frame of the handshake.
 *
 * @param bytes - One WebSocket message.
 * @throws DecodeError when it is anything else.
 */
export function openHandshakeFrame(bytes: Uint8Array): HandshakeFrame {
  const opened = openFrame(bytes, 0, { frameBytesMax: handshakeFrameBytesMax });
  if (opened.type === 'incomplete') throw new DecodeError('the frame is shorter than it says');
  if (opened.type === 'damaged') throw new DecodeError(`the frame is damaged (${opened.reason})`);
  if (opened.end !== bytes.length) throw new DecodeError('more bytes follow the frame');
  const reader = new ByteReader(opened.payload);
  const kind = reader.u8();
  switch (kind) {
    case frameKind.hello:
      return { type: 'hello', hello: readHello(reader) };
    case frameKind.welcome:
      return { type: 'welcome' };
    case frameKind.proof:
      return { type: 'proof', proof: readExactly(reader, proofBytes, 'proof') };
    case frameKind.refuse:
      return { type: 'refuse', refusal: readRefusal(reader) };
    default:
      throw new DecodeError(
        `a frame of kind ${kind} came where a hello, proof, welcome or refuse is expected`,
      );
  }
}

/**
 * Makes a text that came from outside, or goes there, fit for one line of a log.
 *
 * @param text - Any text.
 * @returns At most 250 characters, without control characters.
 */
export function printable(text: string): string {
  return text.slice(0, reasonUnitsMax).replace(/\p{C}/gu, ' ');
}

function readHello(reader: ByteReader): Hello {
  const least = reader.varint();
  const greatest = reader.varint();
  const clusterId = reader.string();
  const id = reader.string();
  const wantedId = reader.string();
  const incarnation = reader.string();
  const nonce = greatest >= nonceVersion ? reader.bytes().slice() : new Uint8Array(0);
  if (least > greatest) throw new DecodeError(`the range of versions ${least} to ${greatest} is empty`);
  if (!isNodeId(id) || !isNodeId(wantedId)) throw new DecodeError('the hello holds no well-formed node ids');
  if (!isIncarnation(incarnation)) throw new DecodeError('the hello holds no well-formed incarnation');
  if (nonce.length !== 0 && nonce.length !== nonceBytes)
    throw new DecodeError(
      `the hello holds a nonce of ${nonce.length} bytes: it must have ${nonceBytes}, or none`,
    );
  return { versions: { least, greatest }, clusterId, id, wantedId, incarnation, nonce };
}

function readExactly(reader: ByteReader, length: number, what: string): Uint8Array {
  const bytes = reader.bytes().slice();
  if (bytes.length === length) return bytes;
  throw new DecodeError(`the ${what} is ${bytes.length} bytes long: it must be ${length}`);
}

/** All reasons to refuse a hello. */
export const helloRefusalCodes: readonly HelloRefusalCode[] = [
  'VERSION_MISMATCH',
  'WRONG_CLUSTER',
  'UNKNOWN_NODE',
  'WRONG_NODE',
  'WRONG_CERTIFICATE',
  'UNAUTHENTICATED',
  'INCARNATION_LOST',
  'MALFORMED',
];

function readRefusal(reader: ByteReader): HelloRefusal {
  const said = reader.string();
  const reason = printable(reader.string());
  const code = helloRefusalCodes.find((known) => known === said);
  // A later version may refuse for a reason that has no name here yet.
  return code === undefined
    ? { code: 'MALFORMED', reason: `${printable(said)}: ${reason}` }
    : { code, reason };
}

function seal(write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter(128);
  const start = beginFrame(writer);
  write(writer);
  endFrame(writer, start);
  return writer.take();
}
