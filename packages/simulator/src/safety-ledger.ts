/**
 * What must hold in every reachable state (Raft, figure 3; Paxos Made Simple §2.1), checked as it happens and only
 * where something changed. The ledger sees the cluster from above: it knows what every node ever led, wrote, promised,
 * committed and answered.
 */
import type { DurableWrite, Entry, LogIndex, LogPosition, NodeId, Term } from '@synod/core';
import type { SimulatedDisk } from './simulated-disk.js';
import type { Claim, DurablePromise } from './subject.js';
import { demand } from './violation.js';

interface CommittedEntry {
  readonly term: Term;
  readonly digest: number;
  readonly by: NodeId;
}

interface WrittenEntry {
  readonly digest: number;
  readonly termBefore: Term;
}

/** Log of one node as its writes describe it, whether they are durable yet or not. */
class WrittenLog {
  readonly terms = new Map<LogIndex, Term>();
  discarded: LogPosition;
  lastIndex: LogIndex;

  constructor(discarded: LogPosition) {
    this.discarded = discarded;
    this.lastIndex = discarded.index;
  }

  termAt(index: LogIndex): Term | undefined {
    return index === this.discarded.index ? this.discarded.term : this.terms.get(index);
  }
}

/** Everything that must never be contradicted. */
export class SafetyLedger {
  readonly #leaders = new Map<Term, NodeId>();
  readonly #votes = new Map<string, NodeId>();
  readonly #written = new Map<LogIndex, Map<Term, WrittenEntry>>();
  readonly #logs = new Map<NodeId, WrittenLog>();
  readonly #committed = new Map<LogIndex, CommittedEntry>();
  readonly #states = new Map<LogIndex, { readonly digest: string; readonly by: NodeId }>();
  readonly #electsByLog: boolean;
  #greatestLeaderTerm = 0;
  /** Greatest index that any node handed out as committed. */
  highestCommitted: LogIndex = 0;
  /** Greatest index whose effect a client has been told of. */
  acknowledged: LogIndex = 0;

  /** @param electsByLog - Whether voters elect the candidate whose log is at least as far as theirs, as in Raft. */
  constructor(electsByLog: boolean) {
    this.#electsByLog = electsByLog;
  }

  /** Terms that had a leader. */
  get leaderTerms(): number {
    return this.#leaders.size;
  }

  /** A node begins a life with the log that its disk holds. */
  started(id: NodeId, disk: SimulatedDisk): void {
    const { discarded, entries } = disk.recover();
    const log = new WrittenLog(discarded);
    for (const entry of entries) {
      log.terms.set(entry.index, entry.term);
      log.lastIndex = entry.index;
    }
    this.#logs.set(id, log);
  }

  /** A node asks for a write: log matching, by induction from entry to entry. */
  wrote(id: NodeId, write: DurableWrite): void {
    const log = this.#logs.get(id);
    if (log === undefined) return;
    const { discardThrough, truncateFrom } = write;
    if (discardThrough !== undefined && discardThrough.index > log.discarded.index) {
      for (let index = log.discarded.index; index <= discardThrough.index; index++) log.terms.delete(index);
      log.discarded = discardThrough;
      log.lastIndex = Math.max(log.lastIndex, discardThrough.index);
    }
    if (truncateFrom !== undefined) {
      for (let index = truncateFrom; index <= log.lastIndex; index++) log.terms.delete(index);
      log.lastIndex = Math.min(log.lastIndex, truncateFrom - 1);
    }
    for (const entry of write.entries) {
      this.#matchEntry(id, entry, log.termAt(entry.index - 1) ?? 0);
      log.terms.set(entry.index, entry.term);
      if (entry.index > log.lastIndex) log.lastIndex = entry.index;
    }
  }

  /** A node leads a term. */
  leads(id: NodeId, term: Term, hasJustWon: boolean): void {
    const known = this.#leaders.get(term);
    demand(
      known === undefined || known === id,
      'election safety',
      () => `${known} and ${id} both lead term ${term}`,
    );
    this.#leaders.set(term, id);
    const isNewest = term >= this.#greatestLeaderTerm;
    if (isNewest) this.#greatestLeaderTerm = term;
    const highest = this.#committed.get(this.highestCommitted);
    const log = this.#logs.get(id);
    if (!hasJustWon || !isNewest || highest === undefined || log === undefined) return;
    const index = this.highestCommitted;
    const holds = log.discarded.index >= index || log.termAt(index) === highest.term;
    demand(
      holds,
      'leader completeness',
      () =>
        `${id} leads term ${term} with term ${log.termAt(index) ?? 'none'} at index ${index}, where ${highest.by} committed an entry of term ${highest.term}`,
    );
  }

