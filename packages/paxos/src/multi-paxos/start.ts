/** The state of a node when it starts, from its options and what its storage recovered; and copies of it. */
import { checkMembership, invariant, Random } from '@synod/core';
import { blankHardState, decodeHardState } from './hard-state.js';
import { decodeMembership, Memberships } from './memberships.js';
import { type MultiPaxosOptions, settle } from './options.js';
import { Outbox } from './outbox.js';
import { QuorumReads } from './quorum-rounds.js';
import { ReadBarriers } from './read-barriers.js';
import { blankProposer, governing, resetElectionClock, restingRole } from './roles.js';
import { SlotRanges } from './slot-ranges.js';
import { Slots } from './slots.js';
import type { PaxosState } from './state.js';

/** Makes the state of a node from its options and what its storage recovered. */
export function createState(options: MultiPaxosOptions): PaxosState {
  const settings = settle(options);
  const { recovered } = options;
  const hardState = recovered.hardState === undefined ? blankHardState : decodeHardState(recovered.hardState);
  const { snapshot } = recovered;
  const slots = new Slots(recovered.discarded, recovered.entries, hardState.votesAgain);
  const covered = snapshot?.index ?? 0;
  invariant(covered >= slots.discarded.index, 'discarded slots are covered by a snapshot');
  // Slots that only the snapshot says are decided may hold votes for other values than the decided ones.
  if (snapshot !== undefined && hardState.decided < covered) slots.coverThrough(snapshot);
  const commitIndex = Math.max(covered, hardState.decided);
  const memberships = new Memberships({
    index: covered,
    membership: snapshot?.membership ?? checkMembership(options.membership),
  });
  const state: PaxosState = {
    id: options.id,
    group: options.group,
    settings,
    random: new Random(options.seed),
    life: hardState.life + 1,
    dataLoss: undefined,
    lifeDurable: false,
    memberships,
    ...governing({ memberships, settings, id: options.id }),
    role: 'follower',
    promised: hardState.promised,
    highestHeard: recovered.entries.reduce(
      (highest, { term }) => Math.max(highest, term),
      Math.max(hardState.promised, snapshot?.term ?? 0),
    ),
    leader: undefined,
    slots,
    commitIndex,
    emittedIndex: covered,
    appliedIndex: 0,
    snapshot,
    hardStateChanged: true,
    savedDecided: hardState.decided,
    electionElapsed: 0,
    heartbeatElapsed: 0,
    electionTimeout: settings.electionTicks,
    ticks: 0,
    // An earlier life may have answered a leader that trusts in it.
    ticksSinceLeader: hardState.life === 0 ? settings.electionTicks : 0,
    stalledSave: 0,
    stalledTicks: 0,
    // Answers to an earlier life's probes are told apart.
    probe: (hardState.life + 1) * 0x100000,
    probed: new Map(),
    yielded: false,
    acknowledgements: new SlotRanges(),
    owesAnswer: false,
    offered: new Map(),
    learnPause: 0,
    votersKnow: false,
    proposer: blankProposer(),
    progress: new Map(),
    raisePause: 0,
    lease: undefined,
    transfer: undefined,
    uncommittedBytes: 0,
    reads: new ReadBarriers(),
    quorumReads: new QuorumReads(),
    replaced: new Map(),
    outbox: new Outbox(),
  };
  for (let index = covered + 1; index <= commitIndex; index++) {
    const entry = slots.entryAt(index);
    invariant(entry !== undefined, `decided slot ${index} was recovered`);
    if (entry.kind === 'membership') memberships.append({ index, membership: decodeMembership(entry.data) });
  }
  Object.assign(state, governing(state));
  state.role = restingRole(state);
  resetElectionClock(state);
  if (snapshot !== undefined) state.outbox.snapshots.push({ type: 'install', meta: snapshot });
  return state;
}

/** An independent copy. */
export function cloneState(state: PaxosState): PaxosState {
  const { proposer } = state;
  return {
    ...state,
    random: state.random.clone(),
    slots: state.slots.clone(),
    memberships: state.memberships.clone(),
    probed: new Map(state.probed),
    acknowledgements: state.acknowledgements.clone(),
    offered: new Map(state.offered),
    proposer: {
      ...proposer,
      promisers: new Map([...proposer.promisers].map(([id, promiser]) => [id, { ...promiser }])),
      refusers: new Set(proposer.refusers),
      adopted: new Map(proposer.adopted),
      queue: [...proposer.queue],
    },
    progress: new Map([...state.progress].map(([id, progress]) => [id, progress.clone()])),
    lease: state.lease?.clone(),
    transfer: state.transfer === undefined ? undefined : { ...state.transfer },
    reads: state.reads.clone(),
    quorumReads: state.quorumReads.clone(),
    replaced: new Map(state.replaced),
    outbox: state.outbox.clone(),
  };
}
