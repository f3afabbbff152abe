/**
 * One node of a scenario: an engine, a disk and a state machine, with the effects carried out in the order that is
 * law. Disk and state machine work at once, or, when a scenario makes them slow, only when told.
 */
import {
  type ConsensusEngine,
  type DurableWrite,
  type Effects,
  type EngineInput,
  type EngineMessage,
  type Membership,
  type NodeId,
  type ProposalId,
  type ReadContext,
  type RecoveredState,
  type Refusal,
  votersOf,
} from '@synod/core';
import type { SafetyWatch } from './safety-watch.js';
import { ScenarioError } from './script.js';
import { StagedDisk, type StoredSnapshot } from './staged-disk.js';
import { StagedMachine } from './staged-machine.js';
import { tellCommand, tellEntry, tellEvent, tellMembership, tellPosition, tellWrite } from './telling.js';

/** What a node needs of the stage it stands on. */
export interface Surroundings<Message extends EngineMessage> {
  readonly watch: SafetyWatch;
  say(line: string): void;
  send(message: Message, snapshot: StoredSnapshot | undefined): void;
  describeMessage(message: Message): string;
  describeHardState(bytes: Uint8Array): string;
  start(id: NodeId, recovered: RecoveredState, life: number): ConsensusEngine<Message>;
}

interface SnapshotReport {
  readonly peer: NodeId;
  readonly delivered: boolean;
}

interface UnsavedWork<Message extends EngineMessage> {
  readonly write: DurableWrite | undefined;
  readonly after: readonly Message[];
}

/** One node. */
export class StagedNode<Message extends EngineMessage> {
  readonly id: NodeId;
  disk = new StagedDisk();
  backup: StagedDisk | undefined;
  engine: ConsensusEngine<Message>;
  machine: StagedMachine;
  up = true;
  slowDisk = false;
  slowMachine = false;
  /** While busy the node takes inputs but carries out no effects. */
  busy = false;
  unsaved: UnsavedWork<Message>[] = [];
  /** Whether it hears only when told what became of the snapshots that it sent. */
  slowReports = false;
  reports: SnapshotReport[] = [];
  /** How often it campaigned. */
  campaigns = 0;
  /** What became of each of this node's reads and proposals, by its name in the script. */
  readonly outcomes = new Map<string, string>();
  readonly #proposals = new Map<ProposalId, string>();
  readonly #founding: Membership;
  readonly #around: Surroundings<Message>;
  #lives = 0;
  #proposalsMade = 0;

  constructor(id: NodeId, disk: StagedDisk, founding: Membership, around: Surroundings<Message>) {
    this.id = id;
    this.disk = disk;
    this.#founding = founding;
    this.#around = around;
    this.engine = around.start(id, disk.recover(), 0);
    this.machine = new StagedMachine(founding);
  }

  crash(): void {
    this.up = false;
    this.unsaved = [];
  }

  restart(): void {
    this.up = true;
    this.busy = false;
    this.unsaved = [];
    this.#lives++;
    this.machine = new StagedMachine(this.#founding);
    this.engine = this.#around.start(this.id, this.disk.recover(), this.#lives);
    this.settle();
  }

  step(input: EngineInput<Message>): void {
    this.engine.step(input);
    this.settle();
  }

  /** Numbers a command; the number stands for its text from here on. */
  nameProposal(text: string): ProposalId {
    this.#proposals.set(++this.#proposalsMade, text);
    this.outcomes.set(text, 'waiting');
    return this.#proposalsMade;
  }

  nameRead(context: ReadContext): void {
    this.outcomes.set(`read.${context}`, 'waiting');
  }

  /** Carries out effects until there are none. */
  settle(): void {
    while (this.up && !this.busy) {
      const effects = this.engine.takeEffects();
      const { role, term } = this.engine.status();
      if (role === 'leader') this.#around.watch.leads(this.id, term);
      if (effects === undefined) return;
      this.#carryOut(effects);
    }
  }

  #carryOut(effects: Effects<Message>): void {
    for (const event of effects.events) {
      if (event.type === 'campaignStarted') this.campaigns++;
      this.#say(tellEvent(event));
    }
    for (const message of effects.sendNow) this.#around.send(message, undefined);
    if (effects.save !== undefined || effects.sendAfterSave.length > 0) {
      this.#save({ write: effects.save, after: effects.sendAfterSave });
    }
    for (const work of effects.snapshots) {
      if (work.type === 'send') this.#around.send(work.message, this.#stored());
      else this.machine.waiting.push({ type: 'restore', snapshot: this.#stored() });
    }
    if (effects.committed.length > 0)
      this.machine.waiting.push({ type: 'apply', entries: effects.committed });
    this.machine.reads.push(...effects.reads);
    if (!this.slowMachine) this.applyAll();
    this.#answerReads();
    for (const refusal of effects.refused) this.#refuse(refusal);
  }

  #stored(): StoredSnapshot {
    if (this.disk.snapshot === undefined) throw new ScenarioError(`${this.id} has no snapshot to work with`);
    return this.disk.snapshot;
  }

  #save(work: UnsavedWork<Message>): void {
    const fast = !this.slowDisk && this.unsaved.length === 0;
    if (fast || (work.write === undefined && this.unsaved.length === 0)) return this.#finish(work, 'saves');
    this.unsaved.push(work);
    if (work.write !== undefined) this.#say(`begins to save: ${this.#tell(work.write)}`);
    for (const message of work.after) {
      this.#say(`keeps back until that is saved: -> ${message.to}  ${this.#around.describeMessage(message)}`);
    }
  }

