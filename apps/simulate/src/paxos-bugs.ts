/**
 * Known mistakes of Multi-Paxos: from the papers, what was written about building it (Paxos Made Live, Paxos Made
 * Moderately Complex), the sharper versions of the rules, and published reports. Each is one small change of the shipped
 * source; the storms must find every one of them.
 */
import { paxosSubject } from './paxos-subject.js';
import { loadChangedPaxos, type SourceChange, type StormBug } from './planted-bug.js';

function inPaxos(name: string, about: string, ...changes: readonly SourceChange[]): StormBug {
  return { name, about, engine: 'paxos', load: async () => paxosSubject(await loadChangedPaxos(changes)) };
}

function change(file: string, from: string, to: string): SourceChange {
  return { file: `paxos/multi-paxos/${file}`, from, to };
}

const promises: readonly StormBug[] = [
  inPaxos(
    'promise-before-save',
    'sends a promise before it is durable (Paxos Made Simple §2.5)',
    change(
      'acceptor.ts',
      "state.outbox.sendAfterSave.push({\n    from: state.id,\n    to: message.from,\n    type: 'promise'",
      "state.outbox.sendNow.push({\n    from: state.id,\n    to: message.from,\n    type: 'promise'",
    ),
  ),
  inPaxos(
    'ballot-before-save',
    'asks for promises in a ballot that is not durable, and may ask for it again after a crash',
    change(
      'proposing.ts',
      "state.outbox.sendAfterSave.push({\n    from: state.id,\n    to,\n    type: 'prepare'",
      "state.outbox.sendNow.push({\n    from: state.id,\n    to,\n    type: 'prepare'",
    ),
  ),
  inPaxos(
    'ballot-reused',
    'counts its ballots from those that it voted in after a restart, not from those that it issued',
    change('start.ts', 'promised: hardState.promised,', 'promised: 0,'),
    change('start.ts', 'Math.max(hardState.promised, snapshot?.term ?? 0)', 'snapshot?.term ?? 0'),
  ),
  inPaxos(
    'promise-forgotten',
    'forgets its promise at a restart (Paxos Made Live: a disk that lost its state)',
    change('start.ts', 'promised: hardState.promised,', 'promised: 0,'),
  ),
  inPaxos(
    'promise-unsaved',
    'adopts a higher ballot without saving it',
    change(
      'roles.ts',
      'state.promised = ballot;\n  state.hardStateChanged = true;',
      'state.promised = ballot;',
    ),
  ),
  inPaxos(
    'shared-ballot',
    'takes ballots that other proposers take too (Paxos Made Simple §2.5: disjoint sets of numbers)',
    change(
      'leadership.ts',
      'nextBallot(state.highestHeard, own.ordinal)',
      'nextBallot(state.highestHeard, own.ordinal > 0 ? 1 : 0)',
    ),
  ),
  inPaxos(
    'stale-promise',
    'counts a promise of an earlier ballot of its own',
    change('proposing.ts', 'message.ballot !== proposer.ballot || promiser', 'promiser'),
  ),
];

const votes: readonly StormBug[] = [
  inPaxos(
    'vote-before-save',
    'says that it voted before the vote is durable (Paxos Made Simple §2.5)',
    change(
      'acceptor.ts',
      "state.outbox.sendAfterSave.push({\n    from: state.id,\n    to: state.leader,\n    type: 'accepted'",
      "state.outbox.sendNow.push({\n    from: state.id,\n    to: state.leader,\n    type: 'accepted'",
    ),
  ),
  inPaxos(
    'vote-below-promise',
    'votes in a ballot below the one that it promised (P1a)',
    change(
      'acceptor.ts',
      'if (message.ballot < state.promised) {\n    refuseBallot(state, message);\n    return false;\n  }',
      '',
    ),
  ),
  inPaxos(
    'late-receipt',
    'trusts the receipt of a save that was under way when the slot was voted for again',
    change('slots.ts', 'if (known.save !== notTaken) known.save = notTaken;', ''),
  ),
  inPaxos(
    'votes-again-unsaved',
    'forgets at a restart that it voted for an adopted value in a later ballot',
    change('multi-paxos-engine.ts', 'votesAgain: slots.votesAgain(state.commitIndex)', 'votesAgain: []'),
  ),
  inPaxos(
    'old-vote-acknowledged',
    'acknowledges votes of an earlier ballot in the ballot that it promised since',
    change('roles.ts', 'state.acknowledgements.clear();\n  state.owesAnswer = false;', ''),
  ),
  inPaxos(
    'leader-not-durable',
    'counts the vote of the leader before its own disk holds it',
    change('decisions.ts', 'Math.min(slots.durableIndex, last)', 'last'),
    change('decisions.ts', 'voter === id ? slots.isDurable(slot)', 'voter === id ? true'),
  ),
];

const phase1: readonly StormBug[] = [
  inPaxos(
    'lowest-vote',
    'adopts the value of the lowest ballot reported in place of the highest (P2c)',
    change('proposing.ts', 'vote.ballot > known.ballot', 'vote.ballot < known.ballot'),
  ),
  inPaxos(
    'own-vote-first',
    'prefers its own vote to those of higher ballots that others report (P2c)',
    change('proposing.ts', 'reported.ballot > slots.ballotAt(slot)', 'own === undefined'),
  ),
  inPaxos(
    'age-of-value',
    'compares the ballots in which values were first proposed, not those of the votes (P2c)',
    change('proposing.ts', 'vote.ballot > known.ballot', 'vote.entry.term > known.entry.term'),
    change(
      'proposing.ts',
      'reported.ballot > slots.ballotAt(slot)',
      'reported.entry.term > (own?.term ?? 0)',
    ),
  ),
  inPaxos(
    'noop-over-vote',
    'fills a slot with a no-op although others reported votes for a value (Paxos Made Simple §3)',
    change('proposing.ts', '(isReported ? reported.entry : own) ?? {', '(isReported ? own : own) ?? {'),
  ),
  inPaxos(
    'first-page-only',
    'takes the first message of votes for all votes: slots beyond it are never asked about (Paxos Made Live)',
    change('acceptor.ts', 'next = index;\n      break;', 'break;'),
  ),
  inPaxos(
    'vote-taken-for-decision',
    'takes a vote that one acceptor reports for a decision (Paxos Made Simple §2.3)',
    change('proposing.ts', 'if (entry.index <= message.decided) facts.push(entry);', 'facts.push(entry);'),
  ),
];

