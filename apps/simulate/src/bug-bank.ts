/**
 * Known mistakes, from the papers, their errata, published issue threads and Jepsen reports. Each is one small change
 * of the shipped source; the storm must find every one of them, or it proves nothing when it is silent.
 */
import { type RegisterAnswer, RegisterMachine } from '@synod/simulator';
import { flowBugs } from './bugs-of-flow.js';
import { leaseBugs } from './bugs-of-leases.js';
import { memberBugs } from './bugs-of-members.js';
import { sessionBugs } from './bugs-of-sessions.js';
import { snapshotBugs } from './bugs-of-snapshots.js';
import { bugNamed, type PlantedBug } from './planted-bug.js';
import { inMachine, inRaft } from './raft-bug.js';
import { storageBugs } from './storage-bugs.js';

/** Keeps no sessions: every repeated command counts again. */
class ForgetfulMachine extends RegisterMachine {
  override apply(index: number, command: Uint8Array): RegisterAnswer {
    this.forgetSessions();
    return super.apply(index, command);
  }
}

/** Leaves the sessions out of what it restores. */
class SessionlessSnapshotMachine extends RegisterMachine {
  override restore() {
    const restore = super.restore();
    const finish = () => {
      restore.finish();
      this.forgetSessions();
    };
    return { write: restore.write, finish };
  }
}

/** Answers from what it read when it was last asked for the same key. */
class CachingMachine extends RegisterMachine {
  readonly #cache = new Map<string, string>();

  override get(key: string): string {
    const cached = this.#cache.get(key);
    this.#cache.set(key, super.get(key));
    return cached ?? super.get(key);
  }
}

/** Leaves the last register out of its snapshots. */
class ForgetfulSnapshotMachine extends RegisterMachine {
  override snapshot() {
    const whole = new RegisterMachine();
    const restore = whole.restore();
    for (const chunk of super.snapshot()) restore.write(chunk);
    restore.finish();
    whole.forget('e');
    return whole.snapshot();
  }
}

/** Leaves a command out now and then, by a count that is no part of its state: restarted nodes leave out others. */
class MoodyMachine extends RegisterMachine {
  #applied = 0;

  override apply(index: number, command: Uint8Array): RegisterAnswer {
    return ++this.#applied % 16 === 0 ? undefined : super.apply(index, command);
  }
}