  /** The oldest save under way becomes durable. */
  saveOldest(): void {
    const work = this.unsaved.shift();
    if (work === undefined) throw new ScenarioError(`${this.id} has nothing to save`);
    this.#finish(work, 'has saved:');
    this.settle();
  }

  #finish({ write, after }: UnsavedWork<Message>, verb: string): void {
    if (write !== undefined) {
      this.#say(`${verb} ${this.#tell(write)}`);
      this.disk.apply(write);
      this.engine.step({ type: 'saved', receipt: write.receipt });
    }
    for (const message of after) this.#around.send(message, undefined);
  }

  #tell(write: DurableWrite): string {
    return tellWrite(write, (bytes) => this.#around.describeHardState(bytes));
  }

  /** What became of a snapshot that this node sent. Its effects are carried out at the next settling. */
  reportSnapshot(peer: NodeId, delivered: boolean): void {
    if (!this.up) return;
    if (this.slowReports) this.reports.push({ peer, delivered });
    else this.engine.step({ type: 'snapshotSent', peer, delivered });
  }

  /** Hears of everything that became of its snapshots. */
  hearReports(): void {
    this.slowReports = false;
    for (const { peer, delivered } of this.reports.splice(0)) this.reportSnapshot(peer, delivered);
    this.settle();
  }

  /** The state machine does everything that waits for it. */
  applyAll(): void {
    for (const work of this.machine.waiting.splice(0)) {
      if (work.type === 'restore') {
        this.machine.restore(work.snapshot);
        this.#say(`restores its state machine from the snapshot ${tellPosition(work.snapshot.meta)}`);
      } else {
        for (const entry of work.entries) {
          this.#around.watch.applies(this.id, entry);
          this.machine.apply(entry);
        }
        this.#say(
          `applies ${work.entries.map((entry) => this.#answer(entry.proposal, tellEntry(entry))).join(', ')}`,
        );
      }
      this.engine.step({ type: 'applied', through: this.machine.index });
    }
    this.#answerReads();
  }

  #answer(proposal: ProposalId | undefined, told: string): string {
    const name = proposal === undefined ? undefined : this.#proposals.get(proposal);
    if (name === undefined) return told;
    this.outcomes.set(name, 'applied');
    return `${told} and answers its caller`;
  }

  #answerReads(): void {
    for (const { context, index } of this.machine.takeReads()) {
      this.outcomes.set(`read.${context}`, 'answered');
      this.#say(`answers read ${context}: everything through ${index} is applied`);
    }
  }

  #refuse({ subject, code, effect, leader, reason }: Refusal): void {
    let what = 'to transfer the leadership';
    if (subject.type === 'proposal') {
      const name = this.#proposals.get(subject.proposal) ?? `proposal ${subject.proposal}`;
      this.outcomes.set(name, code);
      what = tellCommand(name);
    } else if (subject.type === 'read') {
      what = `read ${subject.context}`;
      this.outcomes.set(`read.${subject.context}`, code);
    } else {
      this.outcomes.set('transfer', code);
    }
    const verb = effect === 'none' ? 'refuses' : 'cannot tell what becomes of';
    const hint = leader === undefined ? '' : ` (try ${leader})`;
    this.#say(`${verb} ${what} with ${code}${hint}: ${reason}`);
  }

  /** Stores a snapshot of the state machine as it is. */
  takeSnapshot(): void {
    this.disk.snapshot = this.machine.snapshot();
    const { meta } = this.disk.snapshot;
    this.#say(`stores a snapshot at ${tellPosition(meta)}, members ${tellMembership(meta.membership)}`);
    this.step({ type: 'snapshotSaved', meta });
  }

  /** The log as it is on the disk, and what is still being saved. */
  tellLog(): string {
    const after = this.disk.copy();
    for (const { write } of this.unsaved) if (write !== undefined) after.apply(write);
    const start = after.discarded.index === 0 ? [] : [`(through ${tellPosition(after.discarded)} discarded)`];
    const kept = new Set(this.disk.entries);
    const entries = after.entries.map((entry) => {
      const durable = [...kept].some((one) => one.index === entry.index && one.term === entry.term);
      return durable ? tellEntry(entry) : `${tellEntry(entry)} (being saved)`;
    });
    return [...start, ...entries].join(', ') || 'empty';
  }

  /** Terms of the log, oldest first, as the figures of the paper write them in their boxes. */
  termsOfLog(): readonly number[] {
    const after = this.disk.copy();
    for (const { write } of this.unsaved) if (write !== undefined) after.apply(write);
    return after.entries.map((entry) => entry.term);
  }

  get voters(): readonly NodeId[] {
    return votersOf(this.engine.status().membership);
  }

  #say(what: string): void {
    this.#around.say(`${this.id} ${what}`);
  }
}
