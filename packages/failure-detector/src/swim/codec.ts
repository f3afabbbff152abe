/**
 * SWIM messages as bytes. A message is: format version, number of the type, sender, what the type has, and the updates to
 * the end. Everything is checked before it is believed: a peer's bytes give a message within all limits or a DecodeError.
 */
import {
  ByteReader,
  ByteWriter,
  DecodeError,
  decodeUtf8,
  type NodeId,
  nodeIdCharactersMax,
  readNodeId,
  unreachable,
} from '@synod/core';
import {
  addressCharactersMax,
  incarnationMax,
  isMemberAddress,
  type MemberState,
  type MemberUpdate,
  type SwimMessage,
} from './messages.js';

/** Version of the format; the first byte of each message. */
const formatVersion = 1;

/** Numbers of the message types on the wire. Never reused. */
const typeNumbers = {
  ping: 1,
  ack: 2,
  nack: 3,
  pingRequest: 4,
  sync: 5,
  gossip: 6,
} as const satisfies Record<SwimMessage['type'], number>;

/** States by their number on the wire. Never reused. */
const states: readonly MemberState[] = ['alive', 'suspect', 'dead', 'left'];

/** Longest message that is read, in bytes: that of a UDP datagram. */
export const swimMessageBytesMax = 65_507;

/**
 * Writes a message.
 *
 * @param message - What to write.
 * @returns Its bytes.
 */
export function encodeSwimMessage(message: SwimMessage): Uint8Array {
  const writer = new ByteWriter();
  writer.u8(formatVersion);
  writer.u8(typeNumbers[message.type]);
  writer.string(message.from);
  switch (message.type) {
    case 'ping':
    case 'ack':
    case 'nack':
    case 'pingRequest':
      writer.varint(message.sequence);
      writer.string(message.target);
      break;
    case 'sync':
      writer.boolean(message.wantsReply);
      break;
    case 'gossip':
      break;
    default:
      unreachable(message);
  }
  writer.varint(message.updates.length);
  for (const update of message.updates) writeUpdate(update, writer);
  return writer.take();
}

/** Most bytes that everything of a message but its updates takes. */
export const headerBytesMax = 2 + (1 + nodeIdCharactersMax) + 8 + (1 + nodeIdCharactersMax) + 3;

/**
 * How many bytes an update takes at most.
 *
 * @param update - Which.
 */
export function updateBytesOf(update: MemberUpdate): number {
  // Two lengths of ids, one of the address (up to 255: two bytes), the state, and an incarnation of at most 48 bits.
  return update.id.length + update.by.length + update.address.length + 1 + 1 + 2 + 1 + 7;
}

function writeUpdate(update: MemberUpdate, writer: ByteWriter): void {
  writer.u8(states.indexOf(update.state));
  writer.string(update.id);
  writer.string(update.address);
  writer.varint(update.incarnation);
  if (isAccusation(update.state)) writer.string(update.by);
}

/**
 * Reads a message.
 *
 * @param bytes - What came, of any length and content.
 * @returns The message, within all limits.
 * @throws DecodeError when the bytes are no message.
 */
export function decodeSwimMessage(bytes: Uint8Array): SwimMessage {
  if (bytes.length > swimMessageBytesMax)
    throw new DecodeError(`a message of ${bytes.length} bytes: at most ${swimMessageBytesMax} are allowed`);
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  if (version !== formatVersion)
    throw new DecodeError(`format version ${version}: only ${formatVersion} is known`);
  const message = readMessage(reader);
  reader.end();
  return message;
}

function readMessage(reader: ByteReader): SwimMessage {
  const number = reader.u8();
  const from = readNodeId(reader);
  switch (number) {
    case typeNumbers.ping:
      return { type: 'ping', from, ...readSubject(reader), updates: readUpdates(reader) };
    case typeNumbers.ack:
      return { type: 'ack', from, ...readSubject(reader), updates: readUpdates(reader) };
    case typeNumbers.nack:
      return { type: 'nack', from, ...readSubject(reader), updates: readUpdates(reader) };
    case typeNumbers.pingRequest:
      return { type: 'pingRequest', from, ...readSubject(reader), updates: readUpdates(reader) };
    case typeNumbers.sync:
      return { type: 'sync', from, wantsReply: reader.boolean(), updates: readUpdates(reader) };
    case typeNumbers.gossip:
      return { type: 'gossip', from, updates: readUpdates(reader) };
    default:
      throw new DecodeError(`message type ${number}: 1 to ${typeNumbers.gossip} are known`);
  }
}

function readSubject(reader: ByteReader): { readonly sequence: number; readonly target: NodeId } {
  return { sequence: reader.varint(), target: readNodeId(reader) };
}

function readUpdates(reader: ByteReader): readonly MemberUpdate[] {
  const count = reader.count(swimMessageBytesMax, 'updates');
  const updates: MemberUpdate[] = [];
  for (let position = 0; position < count; position++) updates.push(readUpdate(reader));
  return updates;
}

function readUpdate(reader: ByteReader): MemberUpdate {
  const number = reader.u8();
  const state = states[number];
  if (state === undefined)
    throw new DecodeError(`member state ${number}: 0 to ${states.length - 1} are known`);
  const id = readNodeId(reader);
  const address = readAddress(reader);
  const incarnation = reader.varint();
  if (incarnation > incarnationMax)
    throw new DecodeError(`incarnation ${incarnation} of ${id}: at most ${incarnationMax} is allowed`);
  return { id, address, state, incarnation, by: isAccusation(state) ? readNodeId(reader) : id };
}

function readAddress(reader: ByteReader): string {
  const length = reader.varint();
  if (length > addressCharactersMax)
    throw new DecodeError(`an address of ${length} bytes: at most ${addressCharactersMax} are allowed`);
  const address = decodeUtf8(reader.raw(length));
  if (!isMemberAddress(address))
    throw new DecodeError(`${JSON.stringify(address)} is no address: use printable ASCII without spaces`);
  return address;
}

/** Whether somebody else than the member says so. */
function isAccusation(state: MemberState): boolean {
  return state === 'suspect' || state === 'dead';
}
