/** Mistakes in the flow of entries: windows that fill up, and limits that nothing passes. */
import type { PlantedBug } from './planted-bug.js';
import { inRaft } from './raft-bug.js';

/** Every bug of flow control. */
export const flowBugs: readonly PlantedBug[] = [
  inRaft('window-never-freed', 'counts appends as under way after they were answered', {
    file: 'raft/progress.ts',
    from: 'while (this.#inFlight.length > 0 && this.#inFlight.first(0) <= index) {',
    to: 'while (this.#inFlight.length > 0 && this.#inFlight.first(0) < 0) {',
  }),
  inRaft('window-bytes-leak', 'counts bytes as under way after they were answered', {
    file: 'raft/progress.ts',
    from: 'this.#inFlightBytes -= this.#inFlight.second(0);',
    to: '',
  }),
  inRaft('window-not-reset', 'counts appends as under way that were lost with the way to their follower', {
    file: 'raft/progress.ts',
    from: '    this.#inFlight.clear();\n    this.#inFlightBytes = 0;\n',
    to: '',
  }),
  inRaft('uncommitted-bytes-leak', 'never gives back the bytes of commands that were committed', {
    file: 'raft/commitment.ts',
    from: 'state.uncommittedBytes -= entryBytes(state.log.entryAt(at));',
    to: '',
  }),
  inRaft('uncommitted-bytes-inherited', 'keeps counting uncommitted commands of a leadership that is over', {
    file: 'raft/state.ts',
    from: '  state.uncommittedBytes = 0;\n',
    to: '',
  }),
  inRaft('limit-below-command', 'refuses a command that is larger than the limit for ever', {
    file: 'raft/leading.ts',
    from: 'if (state.uncommittedBytes > 0 && state.uncommittedBytes',
    to: 'if (state.uncommittedBytes >= 0 && state.uncommittedBytes',
  }),
  inRaft('limit-below-entry', 'puts no entry into an append when the first is larger than an append may be', {
    file: 'raft/log.ts',
    from: 'if (bytes + more > bytesMax && end > start) break;',
    to: 'if (bytes + more > bytesMax) break;',
  }),
];
