/**
 * The situations that other Raft libraries test by name, and where each is told or tested here. Only the names are
 * theirs: the stories are our own. A reference is the name of a script in `scenarios/`, or `FILE: TITLE` with a test
 * file under `packages/` and a part of the test's title.
 */

/** One named situation, and where it is found here. */
export type Counterpart = readonly [name: string, first: string, ...more: readonly string[]];

/** The named situations of one suite. */
export interface Suite {
  /** Whose, and where they lie. */
  readonly title: string;
  readonly counterparts: readonly Counterpart[];
}

const etcdInteractions: Suite = {
  title: 'etcd-io/raft, interaction files (`testdata/`)',
  counterparts: [
    ['async_storage_writes', 'storage-appends-overlap-saves', 'storage-follower-acknowledges-after-save'],
    ['async_storage_writes_append_aba_race', 'storage-late-receipt'],
    ['campaign', 'election-first'],
    ['campaign_learner_must_vote', 'membership-unaware-voter'],
    ['checkquorum', 'checkquorum-leader-steps-down', 'checkquorum-one-answer-is-enough'],
    [
      'confchange_disable_validation',
      'membership-one-at-a-time',
      'raft/src/memberships.test.ts: each its own stretch',
    ],
    ['confchange_v1_add_single', 'membership-add-one'],
    ['confchange_v1_remove_leader', 'membership-remove-leader'],
    ['confchange_v1_remove_leader_stepdown', 'membership-remove-leader'],
    ['confchange_v2_add_double_auto', 'membership-joint'],
    ['confchange_v2_add_double_implicit', 'membership-from-one'],
    ['confchange_v2_add_single_auto', 'membership-add-one'],
    ['confchange_v2_add_single_explicit', 'membership-joint', 'membership-joint-recovered'],
    ['confchange_v2_replace_leader', 'membership-replace-leader'],
    ['confchange_v2_replace_leader_stepdown', 'membership-replace-all', 'membership-remove-leader'],
    ['forget_leader', 'election-forget-leader-in-vain'],
    ['forget_leader_prevote_checkquorum', 'election-forget-leader'],
    ['forget_leader_read_only_lease_based', 'lease-forget-leader'],
    ['heartbeat_resp_recovers_from_probing', 'replication-unreachable-idle'],
    ['lagging_commit', 'commit-lagging-follower'],
    ['prevote', 'prevote-behind-refused', 'prevote-dueling'],
    ['prevote_checkquorum', 'prevote-rejoining-node'],
    ['probe_and_replicate', 'replication-figure-7'],
    ['replicate_pause', 'replication-window', 'replication-window-full-of-losses'],
    ['single_node', 'election-single-node'],
    ['slow_follower_after_compaction', 'snapshot-slow-window'],
    ['snapshot_succeed_via_app_resp', 'snapshot-acknowledged-first'],
    ['snapshot_succeed_via_app_resp_behind', 'snapshot-acknowledged-behind'],
  ],
};

const cockroachInteractions: Suite = {
  title: 'cockroachdb/cockroach, interaction files of its fork',
  counterparts: [
    ['leader_step_down_stranded_peer_prevote', 'election-stuck-candidate', 'prevote-mixed-stuck'],
    ['fortification_*: leases that voters hold', 'lease-voters-wait', 'lease-read', 'lease-runs-out'],
  ],
};

