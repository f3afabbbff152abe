/** A node's state machine in a scenario: the list of commands that were applied, at once or when told. */
import {
  decodeUtf8,
  type Entry,
  type LogIndex,
  type Membership,
  type ReadReady,
  type Term,
} from '@synod/core';
import { ScenarioError } from './script.js';
import type { StoredSnapshot } from './staged-disk.js';
import { membershipOf } from './telling.js';

/** One piece of work for the state machine. */
export type MachineWork =
  | { readonly type: 'restore'; readonly snapshot: StoredSnapshot }
  | { readonly type: 'apply'; readonly entries: readonly Entry[] };

/** The state machine with its place in the log, and what waits for it. */
export class StagedMachine {
  index: LogIndex = 0;
  term: Term = 0;
  commands: string[] = [];
  membership: Membership;
  waiting: MachineWork[] = [];
  reads: ReadReady[] = [];

  constructor(membership: Membership) {
    this.membership = membership;
  }

  restore({ meta, commands }: StoredSnapshot): void {
    this.index = meta.index;
    this.term = meta.term;
    this.membership = meta.membership;
    this.commands = [...commands];
  }

  apply(entry: Entry): void {
    if (entry.index !== this.index + 1) {
      throw new ScenarioError(`safety: entry ${entry.index} is handed out after ${this.index}`);
    }
    this.index = entry.index;
    this.term = entry.term;
    if (entry.kind === 'command') this.commands.push(decodeUtf8(entry.data));
    if (entry.kind === 'membership') this.membership = membershipOf(entry);
  }

  /** Takes the reads that may be answered now. */
  takeReads(): readonly ReadReady[] {
    const ready = this.reads.filter((read) => read.index <= this.index);
    this.reads = this.reads.filter((read) => read.index > this.index);
    return ready;
  }

  snapshot(): StoredSnapshot {
    const { index, term, membership } = this;
    return { meta: { index, term, membership }, commands: [...this.commands] };
  }
}
