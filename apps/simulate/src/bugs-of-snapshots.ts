/** Mistakes with snapshots: what they cover, what they may replace, and how they are sent. */
import type { PlantedBug } from './planted-bug.js';
import { inRaft } from './raft-bug.js';

/** Every bug of snapshots. */
export const snapshotBugs: readonly PlantedBug[] = [
  inRaft('discard-beyond-snapshot', 'discards entries that no snapshot covers (Raft §7)', {
    file: 'raft/raft-engine.ts',
    from: 'state.log.discardThrough(meta.index - state.settings.retainedEntries)',
    to: 'state.log.discardThrough(state.emittedIndex - state.settings.retainedEntries)',
  }),
  inRaft('snapshot-goes-back', 'installs a late snapshot over what is committed', {
    file: 'raft/following.ts',
    from: 'if (meta.index <= state.commitIndex) return accept(state, message, state.commitIndex);',
    to: '',
  }),
  inRaft(
    'snapshot-beside-old-log',
    'starts from a stored snapshot and the log that it was to replace (Raft §7)',
    {
      file: 'raft/state.ts',
      from: 'if (!log.matches(snapshot)) log.reset({ index: snapshot.index, term: snapshot.term });',
      to: '',
    },
  ),
  inRaft('snapshot-never-again', 'waits for ever for a snapshot that was not delivered', {
    file: 'raft/leading.ts',
    from: "progress.wishUnderWay = false;\n  if (progress.state !== 'snapshot') return;",
    to: "progress.wishUnderWay = false;\n  if (progress.state !== 'snapshot' || !delivered) return;",
  }),
];
