/**
 * A node's state machine in one life of its process: what waits to be applied, who waits for the answer, and the reads
 * that wait until enough is applied.
 */
import {
  compareBytes,
  type Entry,
  FingerprintBuilder,
  invariant,
  type LogIndex,
  type NodeId,
  type ReadReady,
  type Refusal,
  type RefusalCode,
  type SnapshotMeta,
  type StateMachine,
  type Term,
} from '@synod/core';
import type { Coverage } from './coverage.js';
import type { SafetyLedger } from './safety-ledger.js';
import type { SimulatedDisk } from './simulated-disk.js';
import type { Workload } from './subject.js';
import { demand } from './violation.js';

/** How a client's call on a node ends. */
export type CallEnd<Output> =
  | { readonly type: 'answered'; readonly output: Output; readonly index: LogIndex }
  | { readonly type: 'refused'; readonly leader: NodeId | undefined }
  | { readonly type: 'unknown' };

/** How a wish to change the members ends. */
export type ChangeEnd = 'done' | 'unknown' | { readonly refused: RefusalCode };

/** What a machine needs of its node. */
export interface MachineSurroundings<Machine extends StateMachine<Output>, Input, Output> {
  readonly id: NodeId;
  readonly workload: Workload<Machine, Input, Output>;
  readonly disk: SimulatedDisk;
  readonly ledger: SafetyLedger;
  readonly coverage: Coverage;
  readonly isLeader: () => boolean;
}

interface PendingProposal<Output> {
  readonly command: Uint8Array;
  readonly end: (end: CallEnd<Output>) => void;
}

interface PendingRead<Input, Output> {
  readonly input: Input;
  readonly end: (end: CallEnd<Output>) => void;
  /** What had been answered to anyone when the read began. */
  readonly floor: LogIndex;
}

/** Entries between two comparisons of whole states. */
const stateCheckEvery = 32;

/** The state machine of one life of a node. */
export class AppliedMachine<Machine extends StateMachine<Output>, Input, Output> {
  readonly machine: Machine;
  /** Index that the state stands at. */
  index: LogIndex = 0;
  /** Term of the entry there. */
  term: Term = 0;
  readonly #around: MachineSurroundings<Machine, Input, Output>;
  /** Through where the engine has handed out. */
  #handedOut: LogIndex = 0;
  #toApply: (Entry | { readonly install: SnapshotMeta })[] = [];
  #ready: ReadReady[] = [];
  readonly #proposals = new Map<number, PendingProposal<Output>>();
  readonly #reads = new Map<number, PendingRead<Input, Output>>();
  readonly #changes = new Map<number, (end: ChangeEnd) => void>();

  constructor(around: MachineSurroundings<Machine, Input, Output>) {
    this.#around = around;
    this.machine = around.workload.createMachine();
  }

