/**
 * From voted to decided to handed out. A leader counts durable votes of its own ballot, slot by slot, so that values are
 * decided in any order; they are handed out in the order of the slots, and by no node before its own disk holds them.
 */
import { type Entry, InvariantViolation, type LogIndex, type NodeId } from '@synod/core';
import { governAfter } from './governance.js';
import { decodeMembership } from './memberships.js';
import { noteBallot, report } from './roles.js';
import { entryBytes } from './slots.js';
import type { PaxosState } from './state.js';

/** Moves a leader's decided index over every slot that a phase-2 quorum voted in, in this ballot. */
export function countVotes(state: PaxosState): void {
  const { proposer, quorums, slots, progress, id, commitIndex } = state;
  const last = proposer.nextSlot - 1;
  if (last <= commitIndex) return;
  // Mostly votes come without holes; then one look serves all slots.
  let through = quorums.reachedByPhase2((voter) =>
    voter === id ? Math.min(slots.durableIndex, last) : (progress.get(voter)?.votedThrough(commitIndex) ?? 0),
  );
  for (let slot = Math.max(through, commitIndex) + 1; slot <= last; slot++) {
    const result = quorums.phase2((voter) =>
      voter === id ? slots.isDurable(slot) : (progress.get(voter)?.hasAccepted(slot) ?? false),
    );
    if (result !== 'won') break;
    through = slot;
  }
  if (through > commitIndex) decideThrough(state, through);
}

/**
 * A leader said through where everything is decided: a vote of its ballot is for the value that it proposed, which is
 * the decided one. A vote of an earlier ballot may be for another.
 */
export function markDecided(state: PaxosState, decided: LogIndex): void {
  if (decided <= state.commitIndex) return;
  decideThrough(state, state.slots.runOf(state.promised, state.commitIndex + 1, decided, false));
}

/** Everything through a slot is decided, and its value stands here. */
function decideThrough(state: PaxosState, index: LogIndex): void {
  const from = state.commitIndex;
  if (index <= from) return;
  report(state, { type: 'commitAdvanced', from, to: index });
  for (let slot = from + 1; slot <= index; slot++) {
    const entry = state.slots.entryAt(slot);
    if (entry === undefined) throw new InvariantViolation(`decided slot ${slot} holds its value`);
    if (state.role === 'leader') state.uncommittedBytes -= entryBytes(entry);
    state.commitIndex = slot;
    if (state.proposer.adopted.size > 0) state.proposer.adopted.delete(slot);
    if (entry.kind === 'membership') governAfter(state, slot, decodeMembership(entry.data), 'it is decided');
  }
  if (state.uncommittedBytes < 0) state.uncommittedBytes = 0;
}

/**
 * Takes over decisions that another node knows, as far as they follow on from what is decided here.
 *
 * @returns Whether this node's own ballot, if it has one, may go on: `false` when a higher one decided some of it.
 */
export function learn(state: PaxosState, entries: readonly Entry[]): boolean {
  const { slots } = state;
  let agrees = true;
  let through = state.commitIndex;
  for (const entry of entries) {
    if (entry.index <= through) continue;
    if (entry.index !== through + 1) break;
    noteBallot(state, entry.term);
    if (contradicts(state, entry)) agrees = false;
    const replaced = slots.settle(entry);
    if (replaced !== undefined) rememberReplaced(state, replaced);
    through = entry.index;
  }
  if (through === state.commitIndex) return true;
  // A vote that gave way to a decided value of a lower ballot must be known to be decided whenever it is read again.
  state.hardStateChanged = true;
  decideThrough(state, through);
  return agrees;
}

/** Whether this node's ballot cannot go on: a leader proposed another value, or a later ballot proposed this one. */
function contradicts({ role, proposer, slots }: PaxosState, { index, term }: Entry): boolean {
  if (proposer.ballot === 0) return false;
  if (term > proposer.ballot) return true;
  return role === 'leader' && (index >= proposer.nextSlot || slots.termAt(index) !== term);
}

/** Hands out what is decided and durable here. Called once for all inputs of a turn. */
export function emitCommitted(state: PaxosState): void {
  const { memberships, emittedIndex } = state;
  const stopSign = memberships.latest.index;
  // Whoever asked for the change may switch the old members off once it is answered: a leader answers when that is safe.
  const isHeld = state.role === 'leader' && stopSign > emittedIndex && !isWithNewMembers(state);
  const last = isHeld ? stopSign - 1 : state.commitIndex;
  const through = Math.min(last, state.slots.durableIndex);
  for (let index = state.emittedIndex + 1; index <= through; index++) {
    const entry = state.slots.entryAt(index);
    if (entry === undefined) throw new InvariantViolation(`decided slot ${index} holds its value`);
    const handed = state.replaced.size === 0 ? entry : reunite(state, entry);
    state.outbox.committed.push(handed.kind === 'membership' ? answered(state, handed) : handed);
  }
  if (through > state.emittedIndex) state.emittedIndex = through;
}

/**
 * Whether the members that govern now could go on without the old ones, who alone decided that they govern: a phase-2
 * quorum of them holds everything through there.
 */
export function isWithNewMembers({ memberships, quorums, progress, slots, id }: PaxosState): boolean {
  const { index } = memberships.latest;
  const holds = (voter: NodeId) =>
    voter === id ? slots.durableIndex >= index : (progress.get(voter)?.decided ?? 0) >= index;
  return quorums.phase2(holds) === 'won';
}

/** A node that leads no more cannot tell when the new members have what they need. */
function answered(state: PaxosState, entry: Entry): Entry {
  if (entry.proposal === undefined || state.role === 'leader') return entry;
  state.outbox.refused.push({
    subject: { type: 'proposal', proposal: entry.proposal },
    code: 'OUTCOME_UNKNOWN',
    effect: 'unknown',
    reason: `the change in slot ${entry.index} is decided, but this node leads no more: the next leader brings it to the new members`,
  });
  const { proposal: _, ...handed } = entry;
  return handed;
}

/** The slot of a replaced proposal is decided: either a third node got it decided all the same, or it never will be. */
function reunite(state: PaxosState, entry: Entry): Entry {
  const replaced = state.replaced.get(entry.index);
  if (replaced === undefined) return entry;
  state.replaced.delete(entry.index);
  if (replaced.term === entry.term) return { ...entry, proposal: replaced.proposal };
  state.outbox.refused.push({
    subject: { type: 'proposal', proposal: replaced.proposal },
    code: 'SUPERSEDED',
    effect: 'none',
    reason: `another value, first proposed in ballot ${entry.term}, was decided in slot ${entry.index}`,
  });
  return entry;
}

/** Remembers this node's own proposal whose value gave way in its slot. */
export function rememberReplaced(state: PaxosState, { index, term, proposal }: Entry): void {
  if (proposal !== undefined && index > state.emittedIndex) state.replaced.set(index, { term, proposal });
}

/** Gives up on replaced proposals in slots that a snapshot covers: what was decided there is not seen here. */
export function forgetReplacedThrough(state: PaxosState, index: LogIndex): void {
  for (const [at, { proposal }] of state.replaced) {
    if (at > index) continue;
    state.replaced.delete(at);
    state.outbox.refused.push({
      subject: { type: 'proposal', proposal },
      code: 'OUTCOME_UNKNOWN',
      effect: 'unknown',
      reason: `a snapshot through index ${index} took the place of slot ${at} before its decision was seen`,
    });
  }
}
