/**
 * The way on when so many voters are lost for good that no election can be won any more. It breaks the rule that every
 * decision is made by a majority, so it is a tool for operators and nothing that an engine ever does by itself.
 */
import {
  type DurableWrite,
  type EngineStart,
  InvalidArgumentError,
  type LogIndex,
  type LogPosition,
  MajorityQuorum,
  type Member,
  type Membership,
  type NodeId,
  parseNodeId,
} from '@synod/core';
import { encodeMembership } from './memberships.js';
import { takeSave } from './save.js';
import { createState, type RaftState } from './state.js';

/** Whose storage it is, what is in it, and who is left. */
export interface QuorumRecoveryOptions
  extends Pick<EngineStart, 'id' | 'group' | 'membership' | 'recovered'> {
  /** The nodes that are left, this one among them: from now on they are the members, and voters all of them. */
  readonly survivors: readonly NodeId[];
}

/** How a node's durable state has to change for it to go on with the survivors alone. */
export interface QuorumRecovery {
  /** The change, to be made durable by the node's storage while the node does not run. */
  readonly write: DurableWrite;
  /** The members that governed here until now. */
  readonly before: Membership;
  /** The members that will. */
  readonly after: Membership;
  /** Where the log ended until now: for the comparison with the other survivors. */
  readonly logEnd: LogPosition;
  /** Through where this node knows the log to be committed. What follows in the log becomes committed too. */
  readonly commitIndex: LogIndex;
  /** The entry of the new members. */
  readonly entry: LogPosition;
}

/**
 * Makes the write that lets the survivors of a lost quorum go on: a new term, and at the end of the log an entry with
 * the survivors as the only members.
 *
 * **It can lose acknowledged commands.** Those that were committed by nodes which are all lost are gone; and what no
 * majority ever held becomes committed when it stands in this node's log. The lost nodes must never come back: together
 * they could go on by themselves.
 *
 * @param options - What the storage of one survivor recovered, and who survives.
 * @returns The write, and what it changes. Nothing is done yet.
 * @throws InvalidArgumentError when it is not needed, since the survivors are still a quorum; when a survivor is no
 * member of the group; when this node is none of the survivors; or when its storage holds nothing.
 *
 * @remarks Make it on one survivor only: on the one whose `logEnd` has the greatest term and, among equal terms, the
 * greatest index. It holds everything that any survivor can know to be committed. The others vote for it, because its
 * log is ahead of theirs, and learn the new members from it. Two nodes that both make it may hold different entries
 * under one index and term.
 *
 * @example
 * ```ts
 * const group = storage.group(0);
 * const recovered = group.recover();
 * const { write } = recoverQuorum({ id: 'n1', group: 0, membership, recovered, survivors: ['n1'] });
 * await group.save(write);
 * await storage.close();
 * ```
 */
export function recoverQuorum(options: QuorumRecoveryOptions): QuorumRecovery {
  const { id, recovered, survivors } = options;
  if (recovered.hardState === undefined)
    throw new InvalidArgumentError(
      `the storage of ${id} holds nothing of the group: take another survivor's`,
    );
  const state = createState({ ...options, seed: 0 });
  const before = state.membership;
  checkSurvivors(id, before, survivors);
  const after: Membership = { members: votersAmong(before, survivors), outgoingVoters: [] };
  const logEnd = { index: state.log.lastIndex, term: state.log.lastTerm };
  const entry = appendMembers(state, after);
  return { write: saveOf(state), before, after, logEnd, commitIndex: state.commitIndex, entry };
}

function checkSurvivors(id: NodeId, governing: Membership, survivors: readonly NodeId[]): void {
  const members = governing.members.map((member) => member.id);
  for (const [position, survivor] of survivors.entries()) {
    parseNodeId(survivor, 'survivor');
    if (!members.includes(survivor))
      throw new InvalidArgumentError(
        `survivor ${survivor} is no member: the members are ${members.join(', ')}`,
      );
    if (survivors.indexOf(survivor) !== position)
      throw new InvalidArgumentError(`survivor ${survivor} is named twice`);
  }
  if (!survivors.includes(id))
    throw new InvalidArgumentError(`${id} is none of the survivors: change the storage of one that is`);
  const result = new MajorityQuorum(governing).voteResult((voter) => survivors.includes(voter));
  if (result === 'won') {
    throw new InvalidArgumentError(
      `${survivors.join(', ')} are still a quorum: start them, and they elect a leader without losing anything`,
    );
  }
}

function votersAmong({ members }: Membership, survivors: readonly NodeId[]): readonly Member[] {
  return members
    .filter((member) => survivors.includes(member.id))
    .map((member) => ({ ...member, role: 'voter' }));
}

/** The new term makes this log newer than that of any other survivor that ends no later. */
function appendMembers(state: RaftState, members: Membership): LogPosition {
  state.term++;
  state.votedFor = undefined;
  state.hardStateChanged = true;
  const entry = { index: state.log.lastIndex + 1, term: state.term };
  state.log.append({ ...entry, kind: 'membership', data: encodeMembership(members) });
  return entry;
}

function saveOf(state: RaftState): DurableWrite {
  const save = takeSave(state);
  if (save === undefined) throw new InvalidArgumentError('there is nothing to save');
  return save;
}
