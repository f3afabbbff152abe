/** How a scenario says what happened: entries, events, refusals and status in one line of words each. */
import {
  ByteReader,
  type DurableWrite,
  decodeUtf8,
  type EngineEvent,
  type EngineStatus,
  type Entry,
  type LogIndex,
  type LogPosition,
  type Membership,
  type PeerProgress,
  readMembership,
} from '@synod/core';

const shownCharactersMax = 24;

/** A place in the log: `3@2` is index 3 of term 2. */
export function tellPosition({ index, term }: LogPosition): string {
  return `${index}@${term}`;
}

/** A command's text; a long one is cut short. */
export function tellCommand(text: string): string {
  return text.length <= shownCharactersMax ? `"${text}"` : `"${text.slice(0, 8)}..." (${text.length} bytes)`;
}

/** An entry with its place, such as `2@1 "x"` or `1@1 noop`. */
export function tellEntry(entry: Entry): string {
  return `${tellPosition(entry)} ${tellContent(entry)}`;
}

/** Entries in a row, or `nothing`. */
export function tellEntries(entries: readonly Entry[]): string {
  return entries.length === 0 ? 'nothing' : entries.map(tellEntry).join(', ');
}

function tellContent(entry: Entry): string {
  switch (entry.kind) {
    case 'command':
      return tellCommand(decodeUtf8(entry.data));
    case 'noop':
      return 'noop';
    case 'membership':
      return `members ${tellMembership(membershipOf(entry))}`;
  }
}

/** The membership that an entry carries. */
export function membershipOf(entry: Entry): Membership {
  return readMembership(new ByteReader(entry.data));
}

/** Voters by name, learners in round brackets, and the voters of a configuration that is being left. */
export function tellMembership({ members, outgoingVoters }: Membership): string {
  const names = members.map(({ id, role }) => (role === 'voter' ? id : `(${id})`)).join(' ');
  return outgoingVoters.length === 0 ? names : `${names}, leaving ${outgoingVoters.join(' ')}`;
}

/** What a write puts on the disk. */
export function tellWrite(write: DurableWrite, tellHardState: (bytes: Uint8Array) => string): string {
  const parts: string[] = [];
  if (write.discardThrough !== undefined) parts.push(`discard through ${tellPosition(write.discardThrough)}`);
  if (write.truncateFrom !== undefined) parts.push(`cut from ${write.truncateFrom}`);
  if (write.entries.length > 0) parts.push(tellEntries(write.entries));
  if (write.hardState !== undefined) parts.push(tellHardState(write.hardState));
  return parts.length === 0 ? 'nothing' : parts.join('; ');
}

/** Indexes from one to another. */
function tellRange(from: LogIndex, to: LogIndex): string {
  return from === to ? `${from}` : `${from}..${to}`;
}

/** An event, as a sentence without its subject, which is the node. */
export function tellEvent(event: EngineEvent): string {
  switch (event.type) {
    case 'roleChanged':
      return `turns from ${event.from} to ${event.to} in term ${event.term}: ${event.reason}`;
    case 'termChanged':
      return `goes from term ${event.from} to ${event.to}: ${event.reason}`;
    case 'leaderChanged':
      return event.leader === undefined
        ? `knows no leader in term ${event.term}`
        : `knows ${event.leader} as leader of term ${event.term}`;
    case 'campaignStarted':
      return `asks for ${event.preVote ? 'pre-votes' : 'votes'} for term ${event.term}`;
    case 'voteAnswered': {
      const verb = event.granted ? 'grants' : 'refuses';
      return `${verb} ${event.candidate} its ${vote(event.preVote)} for term ${event.term}: ${event.reason}`;
    }
    case 'voteReceived':
      return `counts a ${event.granted ? '' : 'refused '}${vote(event.preVote)} of ${event.voter}`;
    case 'commitAdvanced':
      return `commits ${tellRange(event.from + 1, event.to)}`;
    case 'readConfirmed':
      return `confirms ${event.reads === 1 ? '1 read' : `${event.reads} reads`} at ${event.index}`;
    case 'membershipChanged':
      return `is governed from index ${event.index} on by ${tellMembership(event.membership)}: ${event.reason}`;
    case 'transferStarted':
      return `begins to hand its leadership to ${event.to}: ${event.reason}`;
    case 'transferEnded': {
      const end = event.stillLeads ? 'leads on' : 'leads no more';
      return `ends the handing over to ${event.to} and ${end}: ${event.reason}`;
    }
    default:
      return tellLogEvent(event);
  }
}

function vote(preVote: boolean): string {
  return preVote ? 'pre-vote' : 'vote';
}

function tellLogEvent(event: EngineEvent): string {
  switch (event.type) {
    case 'entriesAppended':
      return `appends ${tellRange(event.from, event.to)}`;
    case 'logTruncated':
      return `drops its log from ${event.from} on: ${event.reason}`;
    case 'logDiscarded':
      return `discards its log through ${tellPosition(event.through)}`;
    case 'appendRefused':
      return `learns that ${event.peer} has no ${tellPosition(event.at)}; it may agree at ${tellPosition(event.hint)}`;
    case 'progressChanged':
      return `feeds ${event.peer} by ${event.state} from ${event.nextIndex} on: ${event.reason}`;
    case 'snapshotOffered':
      return `offers ${event.peer} the snapshot at ${event.index}`;
    case 'snapshotWanted':
      return `has no snapshot through ${event.index} or later for ${event.peer}, which asks for one`;
    case 'snapshotInstalled':
      return `takes the snapshot ${tellPosition(event.at)} of ${event.from} in place of its log`;
    case 'dataLossFound':
      return `takes no part any more: ${event.reason}`;
    case 'messageIgnored':
      return `ignores ${event.message} of ${event.from}: ${event.reason}`;
    default:
      return tellPlainly(event);
  }
}

/** An event that this file has no sentence for: its name and fields. */
function tellPlainly({ type, ...fields }: EngineEvent): string {
  const told = Object.entries(fields).map(([name, value]) => `${name} ${tellValue(value)}`);
  return `${type}: ${told.join(', ')}`;
}

function tellValue(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'none');
}

/** A node's status: role, term, leader, log and indexes. */
export function tellStatus(status: EngineStatus): string {
  const { role, term, leader, firstIndex, lastIndex, durableIndex, commitIndex, appliedIndex } = status;
  const log = lastIndex < firstIndex ? `empty after ${lastIndex}` : tellRange(firstIndex, lastIndex);
  const disk = durableIndex === lastIndex ? '' : `, durable ${durableIndex}`;
  const lease = status.leaseTicksLeft === undefined ? '' : `; lease for ${status.leaseTicksLeft} more ticks`;
  return (
    `${role} in term ${term}, leader ${leader ?? 'unknown'}; ` +
    `log ${log}${disk}; commit ${commitIndex}, applied ${appliedIndex}${lease}`
  );
}

/** What a leader knows of a peer. */
export function tellProgress({ id, state, matchIndex, nextIndex, inFlight }: PeerProgress): string {
  const flying = inFlight === 0 ? '' : `, ${inFlight} in flight`;
  return `feeds ${id} by ${state}: match ${matchIndex}, next ${nextIndex}${flying}`;
}
