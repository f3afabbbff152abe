/** Mistakes in changes of members: who counts, from when on, and who is told. */
import type { PlantedBug } from './planted-bug.js';
import { inRaft } from './raft-bug.js';

/** Every bug of changing members. */
export const memberBugs: readonly PlantedBug[] = [
  inRaft('joint-by-new-voters', 'counts the new voters only while a change is under way (Raft §6)', {
    file: 'core/quorum.ts',
    from: '[incoming, membership.outgoingVoters];',
    to: '[incoming];',
  }),
  inRaft('joint-by-old-voters', 'counts the old voters only while a change is under way (Raft §6)', {
    file: 'core/quorum.ts',
    from: '[incoming, membership.outgoingVoters];',
    to: '[membership.outgoingVoters];',
  }),
  inRaft('joint-by-all', 'takes one majority of old and new voters together for two (Raft §6)', {
    file: 'core/quorum.ts',
    from: '[incoming, membership.outgoingVoters];',
    to: '[[...new Set([...incoming, ...membership.outgoingVoters])]];',
  }),
  inRaft('learner-counted', 'counts learners as voters (dissertation §4.2.1)', {
    file: 'core/quorum.ts',
    from: 'const incoming = votersOf(membership);',
    to: 'const incoming = membership.members.map(({ id }) => id);',
  }),
  inRaft(
    'members-at-commit',
    'goes by new members once they are committed, not once they are in the log (Raft §6)',
    {
      file: 'raft/state.ts',
      from: 'const { index, membership } = state.memberships.latest;\n  state.membership = membership;',
      to: 'const { index } = state.memberships.latest;\n  const membership = state.memberships.at(state.commitIndex) ?? state.memberships.latest.membership;\n  state.membership = membership;',
    },
  ),
  inRaft(
    'change-before-commit',
    'changes members before an entry of its term is committed (Ongaro, raft-dev 2015; etcd, TiKV and hashicorp/raft had it)',
    {
      file: 'raft/reconfiguration.ts',
      from: 'if (state.log.termAt(state.commitIndex) !== state.term) {',
      to: 'if (state.term < 0) {',
    },
  ),
  inRaft(
    'change-upon-change',
    'begins a change while the one before it is not committed (dissertation §4.1)',
    {
      file: 'raft/reconfiguration.ts',
      from: 'state.membership.outgoingVoters.length > 0 || index > state.commitIndex) {',
      to: 'state.membership.outgoingVoters.length > 0 && index < 0) {',
    },
  ),
  inRaft('joint-skipped', 'changes several voters in one step (Raft §6, figure 10)', {
    file: 'raft/reconfiguration.ts',
    from: 'if (sameVoters(outgoingVoters, votersOf(change.target))) {',
    to: 'if (outgoingVoters.length > 0) {',
  }),
  inRaft('joint-left-early', 'leaves the joint members before they are committed (Raft §6)', {
    file: 'raft/reconfiguration.ts',
    from: '  if (state.memberships.latest.index > state.commitIndex) return;\n',
    to: '  if (state.memberships.latest.index > state.commitIndex && state.membership.outgoingVoters.length === 0) return;\n',
  }),
  inRaft(
    'joint-for-ever',
    'leaves joint members only where the change began: the next leader does not go on with it',
    {
      file: 'raft/reconfiguration.ts',
      from: 'if (state.membership.outgoingVoters.length > 0) {\n    if (state.log',
      to: 'if (state.membership.outgoingVoters.length > 0) {\n    if (state.changeProposal === undefined) return;\n    if (state.log',
    },
  ),
  inRaft('ordinal-given-anew', 'gives a new member the ordinal of another', {
    file: 'raft/reconfiguration.ts',
    from: 'if (known === undefined || (known.id === id && known.ordinal === ordinal)) continue;',
    to: 'continue;',
  }),
  inRaft(
    'removed-leader-counts',
    'counts a leader that is being removed in majorities of the others (dissertation §4.2.2)',
    {
      file: 'raft/state.ts',
      from: 'state.quorum = new MajorityQuorum(membership);',
      to: `const { members } = membership;
  const itself = { id: state.id, ordinal: 1023, role: 'voter' } as const;
  const counts = state.role !== 'leader' || members.some(({ id }) => id === state.id);
  state.quorum = new MajorityQuorum(counts ? membership : { ...membership, members: [...members, itself] });`,
    },
  ),
  inRaft('members-forgotten', 'begins anew with the founders after a restart (Raft §6)', {
    file: 'raft/state.ts',
    from: "if (entry?.kind === 'membership') memberships.append(entry);",
    to: '',
  }),
  inRaft('members-not-taken-back', 'goes on by members whose entry was dropped from its log (Raft §6)', {
    file: 'raft/following.ts',
    from: 'if (state.memberships.truncate(from))\n    governByLatest(',
    to: 'if (state.memberships.truncate(from) && from < 0)\n    governByLatest(',
  }),
  inRaft(
    'snapshot-brings-no-members',
    'keeps its members when a snapshot takes the place of its log (Raft §7)',
    {
      file: 'raft/following.ts',
      from: 'state.memberships.reset({ index: meta.index, membership: meta.membership });',
      to: 'state.memberships.reset({ index: meta.index, membership: state.membership });',
    },
  ),
  inRaft(
    'snapshot-of-latest-members',
    'gives a snapshot the latest members, not those that govern at its index (openraft #1808)',
    {
      file: 'raft/status.ts',
      from: 'state.memberships.at(state.appliedIndex) ?? state.membership',
      to: 'state.membership',
    },
  ),
  inRaft('change-unanswered', 'never tells how a change ended when the leadership ends before it', {
    file: 'raft/state.ts',
    from: 'state.changeProposal = undefined;\n  state.outbox.refuse({',
    to: 'state.changeProposal = undefined;\n  if (proposal < 0) state.outbox.refuse({',
  }),
  inRaft('strangers-refused', 'hears members only: a node that lags never learns of the new ones (Raft §6)', {
    file: 'raft/raft-engine.ts',
    from: 'default:\n      return true;\n  }\n}\n\nfunction receiveVoteRequest',
    to: 'default:\n      return state.peers.includes(message.from);\n  }\n}\n\nfunction receiveVoteRequest',
  }),
];
