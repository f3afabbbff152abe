/**
 * The whole state of one Raft node as one value, and the few changes that every role makes to it: adopting a term,
 * changing role, telling what happened. All else in this package is functions over it.
 */
import {
  checkMembership,
  type EngineEvent,
  type GroupId,
  invariant,
  type LogIndex,
  MajorityQuorum,
  type Membership,
  type NodeId,
  type ProposalId,
  Random,
  type ReadContext,
  type Refusal,
  type Role,
  type SnapshotMeta,
  type Term,
} from '@synod/core';
import { blankHardState, decodeHardState } from './hard-state.js';
import type { Lease } from './lease.js';
import { RaftLog } from './log.js';
import { Memberships } from './memberships.js';
import type { RaftMessage } from './messages.js';
import { priorityMax, type RaftOptions, type RaftSettings, settle } from './options.js';
import { Outbox } from './outbox.js';
import { Followers, Progress } from './progress.js';
import { type FollowerReader, ReadBarriers } from './read-barriers.js';

/** A proposal of this node whose entry was dropped from its log: another node may still hold and commit it. */
export interface DroppedProposal {
  readonly term: Term;
  readonly proposal: ProposalId;
}

/** A leadership on its way to another node. */
export interface Transfer {
  readonly to: NodeId;
  /** Ticks since it began. */
  ticks: number;
  /** Whether the other node was told to campaign. */
  told: boolean;
}

/** Everything a Raft node is. */
export interface RaftState {
  readonly id: NodeId;
  readonly group: GroupId;
  settings: RaftSettings;
  readonly random: Random;
  readonly life: number;
  /** Why this node takes no part any more, once its own log is known to contradict what it acknowledged. */
  dataLoss: string | undefined;
  /** Whether the disk holds this life's number: only then may it stand in a message. */
  lifeDurable: boolean;
  readonly memberships: Memberships;
  membership: Membership;
  quorum: MajorityQuorum;
  /** Voters, outgoing voters and learners other than this node. */
  peers: readonly NodeId[];
  role: Role;
  term: Term;
  votedFor: NodeId | undefined;
  leader: NodeId | undefined;
  readonly log: RaftLog;
  commitIndex: LogIndex;
  /** Through where committed entries were handed out. */
  emittedIndex: LogIndex;
  appliedIndex: LogIndex;
  snapshot: SnapshotMeta | undefined;
  /** Whether term, vote or life changed since the last save. */
  hardStateChanged: boolean;
  /** Commit index in the last saved hard state. */
  savedCommit: LogIndex;
  /** Ticks since the election clock was last reset. */
  electionElapsed: number;
  heartbeatElapsed: number;
  /** Drawn anew at every change of role: from electionTicks to twice that, and more for a lower priority. */
  electionTimeout: number;
  /** All ticks of this life, those included that were missed. */
  ticks: number;
  /** Ticks since a leader was last heard, whatever became of its term. */
  ticksSinceLeader: number;
  /** Oldest save under way at the last tick, and for how many ticks it has been that. */
  stalledSave: number;
  stalledTicks: number;
  /** Votes of the campaign under way. */
  votes: Map<NodeId, boolean>;
  /** A leader's view of its followers; empty on other nodes. */
  progress: Followers;
  /** Replication sessions that this leader has begun beyond those that it began with. */
  sessions: number;
  /** A leader's lease; absent on other nodes and where leases are off. */
  lease: Lease | undefined;
  transfer: Transfer | undefined;
  /** The proposal that the end of a joint change will answer. */
  changeProposal: ProposalId | undefined;
  /** Bytes of this leader's uncommitted commands. */
  uncommittedBytes: number;
  reads: ReadBarriers;
  /** Whether a peer's snapshot shall take the place of the state machine: until then nothing is handed out. */
  snapshotWanted: boolean;
  /** By index: own proposals whose entries were dropped. */
  dropped: Map<LogIndex, DroppedProposal>;
  readonly outbox: Outbox;
}