  /** A message leaves: its claims are held against the disk and against earlier claims. */
  promised(id: NodeId, claim: Claim, disk: SimulatedDisk, durable: DurablePromise | undefined): void {
    if (claim.type === 'leads') return this.leads(id, claim.term, false);
    const { term } = claim;
    if (durable !== undefined) {
      demand(
        durable.term >= term,
        'durable before promised',
        () => `${id} sends a ${claim.type} of term ${term}, but its disk holds term ${durable.term}`,
      );
    }
    if (claim.type === 'holds') {
      demand(
        disk.holdsThrough(claim.through),
        'durable before promised',
        () => `${id} says that it holds index ${claim.through}, but its disk does not`,
      );
      return;
    }
    const candidate = claim.type === 'vote' ? claim.candidate : id;
    if (durable !== undefined && durable.term === term) {
      demand(
        durable.votedFor === candidate,
        'durable before promised',
        () =>
          `${id} votes for ${candidate} in term ${term}, but its disk holds a vote for ${durable.votedFor ?? 'nobody'}`,
      );
    }
    const key = `${id}/${term}`;
    const earlier = this.#votes.get(key) ?? candidate;
    demand(
      earlier === candidate,
      'one vote',
      () => `${id} votes for ${candidate} in term ${term}, in which it voted for ${earlier}`,
    );
    this.#votes.set(key, candidate);
  }

  /**
   * A node applies an entry.
   *
   * @param disks - Disks of all voters, to find it durable on a majority when it is first seen.
   */
  applied(id: NodeId, entry: Entry, disks: readonly SimulatedDisk[]): void {
    const digest = digestOf(entry);
    const known = this.#committed.get(entry.index);
    if (known !== undefined) {
      demand(
        known.term === entry.term && known.digest === digest,
        'state machine safety',
        () =>
          `${id} applies an entry of term ${entry.term} at index ${entry.index}, where ${known.by} applied another of term ${known.term}`,
      );
      return;
    }
    let holders = 0;
    for (const disk of disks) if (disk.holds(entry.index, entry.term)) holders++;
    demand(
      2 * holders > disks.length,
      'committed is durable',
      () =>
        `${id} applies index ${entry.index} of term ${entry.term}, which ${holders} of ${disks.length} disks hold`,
    );
    if (this.#electsByLog) demandNoRival(id, entry, disks);
    this.#committed.set(entry.index, { term: entry.term, digest, by: id });
    if (entry.index > this.highestCommitted) this.highestCommitted = entry.index;
  }

  /** A node's state machine has a state after an index. */
  reached(id: NodeId, index: LogIndex, digest: string): void {
    const known = this.#states.get(index);
    if (known === undefined) {
      this.#states.set(index, { digest, by: id });
      return;
    }
    demand(
      known.digest === digest,
      'equal states',
      () => `${id} and ${known.by} have applied the same entries through ${index} and differ in their state`,
    );
  }

  #matchEntry(id: NodeId, entry: Entry, termBefore: Term): void {
    const digest = digestOf(entry);
    let terms = this.#written.get(entry.index);
    if (terms === undefined) {
      terms = new Map();
      this.#written.set(entry.index, terms);
    }
    const known = terms.get(entry.term);
    if (known === undefined) {
      terms.set(entry.term, { digest, termBefore });
      return;
    }
    demand(
      known.digest === digest && known.termBefore === termBefore,
      'log matching',
      () =>
        `${id} writes index ${entry.index} of term ${entry.term} after term ${termBefore}; another log has ${known.digest === digest ? `term ${known.termBefore} before it` : 'other bytes there'}`,
    );
  }
}

/**
 * What makes leader completeness hold (Raft §5.4.3), checked at once instead of at the next election: no node without
 * the committed entry could be elected by what the disks hold. Finds figure 8 before it comes to its end.
 */
function demandNoRival(id: NodeId, entry: Entry, disks: readonly SimulatedDisk[]): void {
  for (const [position, rival] of disks.entries()) {
    if (rival.holds(entry.index, entry.term)) continue;
    const { index, term } = rival.end;
    let supporters = 0;
    for (const disk of disks) {
      const { end } = disk;
      if (term > end.term || (term === end.term && index >= end.index)) supporters++;
    }
    demand(
      2 * supporters <= disks.length,
      'leader completeness',
      () =>
        `${id} applies index ${entry.index} of term ${entry.term}; node ${position + 1} lacks it and could still be elected, with a log that ends at index ${index} of term ${term}`,
    );
  }
}

/** FNV-1a over kind and bytes, with the length folded in. */
function digestOf(entry: Entry): number {
  let digest = 0x811c9dc5 ^ entry.kind.length;
  const { data } = entry;
  for (let position = 0; position < data.length; position++)
    digest = Math.imul(digest ^ (data[position] ?? 0), 0x01000193);
  return Math.imul(digest ^ data.length, 0x01000193);
}

/** Terms and commit indexes never fall: an event goes on from where the one before it ended. */
export function demandRise(
  id: NodeId,
  what: 'term' | 'commit index',
  known: number,
  { from, to }: { readonly from: number; readonly to: number },
): void {
  const rises = to > from && from >= known;
  demand(rises, 'monotone', () => `${id} moves its ${what} from ${from} to ${to}, after ${known}`);
}