const paperTests: Suite = {
  title: 'etcd-io/raft, `raft_paper_test.go`',
  counterparts: [
    ['FollowerUpdateTermFromMessage', 'election-stale-messages'],
    ['CandidateUpdateTermFromMessage', 'election-candidate-outdone'],
    ['LeaderUpdateTermFromMessage', 'election-leader-hears-later-term'],
    ['RejectStaleTermMessage', 'election-stale-messages'],
    ['StartAsFollower', 'restart-leader'],
    ['LeaderBcastBeat', 'election-heartbeats'],
    ['FollowerStartElection', 'election-first'],
    ['CandidateStartNewElection', 'election-split-vote'],
    ['LeaderElectionInOneRoundRPC', 'election-five-nodes'],
    ['FollowerVote', 'election-one-vote-a-term'],
    ['CandidateFallback', 'election-candidate-yields'],
    ['FollowerElectionTimeoutRandomized', 'raft/test/elections.test.ts: election timeouts differ'],
    ['CandidateElectionTimeoutRandomized', 'election-timeouts-differ'],
    ['FollowersElectionTimeoutNonconflict', 'election-timeouts-differ'],
    ['CandidatesElectionTimeoutNonconflict', 'election-split-vote', 'election-timeouts-differ'],
    ['LeaderStartReplication', 'replication-first-command'],
    ['LeaderCommitEntry', 'replication-first-command'],
    ['LeaderAcknowledgeCommit', 'raft/test/replication.test.ts: a majority is enough, and no minority is'],
    ['LeaderCommitPrecedingEntries', 'commit-preceding-entries'],
    ['FollowerCommitEntry', 'commit-lagging-follower', 'replication-first-command'],
    ['FollowerCheckMsgApp', 'replication-fast-backtracking', 'replication-reordered-appends'],
    ['FollowerAppendEntries', 'replication-figure-7', 'replication-short-append-keeps-tail'],
    ['LeaderSyncFollowerLog', 'replication-figure-7'],
    ['VoteRequest', 'election-first', 'storage-candidate-saves-first'],
    ['Voter', 'election-restriction'],
    ['LeaderOnlyCommitsLogFromCurrentTerm', 'commit-figure-8', 'commit-figure-8-own-term'],
  ],
};

const etcdUnitTests: Suite = {
  title: 'etcd-io/raft, `raft_test.go`',
  counterparts: [
    ['DuelingCandidates', 'election-dueling-candidates'],
    ['DuelingPreCandidates', 'prevote-dueling'],
    ['DisruptiveFollower', 'prevote-off-disrupts'],
    ['DisruptiveFollowerPreVote', 'prevote-rejoining-node'],
    ['FreeStuckCandidateWithCheckQuorum', 'election-stuck-candidate'],
    ['LeaderMsgAppSelfAckAfterTermChange', 'storage-receipt-after-new-term', 'storage-late-receipt'],
    ['ReadOnlyForNewLeader', 'read-new-leader'],
    ['ReadOnlyDuplicateRequest', 'read-late-answer', 'read-earlier-life'],
    ['LeaderTransferToUpToDateNode', 'transfer-up-to-date'],
    ['LeaderTransferToUpToDateNodeFromFollower', 'transfer-refused'],
    ['LeaderTransferWithCheckQuorum', 'transfer-up-to-date'],
    ['LeaderTransferToSlowFollower', 'transfer-waits-for-log'],
    ['LeaderTransferAfterSnapshot', 'transfer-after-snapshot'],
    ['LeaderTransferToSelf', 'transfer-refused'],
    ['LeaderTransferToNonExistingNode', 'transfer-refused'],
    ['LeaderTransferTimeout', 'transfer-gives-up'],
    ['LeaderTransferIgnoreProposal', 'raft/test/transfer.test.ts: takes no commands meanwhile'],
    ['LeaderTransferReceiveHigherTermVote', 'transfer-later-term'],
    ['LeaderTransferRemoveNode', 'transfer-and-change'],
    ['LeaderTransferDemoteNode', 'transfer-and-change', 'transfer-refused'],
    ['LeaderTransferBack', 'transfer-back'],
    ['LeaderTransferSecondTransferToAnotherNode', 'transfer-twice'],
    ['LeaderTransferSecondTransferToSameNode', 'transfer-twice'],
    ['TransferNonMember', 'transfer-stale-word', 'learner-never-campaigns'],
    ['PreVoteMigrationCanCompleteElection', 'prevote-mixed'],
    ['PreVoteMigrationWithFreeStuckPreCandidate', 'prevote-mixed-stuck'],
    ['ConfChangeV2CheckBeforeCampaign', 'membership-joint-election', 'membership-unaware-voter'],
    ['FastLogRejection', 'replication-fast-backtracking'],
    ['LogReplicationWithReorderedMessage', 'replication-reordered-appends'],
  ],
};

