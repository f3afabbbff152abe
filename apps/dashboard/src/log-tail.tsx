/** The newest committed entries, newest first: what every node has applied, or will. */
import type { EntryKind } from '@synod/core';
import type { LogEntry, LogTail } from './cluster-view.js';
import { formatCount, formatTimeOfDay } from './formatting.js';
import { ScrollBox } from './scroll-box.js';

const kindWords: Readonly<Record<EntryKind | 'snapshot', string>> = {
  command: 'command',
  noop: 'no-op',
  membership: 'membership',
  snapshot: 'snapshot',
};

/** The panel with the log's tail. */
export function LogTailPanel({ log }: { readonly log: LogTail | undefined }) {
  return (
    <section class="panel" aria-labelledby="log-title">
      <div class="panel-head">
        <h2 id="log-title">Committed log</h2>
        {log?.node !== undefined && <span class="panel-note">as {log.node} applied it</span>}
      </div>
      {log === undefined || log.entries.length === 0 ? (
        <p class="empty">Nothing is committed yet. Put a key to see its entry here.</p>
      ) : (
        <ScrollBox labelledBy="log-title">
          <table class="log">
            <thead>
              <tr>
                <th scope="col">index</th>
                <th scope="col">term</th>
                <th scope="col" class="is-wide">
                  entry
                </th>
                <th scope="col">time</th>
              </tr>
            </thead>
            <tbody>
              {log.entries.map((entry) => (
                <Row key={entry.index} entry={entry} />
              ))}
            </tbody>
          </table>
        </ScrollBox>
      )}
    </section>
  );
}

function Row({ entry }: { readonly entry: LogEntry }) {
  const kind = entry.kind === undefined ? 'entry' : kindWords[entry.kind];
  return (
    <tr class={`is-${entry.kind ?? 'unknown'}`}>
      <td class="number">{formatCount(entry.index)}</td>
      <td class="number">{entry.term === undefined ? '' : formatCount(entry.term)}</td>
      <td class="is-wide" title={entry.summary}>
        {entry.kind !== 'command' && <span class="kind">{kind}</span>}
        {entry.summary !== undefined && <span class="summary">{entry.summary}</span>}
      </td>
      <td class="number">{entry.timeMs === undefined ? '' : formatTimeOfDay(entry.timeMs)}</td>
    </tr>
  );
}