/** Every bug of the bank. */
export const bugBank: readonly PlantedBug[] = [
  inRaft('commit-old-term', 'commits entries of earlier terms by counting (Raft figure 8; liferaft)', {
    file: 'raft/commitment.ts',
    from: 'replicated > state.commitIndex && state.log.termAt(replicated) === state.term',
    to: 'replicated > state.commitIndex',
  }),
  inRaft(
    'vote-before-save',
    'sends its vote before it is durable (hashicorp/raft persistVote; camunda #5356)',
    {
      file: 'raft/election.ts',
      from: 'state.outbox.sendWhenSaved(vote);',
      to: 'state.outbox.send(vote);',
    },
  ),
  inRaft('candidacy-before-save', 'asks for votes in a term that is not durable', {
    file: 'raft/election.ts',
    from: 'else state.outbox.sendWhenSaved(request);',
    to: 'else state.outbox.send(request);',
  }),
  inRaft('vote-forgotten', 'forgets its vote at a restart and votes twice (Raft figure 2)', {
    file: 'raft/state.ts',
    from: 'votedFor: hardState.term >= log.lastTerm ? hardState.votedFor : undefined',
    to: 'votedFor: undefined',
  }),
  inRaft('term-forgotten', 'takes its term from the log at a restart', {
    file: 'raft/state.ts',
    from: 'term: Math.max(hardState.term, log.lastTerm)',
    to: 'term: log.lastTerm',
  }),
  inRaft('two-votes', 'votes for whoever asks last in a term', {
    file: 'raft/election.ts',
    from: 'state.votedFor !== undefined && state.votedFor !== message.from',
    to: 'state.votedFor === ""',
  }),
  inRaft('any-log-wins', 'votes without comparing logs (Raft §5.4.1)', {
    file: 'raft/election.ts',
    from: 'if (upToDate) return undefined;',
    to: 'if (upToDate || true) return undefined;',
  }),
  inRaft('longer-log-wins', 'compares lengths of logs, not their last terms (Raft §5.4.1)', {
    file: 'raft/election.ts',
    from: 'message.lastLogTerm > lastTerm || (message.lastLogTerm === lastTerm && message.lastLogIndex >= lastIndex)',
    to: 'message.lastLogIndex >= lastIndex',
  }),
  inRaft('accept-before-save', 'acknowledges entries before they are durable (Raft figure 2)', {
    file: 'raft/following.ts',
    from: "state.outbox.sendWhenSaved({\n    from: state.id,\n    to: leader,\n    type: 'appendAccepted'",
    to: "state.outbox.send({\n    from: state.id,\n    to: leader,\n    type: 'appendAccepted'",
  }),
  inRaft(
    'truncate-on-shorter',
    'cuts its log after a shorter or late append (Raft §5.3; async-raft 9540c904)',
    {
      file: 'raft/following.ts',
      from: 'if (first === undefined) return lastNew;',
      to: 'if (first === undefined) { if (lastNew >= state.commitIndex && lastNew < log.lastIndex) log.truncate(lastNew + 1); return lastNew; }',
    },
  ),
  inRaft('no-log-match', 'appends without comparing the entry before (Raft §5.3)', {
    file: 'raft/following.ts',
    from: '!log.matches({ index: message.prevLogIndex, term: message.prevLogTerm })',
    to: 'message.prevLogIndex > log.lastIndex',
  }),
  inRaft('conflict-kept', 'keeps conflicting entries that stand at the index already (Raft §5.3)', {
    file: 'raft/following.ts',
    from: 'log.termAt(index) !== term',
    to: 'log.termAt(index) === undefined',
  }),
  inRaft(
    'commit-beyond-append',
    'commits through the end of its log, not of what it compared (Raft figure 2)',
    {
      file: 'raft/following.ts',
      from: 'commitThrough(state, Math.min(message.commitIndex, lastNew));',
      to: 'commitThrough(state, Math.min(message.commitIndex, state.log.lastIndex));',
    },
    // The shipped leader's hints are so exact that its first accepted append reaches the first difference, which hides
    // this. A leader that goes back to what is known to match is as safe, and shows it.
    {
      file: 'raft/leading.ts',
      from: 'progress.probeFrom(agreed + 1);',
      to: 'progress.probeFrom(Math.min(agreed, progress.matchIndex) + 1);',
    },
  ),
  inRaft('heartbeat-commit', 'tells a follower a commit index beyond what matches there (etcd raft)', {
    file: 'raft/leading.ts',
    from: 'commitIndex: Math.min(progress.matchIndex, state.commitIndex)',
    to: 'commitIndex: state.commitIndex',
  }),
  inRaft(
    'late-receipt',
    'trusts a receipt of entries that were overwritten meanwhile (etcd raft, the ABA race)',
    {
      file: 'raft/log.ts',
      from: 'if (this.#savesUnderWay.second(save) >= from) this.#savesUnderWay.replaceSecond(save, from - 1);',
      to: '',
    },
  ),
  inRaft('unsorted-match', 'picks the middle of match indexes that it forgot to sort (openraft #1802)', {
    file: 'core/quorum.ts',
    from: 'if (before <= value) break;',
    to: 'break;',
  }),
  inRaft('small-majority', 'takes half for more than half (openraft d60f1e85)', {
    file: 'core/quorum.ts',
    from: 'return Math.floor(voters / 2) + 1;',
    to: 'return Math.max(1, Math.floor(voters / 2));',
  }),
  inRaft('leader-not-durable', 'counts the leader before its own disk has the entry (dissertation §10.2.1)', {
    file: 'raft/commitment.ts',
    from: 'id === state.id ? state.log.durableIndex',
    to: 'id === state.id ? state.log.lastIndex',
  }),
  inRaft('apply-before-save', 'hands out entries that its own disk does not hold yet', {
    file: 'raft/commitment.ts',
    from: 'Math.min(state.commitIndex, state.log.durableIndex)',
    to: 'state.commitIndex',
  }),
  inRaft('stale-accept', 'counts an acknowledgement of an earlier term', {
    file: 'raft/raft-engine.ts',
    from: "message.term < state.term && message.type !== 'vote' &&",
    to: "message.term < state.term && message.type !== 'vote' && message.type !== 'appendAccepted' &&",
  }),
  inRaft(
    'read-before-noop',
    'confirms reads before an entry of its term is committed (etcd #7331, TiKV #9239)',
    {
      file: 'raft/reads.ts',
      from: ' || state.log.termAt(state.commitIndex) !== state.term',
      to: '',
    },
  ),
  inRaft(
    'read-without-quorum',
    'confirms reads alone: stale reads by a deposed leader (etcd 0.4.1, Jepsen)',
    {
      file: 'raft/reads.ts',
      from: 'id === state.id ? reads.round : (state.progress.get(id)?.answeredRound ?? 0)',
      to: 'id === "" ? 0 : reads.round',
    },
  ),
  inRaft('read-round-reused', 'takes late heartbeat answers for new ones (etcd #20418, etcd-raft #397)', {
    file: 'raft/read-barriers.ts',
    from: 'this.round++;',
    to: 'this.round = 1;',
  }),
  inRaft('wrong-answerer', 'gives a superseded proposal the answer of the entry in its place (RedisRaft)', {
    file: 'raft/commitment.ts',
    from: 'if (dropped.term === entry.term) return',
    to: 'if (dropped.term >= 0) return',
  }),
  inRaft('snapshot-not-emitted', 'hands out entries again that an installed snapshot covers', {
    file: 'raft/following.ts',
    from: 'state.commitIndex = meta.index;\n  state.emittedIndex = meta.index;',
    to: 'state.commitIndex = meta.index;',
  }),
  inRaft(
    'snapshot-log-kept',
    'keeps its log beside a snapshot that contradicts it (openraft, snapshot install)',
    {
      file: 'raft/following.ts',
      from: 'if (state.log.matches(at)) {',
      to: 'if (state.log.lastIndex >= at.index) {',
    },
  ),
  inRaft('deaf-leader', 'goes on leading when a later term shows itself (Raft §5.1)', {
    file: 'raft/raft-engine.ts',
    from: 'if (!foretold) adoptTermOf(',
    to: "if (!foretold && state.role !== 'leader') adoptTermOf(",
  }),
  inRaft('lost-window', 'never repeats a full window of appends that were lost', {
    file: 'raft/leading.ts',
    from: 'if (!behind || !nothingToSend',
    to: 'if (behind || !behind || !nothingToSend',
  }),
  inRaft('voter-counted-twice', 'counts the votes that come, not who gives them: a repeated vote wins', {
    file: 'raft/election.ts',
    from: 'if (message.granted || !state.votes.has(message.from)) state.votes.set(message.from, message.granted);\n  countVotes(state);',
    to: 'const other = state.votes.has(message.from) ? state.peers.find((id) => !state.votes.has(id)) : message.from;\n  state.votes.set(other ?? message.from, message.granted);\n  countVotes(state);',
  }),
  inRaft('term-unsaved', 'adopts a term without saving it (hashicorp/raft #695: two ways to change a term)', {
    file: 'raft/state.ts',
    from: 'state.term = term;\n  state.votedFor = undefined;\n  state.hardStateChanged = true;',
    to: 'state.term = term;\n  state.votedFor = undefined;',
  }),
  inRaft(
    'reads-without-leader',
    'followers answer reads from what they have (Consul, etcd serializable reads)',
    {
      file: 'raft/reads.ts',
      from: 'state.reads.unforwarded.push(context);',
      to: 'state.outbox.answer({ context, index: state.commitIndex });',
    },
  ),
  inMachine('stale-cache', 'answers reads from a cache that writes do not clear', () => new CachingMachine()),
  inMachine(
    'snapshot-incomplete',
    'leaves a part of its state out of snapshots',
    () => new ForgetfulSnapshotMachine(),
  ),
  inMachine(
    'own-mind',
    'decides by a count that is no part of its state, so restarts change what it does (etcd 3.5 inconsistency)',
    () => new MoodyMachine(),
  ),
  inMachine(
    'applied-twice',
    'applies a repeated command again (Raft dissertation §6.3)',
    () => new ForgetfulMachine(),
  ),
  inMachine(
    'sessions-not-in-snapshot',
    'loses the session table with a snapshot (zmq-raft)',
    () => new SessionlessSnapshotMachine(),
  ),
  ...memberBugs,
  ...leaseBugs,
  ...snapshotBugs,
  ...sessionBugs,
  ...flowBugs,
  ...storageBugs,
];

/**
 * A bug by its name.
 *
 * @param name - Its name.
 * @throws Error naming all bugs when there is none of that name.
 */
export function findBug(name: string): PlantedBug {
  return bugNamed(name, bugBank);
}