const etcdSmallSuites: Suite = {
  title: 'etcd-io/raft, flow control, snapshots, raw nodes, `confchange/` and `quorum/`',
  counterparts: [
    ['MsgAppFlowControlFull', 'replication-window'],
    ['MsgAppFlowControlMoveForward', 'replication-window', 'replication-repeated-acknowledgement'],
    ['MsgAppFlowControlRecvHeartbeat', 'replication-window-full-of-losses'],
    ['SendingSnapshotSetPendingSnapshot', 'snapshot-slow-follower'],
    ['PendingSnapshotPauseReplication', 'snapshot-pauses-appends'],
    ['SnapshotFailure', 'snapshot-not-delivered'],
    ['SnapshotSucceed', 'snapshot-slow-follower'],
    ['SnapshotAbort', 'snapshot-acknowledged-behind'],
    ['RawNodeBoundedLogGrowthWithPartition', 'replication-backpressure'],
    ['RawNodeConsumeReady', 'core/src/compliance/effect-cases.ts: gives its effects once'],
    ['confchange/joint_autoleave', 'membership-joint'],
    ['confchange/joint_idempotency', 'membership-invalid'],
    ['confchange/joint_learners_next', 'membership-demote-leader'],
    ['confchange/joint_safety', 'membership-one-at-a-time', 'membership-invalid'],
    ['confchange/simple_idempotency', 'membership-invalid'],
    ['confchange/simple_promote_demote', 'membership-add-one', 'membership-demote-leader'],
    ['confchange/simple_safety', 'membership-invalid', 'membership-lagging-refused'],
    ['confchange/update', 'raft/test/membership.test.ts: an ordinal that another member has'],
    ['confchange/zero', 'core/src/membership.test.ts: is refused when empty, repeated, malformed'],
    ['confchange/quick_test', 'raft/test/storm.test.ts: with changes of membership'],
    [
      'quorum/joint_commit',
      'core/src/quorum.prop.test.ts: finds the greatest value that some quorum has reached',
    ],
    ['quorum/joint_vote', 'core/src/quorum.prop.test.ts: calls a vote won, lost or open'],
    [
      'quorum/majority_commit',
      'core/src/quorum.prop.test.ts: finds the greatest value that some quorum has reached',
    ],
    ['quorum/majority_vote', 'core/src/quorum.prop.test.ts: calls a vote won, lost or open'],
  ],
};

const hashicorp: Suite = {
  title: 'hashicorp/raft, `fuzzy/` and `raft_test.go`',
  counterparts: [
    ['LeaderPartitions', 'checkquorum-two-leaders', 'raft/test/storm.test.ts: keep election safety'],
    ['SlowSendVote', 'election-slow-votes'],
    ['SlowRecvVote', 'election-slow-votes'],
    ['AddMembership', 'membership-add-one', 'membership-from-one'],
    ['AddRemoveNodesNotLeader', 'membership-remove-follower', 'membership-joint'],
    ['RemoveLeader', 'membership-remove-leader'],
    ['RemovePartitionedNode', 'membership-removed-while-away'],
    ['FuzzyLeadershipTransfer', 'raft/test/storm.test.ts: with changes of membership and transfers'],
    ['VerifyLeader_PartialConnect', 'read-partly-connected'],
    ['PreVoteAvoidElectionWithPartition', 'prevote-rejoining-node'],
    ['ClusterCanRegainStability_WhenNonVoterWithHigherTermJoin', 'learner-later-term'],
    ['LeadershipTransferToBehindServer', 'transfer-waits-for-log'],
  ],
};

/** All suites whose named situations are kept here. */
export const suites: readonly Suite[] = [
  etcdInteractions,
  cockroachInteractions,
  paperTests,
  etcdUnitTests,
  etcdSmallSuites,
  hashicorp,
];