/** Makes the state of a node from its options and what its storage recovered. */
export function createState(options: RaftOptions): RaftState {
  const settings = settle(options);
  const { recovered } = options;
  const hardState = recovered.hardState === undefined ? blankHardState : decodeHardState(recovered.hardState);
  const snapshot = recovered.snapshot;
  const log = new RaftLog(recovered.discarded, recovered.entries);
  if (snapshot === undefined) {
    invariant(log.discarded.index === 0, 'a log with a discarded prefix has a snapshot that covers it');
  } else {
    invariant(
      snapshot.index >= log.discarded.index,
      'the newest snapshot covers the discarded prefix of the log',
    );
    // A crash between storing a leader's snapshot and replacing the log leaves the old log beside the new snapshot.
    if (!log.matches(snapshot)) log.reset({ index: snapshot.index, term: snapshot.term });
  }
  const covered = snapshot?.index ?? 0;
  const commitIndex = Math.max(covered, hardState.commitIndex);
  invariant(commitIndex <= log.lastIndex, `recovered commit index ${commitIndex} lies within the log`);
  const memberships = new Memberships({
    index: covered,
    membership: snapshot?.membership ?? checkMembership(options.membership),
  });
  for (let index = covered + 1; index <= log.lastIndex; index++) {
    const entry = log.entryAt(index);
    if (entry?.kind === 'membership') memberships.append(entry);
  }
  const { membership } = memberships.latest;
  const state: RaftState = {
    id: options.id,
    group: options.group,
    settings,
    random: new Random(options.seed),
    life: hardState.life + 1,
    dataLoss: undefined,
    lifeDurable: false,
    memberships,
    membership,
    quorum: new MajorityQuorum(membership),
    peers: peersIn(membership, options.id),
    role: 'follower',
    term: Math.max(hardState.term, log.lastTerm),
    votedFor: hardState.term >= log.lastTerm ? hardState.votedFor : undefined,
    leader: undefined,
    log,
    commitIndex,
    emittedIndex: covered,
    appliedIndex: 0,
    snapshot,
    hardStateChanged: true,
    savedCommit: hardState.commitIndex,
    electionElapsed: 0,
    heartbeatElapsed: 0,
    electionTimeout: settings.electionTicks,
    ticks: 0,
    // An earlier life may have answered a leader that trusts in it.
    ticksSinceLeader: hardState.life === 0 ? settings.electionTicks : 0,
    stalledSave: 0,
    stalledTicks: 0,
    votes: new Map(),
    progress: new Followers(),
    sessions: 0,
    lease: undefined,
    transfer: undefined,
    changeProposal: undefined,
    uncommittedBytes: 0,
    reads: new ReadBarriers(),
    snapshotWanted: false,
    dropped: new Map(),
    outbox: new Outbox(),
  };
  state.role = restingRole(state);
  resetElectionClock(state);
  if (snapshot !== undefined) state.outbox.workOn({ type: 'install', meta: snapshot });
  return state;
}

/** An independent copy. */
export function cloneState(state: RaftState): RaftState {
  return {
    ...state,
    random: state.random.clone(),
    log: state.log.clone(),
    memberships: state.memberships.clone(),
    lease: state.lease?.clone(),
    transfer: state.transfer === undefined ? undefined : { ...state.transfer },
    votes: new Map(state.votes),
    progress: state.progress.clone(),
    reads: state.reads.clone(),
    dropped: new Map(state.dropped),
    outbox: state.outbox.clone(),
  };
}

function peersIn({ members, outgoingVoters }: Membership, id: NodeId): readonly NodeId[] {
  const all = new Set([...members.map((member) => member.id), ...outgoingVoters]);
  all.delete(id);
  return [...all];
}

/** Lets the latest membership of the log govern: quorums, peers and this node's own part follow it at once (§6). */
export function governByLatest(state: RaftState, reason: string): void {
  const { index, membership } = state.memberships.latest;
  state.membership = membership;
  state.quorum = new MajorityQuorum(membership);
  state.peers = peersIn(membership, state.id);
  report(state, { type: 'membershipChanged', membership, index, reason });
  if (state.role === 'leader') {
    state.lease?.restart();
    for (const peer of state.peers) {
      if (!state.progress.has(peer))
        state.progress.add(new Progress(peer, state.log.lastIndex, ++state.sessions));
    }
  } else if (state.role !== restingRole(state)) {
    const campaigns = state.role === 'candidate' || state.role === 'pre-candidate';
    if (!campaigns || !mayLead(state)) changeRole(state, restingRole(state), reason);
  }
}

/** What the node is when it neither leads nor campaigns. */
function restingRole(state: RaftState): Role {
  return mayLead(state) ? 'follower' : 'learner';
}

/**
 * Whether this node may campaign: as a voter, or as one that ceases to be one by an entry that is not known to be
 * committed. Such a node may be the only one that holds the entry and can get it committed (dissertation §4.2.2); its
 * own vote does not count then.
 */
export function mayLead({ id, quorum, memberships, commitIndex }: RaftState): boolean {
  if (quorum.isVoter(id)) return true;
  const { latest, previous } = memberships;
  return latest.index > commitIndex && previous !== undefined && new MajorityQuorum(previous).isVoter(id);
}

/** The membership that governs became committed: a node that it leaves out campaigns no more. */
export function restAfterCommit(state: RaftState): void {
  if (state.role === 'follower' && !mayLead(state))
    changeRole(state, 'learner', 'the members without this node as a voter are committed');
}

/** Tells what happened. */
export function report(state: RaftState, event: EngineEvent): void {
  state.outbox.report(event);
}

/** Puts a message aside, and says so. */
export function ignore(state: RaftState, message: RaftMessage, reason: string): void {
  report(state, { type: 'messageIgnored', from: message.from, message: message.type, reason });
}

/**
 * Ends this node's part: its disk lost something that it had acknowledged, most likely because an older copy of its
 * directory was put back. It forgot votes with it, so it must neither vote nor acknowledge again.
 */
export function haltForDataLoss(state: RaftState, reason: string): void {
  if (state.dataLoss !== undefined) return;
  state.dataLoss = reason;
  report(state, { type: 'dataLossFound', reason });
  becomeFollower(state, undefined, reason);
}

