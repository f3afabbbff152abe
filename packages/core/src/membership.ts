/** Who takes part in a group: voters decide, learners only receive. Travels in entries and snapshots. */
import type { ByteReader, ByteWriter } from './bytes.js';
import { DecodeError, InvalidArgumentError } from './errors.js';
import { isNodeId, type NodeId, parseInteger, parseNodeId } from './ids.js';

/** One node's part in a group. */
export interface Member {
  /** The node. */
  readonly id: NodeId;
  /**
   * Number of this member in its group, 1 to 1023, never given to another node of the group: Paxos builds its
   * ballots from it.
   */
  readonly ordinal: number;
  /** `voter` counts in quorums; `learner` receives the log but has no vote. */
  readonly role: 'voter' | 'learner';
}

/** The members that govern a stretch of the log. */
export interface Membership {
  /** Members in ascending order of ordinal. */
  readonly members: readonly Member[];
  /**
   * While a change is under way (joint consensus, Raft §6), the voters of the configuration being left: a decision
   * then needs a majority of these too. Empty otherwise.
   */
  readonly outgoingVoters: readonly NodeId[];
}

/** Most members a group can have. */
export const membersMax = 1023;

/**
 * Makes the membership of a new group: all voters, numbered in the order given.
 *
 * @param voters - Ids of the voters, without repeats, at least one. Every node of the group must give the same list.
 * @returns The membership, with ordinals 1, 2, 3 and so on.
 * @throws {@link InvalidArgumentError} for an empty list, a repeated or malformed id, or more than {@link membersMax}.
 *
 * @example
 * ```ts
 * const membership = createMembership(['n1', 'n2', 'n3']);
 * ```
 */
export function createMembership(voters: readonly NodeId[]): Membership {
  const members = voters.map(
    (id, position): Member => ({ id: parseNodeId(id, 'voter'), ordinal: position + 1, role: 'voter' }),
  );
  return checkMembership({ members, outgoingVoters: [] });
}

/**
 * Ids of the voters, in the order of the members.
 *
 * @param membership - The membership to read.
 */
export function votersOf(membership: Membership): readonly NodeId[] {
  return membership.members.filter((member) => member.role === 'voter').map((member) => member.id);
}

/**
 * Checks the rules that every membership must keep.
 *
 * @param membership - The membership to check.
 * @returns The same membership.
 * @throws {@link InvalidArgumentError} when there is no voter, an id is malformed or stands twice, the ordinals do not
 * ascend, or there are too many.
 */
export function checkMembership(membership: Membership): Membership {
  const { members, outgoingVoters } = membership;
  if (members.length > membersMax) {
    throw new InvalidArgumentError(
      `membership has ${members.length} members: at most ${membersMax} are possible`,
    );
  }
  checkIds(
    members.map((member) => member.id),
    'member',
  );
  checkIds(outgoingVoters, 'outgoing voter');
  let previous = 0;
  for (const { id, ordinal } of members) {
    parseInteger(ordinal, `ordinal of member ${id}`, 1, membersMax);
    if (ordinal <= previous) {
      throw new InvalidArgumentError(
        `ordinal ${ordinal} of member ${id} follows ${previous}: ordinals must ascend`,
      );
    }
    previous = ordinal;
  }
  if (!members.some((member) => member.role === 'voter')) {
    throw new InvalidArgumentError('membership has no voter: at least one is needed');
  }
  return membership;
}

function checkIds(ids: readonly NodeId[], what: string): void {
  const seen = new Set<NodeId>();
  for (const id of ids) {
    parseNodeId(id, what);
    if (seen.has(id)) throw new InvalidArgumentError(`${what} ${id} stands twice in the membership`);
    seen.add(id);
  }
}

/**
 * Writes a membership in the form that entries, snapshots and messages carry.
 *
 * @param writer - Where to write.
 * @param membership - What to write.
 */
export function writeMembership(writer: ByteWriter, membership: Membership): void {
  writer.varint(membership.members.length);
  for (const member of membership.members) {
    writer.string(member.id);
    writer.varint(member.ordinal);
    writer.boolean(member.role === 'voter');
  }
  writer.varint(membership.outgoingVoters.length);
  for (const id of membership.outgoingVoters) writer.string(id);
}

/**
 * Reads what {@link writeMembership} wrote.
 *
 * @param reader - Where to read.
 * @throws {@link DecodeError} when the bytes are no membership that keeps the rules.
 */
export function readMembership(reader: ByteReader): Membership {
  const members: Member[] = [];
  const count = reader.count(membersMax, 'members');
  for (let position = 0; position < count; position++) {
    const id = readNodeId(reader);
    const ordinal = reader.varint();
    members.push({ id, ordinal, role: reader.boolean() ? 'voter' : 'learner' });
  }
  const outgoingVoters: NodeId[] = [];
  const outgoing = reader.count(membersMax, 'outgoing voters');
  for (let position = 0; position < outgoing; position++) outgoingVoters.push(readNodeId(reader));
  try {
    return checkMembership({ members, outgoingVoters });
  } catch (error) {
    throw new DecodeError(error instanceof Error ? error.message : 'malformed membership');
  }
}

/**
 * Reads one node id.
 *
 * @param reader - Where to read.
 * @throws {@link DecodeError} when the string there is no node id.
 */
export function readNodeId(reader: ByteReader): NodeId {
  const id = reader.string();
  if (!isNodeId(id)) throw new DecodeError(`${JSON.stringify(id)} stands where a node id is expected`);
  return id;
}
