/**
 * Do the logs agree? While the cluster runs, the committed entries that the nodes show are compared, so that not even
 * an entry that is compacted away later can have differed (State Machine Safety, Raft §5.4.3). Once it has stopped,
 * the logs on disk are compared byte by byte (Log Matching, Raft §5.3).
 */
import * as path from 'node:path';
import type { Entry } from '@synod/core';
import { openWalDirectory } from '@synod/storage-wal';
import type { LogDocument } from '../src/rest-documents.js';

interface Seen {
  readonly node: string;
  readonly entry: string;
}

const pollMs = 400;
const entriesPolled = 1_000;

/** Compares the committed entries that nodes show, from start to stop. */
export class LogWatch {
  readonly #urls: readonly string[];
  readonly #seen = new Map<number, Seen>();
  readonly #terms = new Set<number>();
  readonly #violations: string[] = [];
  readonly #stopping = new AbortController();
  #polling: readonly Promise<void>[] = [];

  /** @param urls - REST interfaces of the nodes. */
  constructor(urls: readonly string[]) {
    this.#urls = urls;
  }

  /** Indexes seen so far. */
  get entries(): number {
    return this.#seen.size;
  }

  /** Terms in which a leader had an entry committed. */
  get terms(): number {
    return this.#terms.size;
  }

  /** Entries that differed. */
  get violations(): readonly string[] {
    return this.#violations;
  }

  /** Begins to look. */
  start(): void {
    this.#polling = this.#urls.map((url) => this.#poll(url));
  }

  /** Looks at all nodes now; they must all answer. */
  async lookAgain(): Promise<void> {
    for (const url of this.#urls) await this.#look(url);
  }

  /** Stops looking. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#polling);
  }

  async #poll(url: string): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      // A node that is down shows nothing.
      await this.#look(url).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }

  async #look(url: string): Promise<void> {
    const signal = AbortSignal.timeout(5_000);
    const answer = await fetch(`${url}/v1/log?last=${entriesPolled}`, { signal });
    if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
    const { node, entries }: LogDocument = JSON.parse(await answer.text());
    for (const { index, term, kind, summary } of entries) {
      if (kind === 'snapshot') continue;
      const entry = `${kind} of term ${term}: ${summary}`;
      const seen = this.#seen.get(index);
      if (seen === undefined) this.#seen.set(index, { node, entry });
      else if (seen.entry !== entry)
        this.#violations.push(`index ${index} is ${seen.entry} on ${seen.node}, and ${entry} on ${node}`);
      if (term !== undefined) this.#terms.add(term);
    }
  }
}

/** What a comparison of logs on disk found. */
export interface LogComparison {
  /** Entries that stand in at least two logs and were compared. */
  readonly compared: number;
  /** Where they differ. */
  readonly violations: readonly string[];
}

/**
 * Compares the logs of stopped nodes.
 *
 * @param data - Directory of the cluster.
 * @param ids - Its nodes.
 * @param commitIndex - Through where all of them know entries to be committed.
 */
export async function compareLogs(
  data: string,
  ids: readonly string[],
  commitIndex: number,
): Promise<LogComparison> {
  const violations: string[] = [];
  const first = new Map<number, { readonly id: string; readonly entry: Entry }>();
  const shared = new Set<number>();
  for (const id of ids) {
    const { entries, discarded } = await readLog(path.join(data, id));
    for (const [position, entry] of entries.entries()) {
      if (entry.index !== discarded + 1 + position)
        violations.push(`${id} has index ${entry.index} at place ${position} behind ${discarded}`);
      const other = first.get(entry.index);
      if (other === undefined) {
        first.set(entry.index, { id, entry });
        continue;
      }
      shared.add(entry.index);
      const difference = differenceOf(other.entry, entry, entry.index <= commitIndex);
      if (difference !== undefined)
        violations.push(`${other.id} and ${id} differ at index ${entry.index}: ${difference}`);
    }
    const last = entries.at(-1)?.index ?? discarded;
    if (last < commitIndex) violations.push(`${id} ends at ${last}, but ${commitIndex} is committed`);
  }
  return { compared: shared.size, violations };
}

async function readLog(
  directory: string,
): Promise<{ readonly entries: readonly Entry[]; readonly discarded: number }> {
  const storage = await openWalDirectory(directory);
  const { entries, discarded } = storage.group(0).recover();
  await storage.close();
  return { entries, discarded: discarded.index };
}

/** Entries of one index and term are the same; committed ones are of one term. */
function differenceOf(left: Entry, right: Entry, committed: boolean): string | undefined {
  if (left.term !== right.term) return committed ? `terms ${left.term} and ${right.term}` : undefined;
  if (left.kind !== right.kind) return `kinds ${left.kind} and ${right.kind}`;
  if (!Buffer.from(left.data).equals(right.data)) return `other bytes in term ${left.term}`;
  return undefined;
}
