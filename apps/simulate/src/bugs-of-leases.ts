/** Mistakes in leases and in handing leadership over: both rest on what others may do, and until when. */
import type { PlantedBug } from './planted-bug.js';
import { inRaft } from './raft-bug.js';

/** Every bug of leases and transfers. */
export const leaseBugs: readonly PlantedBug[] = [
  inRaft('lease-from-answer', 'counts a lease from when the answers came (dissertation §6.4.1)', {
    file: 'raft/reads.ts',
    from: 'state.lease?.confirmed(answered);',
    to: `const before = state.lease?.since;
  state.lease?.confirmed(answered);
  if (state.lease !== undefined && state.lease.since !== before) state.lease.since = state.ticks;`,
  }),
  inRaft('lease-without-quorum', 'renews a lease when heartbeats leave, whether or not they are answered', {
    file: 'raft/lease.ts',
    from: 'if (last?.tick !== tick) this.#sent.push({ round, tick });',
    to: 'if (last?.tick !== tick) this.#sent.push({ round, tick });\n    this.since = tick;',
  }),
  inRaft('lease-without-bound', 'lets a lease last a whole election timeout, as if all clocks ran alike', {
    file: 'raft/leasing.ts',
    from: ' - settings.lease.driftTicks',
    to: '',
  }),
  inRaft(
    'lease-through-standstill',
    'does not count the time in which its process stood still (etcd #20418)',
    {
      file: 'raft/raft-engine.ts',
      from: 'state.ticks += 1 + missed;',
      to: 'state.ticks += 1;',
    },
  ),
  inRaft(
    'lease-kept-in-transfer',
    'keeps its lease after it told another node to campaign (dissertation §6.4.1)',
    {
      file: 'raft/transfer.ts',
      from: 'if (state.lease !== undefined) state.lease.ended = true;',
      to: '',
    },
  ),
  inRaft(
    'lease-forgotten-by-voter',
    'votes right after a restart, though the leader that it heard before trusts in it',
    {
      file: 'raft/state.ts',
      from: 'ticksSinceLeader: hardState.life === 0 ? settings.electionTicks : 0',
      to: 'ticksSinceLeader: settings.electionTicks',
    },
  ),
  inRaft('lease-before-noop', 'reads by its lease before an entry of its term is committed (Raft §8)', {
    file: 'raft/reads.ts',
    from: '    state.log.termAt(state.commitIndex) === state.term &&\n',
    to: '',
  }),
  inRaft(
    'transfer-whatever-log',
    'votes for whoever the leader wished for, whatever its log holds (Raft §5.4.1)',
    {
      file: 'raft/election.ts',
      from: 'if (upToDate) return undefined;',
      to: 'if (upToDate || message.transfer === true) return undefined;',
    },
  ),
  inRaft(
    'transfer-for-ever',
    'refuses commands for ever when the node that takes over is gone (dissertation §3.10)',
    {
      file: 'raft/transfer.ts',
      from: 'if (transfer.ticks < electionTicks) {',
      to: 'if (transfer.ticks > 0) {',
    },
  ),
];