  /**
   * Through where the engine is told that its effects were applied. A newer snapshot than the one it asked for may have
   * been restored: then the state is ahead of what the engine has handed out.
   */
  get appliedThrough(): LogIndex {
    return Math.min(this.index, this.#handedOut);
  }

  get hasWork(): boolean {
    return this.#toApply.length > 0 || this.#ready.length > 0;
  }

  /** Notes who waits for a proposal. */
  awaitProposal(proposal: number, command: Uint8Array, end: (end: CallEnd<Output>) => void): void {
    this.#proposals.set(proposal, { command, end });
  }

  /** Notes who waits for a read. */
  awaitRead(context: number, input: Input, end: (end: CallEnd<Output>) => void): void {
    this.#reads.set(context, { input, end, floor: this.#around.ledger.acknowledged });
  }

  /** Notes who waits for a change of members. */
  awaitChange(proposal: number, end: (end: ChangeEnd) => void): void {
    this.#changes.set(proposal, end);
  }

  /** Takes over what the engine hands out. */
  add(installs: readonly SnapshotMeta[], committed: readonly Entry[], reads: readonly ReadReady[]): void {
    const { id } = this.#around;
    for (const install of installs) {
      demand(
        install.index >= this.#handedOut,
        'apply order',
        () => `${id} is handed a snapshot through ${install.index} after index ${this.#handedOut}`,
      );
      this.#toApply.push({ install });
      this.#handedOut = install.index;
    }
    for (const entry of committed) {
      demand(
        entry.index === this.#handedOut + 1,
        'apply order',
        () => `${id} is handed index ${entry.index} after ${this.#handedOut}`,
      );
      this.#toApply.push(entry);
      this.#handedOut = entry.index;
    }
    for (const read of reads) this.#ready.push(read);
  }

  /** Tells whoever waits that the engine refused. */
  refuse(refusal: Refusal): void {
    const { subject, code, effect, leader } = refusal;
    const { coverage } = this.#around;
    if (subject.type === 'transfer') return;
    if (subject.type === 'read') {
      coverage.reach('read refused');
      const read = this.#reads.get(subject.context);
      this.#reads.delete(subject.context);
      return read?.end({ type: 'refused', leader });
    }
    if (this.#endChange(subject.proposal, effect === 'unknown' ? 'unknown' : { refused: code })) return;
    if (code === 'SUPERSEDED') coverage.reach('proposal superseded');
    coverage.reach(effect === 'unknown' ? 'proposal of unknown outcome' : 'proposal refused');
    const pending = this.#proposals.get(subject.proposal);
    this.#proposals.delete(subject.proposal);
    pending?.end(effect === 'unknown' ? { type: 'unknown' } : { type: 'refused', leader });
  }

  /** The process ends: nobody gets an answer any more. */
  abandon(): void {
    const proposals = [...this.#proposals.values()];
    const reads = [...this.#reads.values()];
    this.#proposals.clear();
    this.#reads.clear();
    for (const proposal of [...this.#changes.keys()]) this.#endChange(proposal, 'unknown');
    for (const { end } of proposals) end({ type: 'unknown' });
    for (const { end } of reads) end({ type: 'refused', leader: undefined });
  }

  /** Applies what waits. */
  apply(): void {
    const work = this.#toApply;
    this.#toApply = [];
    for (const item of work) {
      if ('install' in item) this.#install(item.install);
      else this.#applyEntry(item);
    }
  }

  /** Answers the reads for which enough is applied. */
  answerReads(): void {
    if (this.#ready.length === 0) return;
    const ready = this.#ready;
    this.#ready = [];
    for (const read of ready) {
      if (read.index <= this.index) {
        this.#answerRead(read.context);
        continue;
      }
      this.#around.coverage.reach('read waited to be applied');
      this.#ready.push(read);
    }
  }

  /** Digest of the state. */
  digest(): string {
    return new FingerprintBuilder().bytes(joined(this.machine.snapshot())).digest();
  }

  /** The state as bytes. */
  bytes(): Uint8Array {
    return joined(this.machine.snapshot());
  }

  #applyEntry(entry: Entry): void {
    // A newer snapshot than the engine asked for may have been installed. Else it is the next: see `add`.
    if (entry.index <= this.index) return;
    const { id, disk, ledger } = this.#around;
    demand(
      disk.holds(entry.index, entry.term),
      'committed is durable',
      () => `${id} is handed index ${entry.index}, which its own disk does not hold`,
    );
    ledger.applied(id, entry);
    this.index = entry.index;
    this.term = entry.term;
    if (entry.kind === 'command') this.#applyCommand(entry);
    if (entry.kind === 'membership' && entry.proposal !== undefined) this.#endChange(entry.proposal, 'done');
    if (entry.index % stateCheckEvery === 0) ledger.reached(id, entry.index, this.digest());
  }

  /** Tells whoever waits for a change, if somebody does. */
  #endChange(proposal: number, end: ChangeEnd): boolean {
    const waits = this.#changes.get(proposal);
    if (waits === undefined) return false;
    this.#changes.delete(proposal);
    waits(end);
    return true;
  }

  #applyCommand(entry: Entry): void {
    const { id, workload } = this.#around;
    const output = this.machine.apply(entry.index, entry.data);
    const wrong = workload.check?.(this.machine);
    demand(wrong === undefined, 'user check', () => `${id} after index ${entry.index}: ${wrong}`);
    if (entry.proposal === undefined) return;
    const pending = this.#proposals.get(entry.proposal);
    this.#proposals.delete(entry.proposal);
    if (pending === undefined) return;
    demand(
      compareBytes(pending.command, entry.data) === 0,
      'own answer',
      () => `${id} answers a proposal with what index ${entry.index} gave, which is another command`,
    );
    pending.end({ type: 'answered', output, index: entry.index });
  }

  #install(meta: SnapshotMeta): void {
    if (meta.index <= this.index) return;
    const { id, disk, ledger, workload } = this.#around;
    const { snapshot } = disk;
    demand(
      snapshot !== undefined && snapshot.meta.index >= meta.index,
      'engine',
      () => `${id} installs a snapshot through ${meta.index} that its disk does not hold`,
    );
    const restore = this.machine.restore();
    // In two pieces, so that a machine which takes only one is found out.
    const half = snapshot.bytes.length >> 1;
    restore.write(snapshot.bytes.slice(0, half));
    restore.write(snapshot.bytes.slice(half));
    restore.finish();
    this.index = snapshot.meta.index;
    this.term = snapshot.meta.term;
    const wrong = workload.check?.(this.machine);
    demand(wrong === undefined, 'user check', () => `${id} after a snapshot: ${wrong}`);
    ledger.reached(id, this.index, this.digest());
  }

  #answerRead(context: number): void {
    const read = this.#reads.get(context);
    this.#reads.delete(context);
    if (read === undefined) return;
    const { id, workload, coverage, isLeader } = this.#around;
    demand(
      this.index >= read.floor,
      'read freshness',
      () => `${id} answers a read at index ${this.index}; index ${read.floor} was answered before it began`,
    );
    if (!isLeader()) coverage.reach('read answered by a follower');
    invariant(workload.read !== undefined, 'a workload whose requests encode to undefined has read()');
    read.end({ type: 'answered', output: workload.read(this.machine, read.input), index: this.index });
  }
}

function joined(chunks: Iterable<Uint8Array>): Uint8Array {
  const parts = [...chunks];
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