const decisions: readonly StormBug[] = [
  inPaxos(
    'gap-decided',
    'decides over a slot that no quorum voted in (Paxos Made Simple §3: gaps)',
    change('decisions.ts', "if (result !== 'won') break;", "if (result !== 'won') continue;"),
  ),
  inPaxos(
    'stale-accept',
    'counts votes of an earlier ballot of its own: a count across ballots',
    change(
      'multi-paxos-engine.ts',
      "state.role !== 'leader' || message.ballot !== state.proposer.ballot ||",
      "state.role !== 'leader' ||",
    ),
  ),
  inPaxos(
    'old-vote-decided',
    'takes its vote of an earlier ballot for the value that the leader says is decided',
    change(
      'decisions.ts',
      'decideThrough(state, state.slots.runOf(state.promised, state.commitIndex + 1, decided, false));',
      'let through = state.commitIndex;\n  while (through < decided && state.slots.entryAt(through + 1) !== undefined) through++;\n  decideThrough(state, through);',
    ),
  ),
  inPaxos(
    'apply-before-save',
    'hands out decisions that its own disk does not hold yet',
    change('decisions.ts', 'Math.min(last, state.slots.durableIndex)', 'last'),
  ),
  inPaxos(
    'wrong-answerer',
    'gives a superseded proposal the answer of the value in its place',
    change('decisions.ts', 'replaced.term === entry.term) return {', 'replaced.term >= 0) return {'),
  ),
  inPaxos(
    'snapshot-over-old-votes',
    'takes old votes behind its snapshot for decisions at a restart',
    change(
      'start.ts',
      'if (snapshot !== undefined && hardState.decided < covered) slots.coverThrough(snapshot);',
      '',
    ),
  ),
  inPaxos(
    'snapshot-not-emitted',
    'hands out decisions again that an installed snapshot covers',
    change('snapshots.ts', 'state.emittedIndex = index;', ''),
  ),
  inPaxos(
    'stop-sign-passed',
    'goes on proposing behind a change of members that is not decided (Reconfiguring a State Machine §3)',
    change(
      'proposing.ts',
      'proposer.established && proposer.stopSign <= state.commitIndex',
      'proposer.established',
    ),
  ),
  inPaxos(
    'new-members-unasked',
    'goes on under new members without promises of a quorum of theirs',
    change('governance.ts', 'state.proposer.established = false;\n      state.proposer.mustAsk = true;', ''),
  ),
];

const reads: readonly StormBug[] = [
  inPaxos(
    'read-without-quorum',
    'confirms reads alone: stale reads by a leader that was deposed (Paxos Made Live)',
    change(
      'reads.ts',
      '(voter) => voter === id || (progress.get(voter)?.answeredRound ?? 0) >= round,',
      '(voter) => voter === id || round >= 0,',
    ),
  ),
  inPaxos(
    'read-before-adopted',
    'answers reads before what phase 1 brought to light is decided (Paxos Made Live)',
    change('reads.ts', ' && commitIndex >= proposer.adoptedThrough', ''),
  ),
  inPaxos(
    'quorum-read-of-one',
    'reads by the answer of whoever is first (Charapko and others, HotStorage 2019)',
    change(
      'quorum-reads.ts',
      "if (quorums.phase1((voter) => round.answers.has(voter)) !== 'won') return;",
      'if (round.answers.size === 0) return;',
    ),
  ),
  inPaxos(
    'quorum-read-unrinsed',
    'reads by quorum without waiting until what was voted for is decided (Charapko and others, HotStorage 2019)',
    change(
      'quorum-reads.ts',
      'round.through = through;',
      'round.through = Math.min(through, state.commitIndex);',
    ),
  ),
  inPaxos(
    'lease-from-answer',
    'counts its lease from when the answers came (Raft dissertation §6.4.1)',
    change(
      'reads.ts',
      'lease?.confirmed(answered);',
      'if (answered > 0) lease?.confirmed(answered);\n  if (lease?.since !== undefined) lease.since = state.ticks;',
    ),
  ),
  inPaxos(
    'lease-not-kept',
    'promises another ballot while a leader may hold a lease',
    change(
      'leasing.ts',
      'return state.settings.lease !== undefined && state.ticksSinceLeader < state.settings.electionTicks;',
      'return state.ticks < 0;',
    ),
  ),
  inPaxos(
    'lease-forgotten',
    'forgets at a restart that a leader may hold a lease by its answer',
    change('start.ts', 'hardState.life === 0 ? settings.electionTicks : 0', 'settings.electionTicks'),
  ),
  inPaxos(
    'pause-not-counted',
    'counts its lease on without the time for which it stood still (etcd #20418)',
    change('multi-paxos-engine.ts', 'state.ticks += 1 + missed;', 'state.ticks += missed < 0 ? missed : 1;'),
  ),
];

/** Every bug of the bank of Multi-Paxos. */
export const paxosBugs: readonly StormBug[] = [...promises, ...votes, ...phase1, ...decisions, ...reads];
