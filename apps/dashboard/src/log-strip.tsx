/**
 * A node's log as a strip of entries. All nodes show the same window of indexes, so that whoever lags is seen at once,
 * as in the drawings of the Raft paper (Figure 6 and 7).
 */
import type { NodeView, StatusView } from './cluster-view.js';
import { formatCount } from './formatting.js';

/** A window of indexes, both ends included. */
export interface LogWindow {
  readonly from: number;
  readonly to: number;
}

/** How far an entry has come on one node. */
export type EntryStage = 'applied' | 'committed' | 'appended' | 'in-snapshot' | 'absent';

const windowEntries = 48;
const cellWidth = 10;

/** The newest entries that any node holds. */
export function logWindowOf(nodes: readonly NodeView[]): LogWindow {
  const lastIndex = Math.max(0, ...nodes.map((node) => node.status?.lastIndex ?? 0));
  const to = Math.max(lastIndex, windowEntries);
  return { from: to - windowEntries + 1, to };
}

/** How far the entry at an index has come on a node. */
export function stageOf(index: number, status: StatusView): EntryStage {
  if (index > status.lastIndex && index > status.snapshotIndex) return 'absent';
  if (index < status.firstIndex) return 'in-snapshot';
  if (index <= status.appliedIndex) return 'applied';
  return index <= status.commitIndex ? 'committed' : 'appended';
}

/** The strip of one node. */
export function LogStrip({ status, shown }: { readonly status: StatusView; readonly shown: LogWindow }) {
  const cells = Array.from({ length: windowEntries }, (_, at) => stageOf(shown.from + at, status));
  const label = `Log through index ${formatCount(status.lastIndex)}, committed through ${formatCount(status.commitIndex)}`;
  return (
    <svg
      class="strip"
      viewBox={`0 0 ${windowEntries * cellWidth} 16`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {cells.map((stage, at) => (
        <rect
          key={at}
          class={`entry is-${stage}`}
          x={at * cellWidth + 1}
          y="1"
          width={cellWidth - 2}
          height="14"
        />
      ))}
    </svg>
  );
}

const legend: readonly { readonly stage: EntryStage; readonly label: string }[] = [
  { stage: 'in-snapshot', label: 'in snapshot' },
  { stage: 'applied', label: 'applied' },
  { stage: 'committed', label: 'committed' },
  { stage: 'appended', label: 'not yet committed' },
  { stage: 'absent', label: 'not there' },
];

/** What the strip's cells mean. */
export function LogLegend() {
  return (
    <ul class="legend" aria-label="What the log strips show">
      {legend.map(({ stage, label }) => (
        <li key={stage}>
          <svg viewBox="0 0 10 16" aria-hidden="true">
            <rect class={`entry is-${stage}`} x="1" y="1" width="8" height="14" />
          </svg>
          {label}
        </li>
      ))}
    </ul>
  );
}
