/** The log of a storage in words or as JSON, record by record. */
import type { Entry } from '@synod/core';
import type { InspectedRecord, InspectedStretch } from '@synod/storage-wal';
import { summaryOf } from '../entry-summary.js';
import { base64Of } from '../key-encoding.js';
import { hardStateWords } from './hard-state-words.js';

/** What is shown. */
export interface DumpFilter {
  /** Records of this group only; all when not given. */
  readonly group: number | undefined;
  /** Entries from this index on only; all when not given. */
  readonly from: number | undefined;
}

/**
 * A stretch of the log as lines for people.
 *
 * @param stretch - A batch, or bytes that are none.
 * @param filter - What is shown.
 * @returns No lines when nothing of it is to be shown.
 */
export function dumpLines(stretch: InspectedStretch, filter: DumpFilter): readonly string[] {
  const { file, offset, bytes } = stretch;
  if (stretch.type === 'broken') return [`${file} ${offset}: ${bytes} bytes, checksum BAD: ${stretch.found}`];
  const records = stretch.records.flatMap((record) => recordLines(record, filter));
  if (records.length === 0) return [];
  return [`${file} ${offset}: batch ${stretch.number}, ${bytes} bytes, checksum good`, ...records];
}

/**
 * A stretch of the log as values for programs, one a line.
 *
 * @param stretch - A batch, or bytes that are none.
 * @param filter - What is shown.
 */
export function dumpDocuments(stretch: InspectedStretch, filter: DumpFilter): readonly object[] {
  const { file, offset, bytes } = stretch;
  if (stretch.type === 'broken')
    return [{ type: 'broken', file, offset, bytes, checksum: 'bad', found: stretch.found }];
  const place = { file, batch: stretch.number, checksum: 'good' };
  return stretch.records.flatMap(({ offset, bytes, record }): readonly object[] => {
    if (!isShown(record, filter)) return [];
    if (record.type !== 'write') return [{ ...place, offset, bytes, ...record }];
    const { discardThrough, truncateFrom, hardState } = record.change;
    const entries = shownEntries(record.change.entries, filter);
    return [
      {
        ...place,
        offset,
        bytes,
        type: 'write',
        group: record.group,
        ...(discardThrough === undefined ? {} : { discardThrough }),
        ...(truncateFrom === undefined ? {} : { truncateFrom }),
        ...(hardState === undefined
          ? {}
          : { hardStateBase64: base64Of(hardState), hardState: hardStateWords(hardState) }),
        entries: entries.map(({ index, term, kind, data }) => ({
          index,
          term,
          kind,
          bytes: data.length,
          summary: summaryOf(kind, data),
          dataBase64: base64Of(data),
        })),
      },
    ];
  });
}

function recordLines({ offset, bytes, record }: InspectedRecord, filter: DumpFilter): readonly string[] {
  if (!isShown(record, filter)) return [];
  if (record.type === 'logBegins')
    return [`  ${offset}: the log begins in segment ${record.segment}, ${bytes} bytes`];
  if (record.type === 'segmentEnd')
    return [`  ${offset}: the log goes on in segment ${record.next}, ${bytes} bytes`];
  const { discardThrough, truncateFrom, hardState } = record.change;
  const lines = [`  ${offset}: write of group ${record.group}, ${bytes} bytes`];
  if (discardThrough !== undefined)
    lines.push(`    discard through index ${discardThrough.index}, term ${discardThrough.term}`);
  if (truncateFrom !== undefined) lines.push(`    truncate from index ${truncateFrom}`);
  if (hardState !== undefined) lines.push(`    hard state ${hardStateWords(hardState)}`);
  for (const { index, term, kind, data } of shownEntries(record.change.entries, filter))
    lines.push(`    entry ${index}, term ${term}, ${kind} of ${data.length} bytes: ${summaryOf(kind, data)}`);
  return lines;
}

/** With an index given, only writes that hold an entry from there on are of interest. */
function isShown(record: InspectedRecord['record'], filter: DumpFilter): boolean {
  if (record.type !== 'write') return filter.group === undefined && filter.from === undefined;
  if (filter.group !== undefined && record.group !== filter.group) return false;
  return filter.from === undefined || shownEntries(record.change.entries, filter).length > 0;
}

function shownEntries(entries: readonly Entry[], { from = 0 }: DumpFilter): readonly Entry[] {
  return from === 0 ? entries : entries.filter(({ index }) => index >= from);
}