/** A newer term ends every claim made in the old one: role, vote and leader (§5.1). */
export function adoptTerm(state: RaftState, term: Term, reason: string): void {
  invariant(term > state.term, 'terms only grow');
  report(state, { type: 'termChanged', from: state.term, to: term, reason });
  state.term = term;
  state.votedFor = undefined;
  state.hardStateChanged = true;
  becomeFollower(state, undefined, reason);
}

/** Follows a leader, or waits for one. */
export function becomeFollower(state: RaftState, leader: NodeId | undefined, reason: string): void {
  changeRole(state, restingRole(state), reason);
  setLeader(state, leader);
}

/** Plays another part. Whatever belongs to the old one is dropped; reads that waited for it are refused. */
export function changeRole(state: RaftState, role: Role, reason: string): void {
  const isOther = role !== state.role;
  if (isOther) {
    report(state, { type: 'roleChanged', from: state.role, to: role, term: state.term, reason });
  }
  if (state.role === 'leader' && role !== 'leader') {
    endTransfer(state, false, reason);
    forgetChange(state, reason);
    for (const reader of state.reads.abandonLed()) {
      if (reader.type === 'follower') answerFollower(state, reader, undefined);
      else refuseRead(state, reader.context, 'this node stopped leading before the read was confirmed');
    }
  }
  state.role = role;
  if (role === 'leader') state.snapshotWanted = false;
  state.votes.clear();
  state.progress.clear();
  state.sessions = 0;
  state.lease = undefined;
  state.uncommittedBytes = 0;
  state.heartbeatElapsed = 0;
  // A later term alone does not put off a follower's campaign: only a leader, or a vote that it gives, does (figure 2).
  if (isOther) resetElectionClock(state);
}

/** Ends a transfer of leadership, if one is under way. */
export function endTransfer(state: RaftState, stillLeads: boolean, reason: string): void {
  const { transfer } = state;
  if (transfer === undefined) return;
  state.transfer = undefined;
  report(state, { type: 'transferEnded', to: transfer.to, stillLeads, reason });
}

/** The caller of a joint change is not told its end by this node: the next leader completes or drops it. */
function forgetChange(state: RaftState, reason: string): void {
  const proposal = state.changeProposal;
  if (proposal === undefined) return;
  state.changeProposal = undefined;
  state.outbox.refuse({
    subject: { type: 'proposal', proposal },
    code: 'OUTCOME_UNKNOWN',
    effect: 'unknown',
    reason: `the leadership ended while the change was under way (${reason}): the next leader completes or drops it`,
  });
}

/** Names the leader of the term. Reads that were forwarded to another one are refused. */
export function setLeader(state: RaftState, leader: NodeId | undefined): void {
  if (state.leader === leader) return;
  state.leader = leader;
  report(state, { type: 'leaderChanged', leader, term: state.term });
  for (const context of state.reads.abandonForwarded()) {
    refuseRead(state, context, 'the leader changed before the read was confirmed');
  }
}

/** Starts the wait for an election timeout anew, with a new random length (§5.2). */
export function resetElectionClock(state: RaftState): void {
  const { electionTicks, electionSpreadTicks, priority } = state.settings;
  const least = electionTicks + Math.ceil(((priorityMax - priority) * electionTicks) / 2);
  state.electionElapsed = 0;
  state.electionTimeout = state.random.integer(least, least + (electionSpreadTicks ?? electionTicks));
}

/** Refuses a read for good, naming whom to ask instead. */
export function refuseRead(state: RaftState, context: ReadContext, reason: string): void {
  state.outbox.refuse({
    subject: { type: 'read', context },
    code: leaderCode(state),
    effect: 'none',
    ...leaderHint(state),
    reason,
  });
}

/** Tells a follower through where its reads must be applied, or that they cannot be confirmed here. */
export function answerFollower(state: RaftState, reader: FollowerReader, index: LogIndex | undefined): void {
  const { life, request } = reader;
  state.outbox.send({
    from: state.id,
    to: reader.id,
    type: 'readAnswer',
    term: state.term,
    life,
    request,
    index,
  });
}

/** Whether to send a caller elsewhere, or to ask for patience. */
export function leaderCode(state: RaftState): 'NOT_LEADER' | 'NO_LEADER' {
  return state.leader === undefined || state.leader === state.id ? 'NO_LEADER' : 'NOT_LEADER';
}

/** Why this node, which does not lead, refuses what only a leader does. */
export function reasonNotLeader(state: RaftState): Pick<Refusal, 'code' | 'reason'> {
  const hint = state.leader === undefined ? 'nobody is known to lead' : `${state.leader} leads`;
  return { code: leaderCode(state), reason: `this node is a ${state.role}: ${hint}` };
}

/** The leader to try, as a refusal names it. */
export function leaderHint(state: RaftState): { readonly leader?: NodeId } {
  return state.leader === undefined || state.leader === state.id ? {} : { leader: state.leader };
}
