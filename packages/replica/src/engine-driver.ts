/**
 * The turn loop. Inputs are stepped as they come; once a turn of the event loop the effects are taken and carried out
 * in the order that is law. Batching needs no code of its own: whatever came in one turn shares one save and one
 * payload a peer.
 *
 * Saves overlap, up to a limit: the storage makes them durable in order and shares syncs among those that wait. While
 * the limit is reached no effects are taken, so a stalled disk also stalls what this node says to others, and a leader
 * whose disk hangs loses its followers instead of leading without being able to write.
 */
import type {
  Clock,
  ConsensusEngine,
  Defer,
  DurableWrite,
  Effects,
  EngineInput,
  EngineMessage,
  GroupStorage,
  NodeId,
} from '@synod/core';
import type { EventStream } from './event-stream.js';
import type { ReplicaSettings } from './limits.js';
import type { PeerOutbox } from './peer-outbox.js';

/** What the driver asks of the replica around it. */
export interface TurnHooks<Message extends EngineMessage> {
  /** Steps what is queued: once a turn, before effects are taken. */
  readonly handOver: () => void;
  /** Takes over all effects but saves and messages. */
  readonly carryOut: (effects: Effects<Message>) => void;
  /** Applies what is committed; once a turn, at its end. `true` asks for another turn. */
  readonly apply: () => boolean;
  /** The storage, the engine or the state machine failed: everything stops. */
  readonly failed: (what: 'storage' | 'replica', cause: unknown) => void;
}

interface SaveUnderWay<Message> {
  readonly write: DurableWrite;
  readonly startedMs: number;
  isDurable: boolean;
  /** What may leave once it is durable, and all before it. */
  sendAfter: readonly Message[];
}

/** What a driver is made from. */
export interface DriverParts<Message extends EngineMessage> {
  readonly engine: ConsensusEngine<Message>;
  readonly storage: GroupStorage;
  readonly outbox: PeerOutbox<Message>;
  readonly settings: ReplicaSettings;
  readonly clock: Clock;
  readonly defer: Defer;
  /** Length of a tick. */
  readonly tickMs: number;
  readonly events: EventStream;
  readonly hooks: TurnHooks<Message>;
}

/** Drives one engine. */
export class EngineDriver<Message extends EngineMessage> {
  readonly #parts: DriverParts<Message>;
  readonly #saves: SaveUnderWay<Message>[] = [];
  readonly #unreachable = new Set<NodeId>();
  #whenIdle: (() => void)[] = [];
  #state: 'waiting' | 'running' | 'stopped' = 'waiting';
  #isPlanned = false;
  #stalledBytes = 0;
  /** When the first tick came, and how many ticks the engine knows to have passed since. */
  #firstTickMs: number | undefined;
  #ticksTold = -1;
  /** Writes that became durable. */
  #saveCount = 0;
  /** Entries in them. */
  #entriesSaved = 0;

  constructor(parts: DriverParts<Message>) {
    this.#parts = parts;
  }

  get metrics() {
    return { saves: this.#saveCount, entriesSaved: this.#entriesSaved };
  }

  /** Saves under way. */
  get savesInFlight(): number {
    return this.#saves.length;
  }

  /** Whether every input was followed by its turn, and every save is durable. */
  get isQuiet(): boolean {
    return !this.#isPlanned && this.#saves.length === 0;
  }

  /** Whether inputs reach the engine. */
  get isRunning(): boolean {
    return this.#state === 'running';
  }

  /** Lets the engine take part. */
  start(): void {
    if (this.#state !== 'waiting') return;
    this.#state = 'running';
    this.schedule();
  }

  /** Ends the engine's part for good: nothing is stepped, saved or sent any more. */
  stop(): void {
    this.#state = 'stopped';
  }

  /** Resolves when no save is under way. */
  idle(): Promise<void> {
    if (this.#saves.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  /** Feeds one input; its effects are carried out in the next turn. */
  step(input: EngineInput<Message>): void {
    if (this.#state !== 'running') return;
    try {
      this.#parts.engine.step(input);
    } catch (cause) {
      this.#parts.hooks.failed('replica', cause);
    }
    this.schedule();
  }

  /** Feeds one unit of time. */
  tick(): void {
    this.#unreachable.clear();
    const missed = Math.max(0, this.#ticksPassed() - this.#ticksTold - 1);
    this.#ticksTold += 1 + missed;
    this.step(missed === 0 ? { type: 'tick' } : { type: 'tick', missed });
  }

  /**
   * Makes sure that the engine knows of all the time that has passed: the process may have stood still, and the next
   * tick is not due yet. A pause after this does no harm, since whatever the engine then answers was true before it.
   */
  tellTime(): void {
    if (this.#ticksPassed() > this.#ticksTold) this.tick();
  }

  #ticksPassed(): number {
    const { clock, tickMs } = this.#parts;
    this.#firstTickMs ??= clock.now();
    return Math.floor((clock.now() - this.#firstTickMs) / tickMs);
  }

  /** Makes sure that a turn comes. */
  schedule(): void {
    if (this.#isPlanned || this.#state !== 'running') return;
    this.#isPlanned = true;
    this.#parts.defer(() => {
      this.#isPlanned = false;
      this.#guard(() => this.#turn());
    });
  }

  /**
   * Asks for room to take in a peer's payload.
   *
   * @param bytes - Its length.
   * @returns `false` when effects wait for the disk and too much came in meanwhile.
   */
  hasRoomFor(bytes: number): boolean {
    if (this.#saves.length < this.#parts.settings.savesInFlightMax) return true;
    this.#stalledBytes += bytes;
    return this.#stalledBytes <= this.#parts.settings.stalledBytesMax;
  }

  /** The transport took nothing for a peer; tells the engine, once a tick for each peer. */
  unreachable(peer: NodeId): void {
    if (this.#unreachable.has(peer)) return;
    this.#unreachable.add(peer);
    this.step({ type: 'peerUnreachable', peer });
  }

  #turn(): void {
    if (this.#state !== 'running') return;
    const { engine, settings, hooks } = this.#parts;
    if (this.#saves.length < settings.savesInFlightMax) {
      this.#stalledBytes = 0;
      hooks.handOver();
      const effects = engine.takeEffects();
      if (effects !== undefined) this.#carryOut(effects);
    }
    // A failure on the way here stopped the driver.
    if (this.isRunning && hooks.apply()) this.schedule();
  }

  #carryOut(effects: Effects<Message>): void {
    const { outbox, hooks } = this.#parts;
    const { save, sendNow, sendAfterSave } = effects;
    outbox.send(sendNow);
    // The engine was told of peers that cannot be reached, and may have failed over it.
    if (!this.isRunning) return;
    if (save !== undefined) this.#save(save, sendAfterSave);
    else if (sendAfterSave.length > 0) this.#sendAfterEarlierSaves(sendAfterSave);
    hooks.carryOut(effects);
  }

  #save(write: DurableWrite, sendAfter: readonly Message[]): void {
    const { storage, clock, hooks } = this.#parts;
    const save: SaveUnderWay<Message> = { write, startedMs: clock.now(), isDurable: false, sendAfter };
    this.#saves.push(save);
    storage.save(write).then(
      () => {
        save.isDurable = true;
        this.#guard(() => this.#settleSaves());
      },
      (cause: unknown) => {
        this.#saves.length = 0;
        hooks.failed('storage', cause);
        this.#tellIdle();
      },
    );
  }

  /** What the engine asks for now may rely on saves it asked for before, even if it needs none of its own. */
  #sendAfterEarlierSaves(messages: readonly Message[]): void {
    const last = this.#saves.at(-1);
    if (last === undefined) this.#parts.outbox.send(messages);
    else last.sendAfter = [...last.sendAfter, ...messages];
  }

  #settleSaves(): void {
    const { outbox, events } = this.#parts;
    for (let save = this.#saves[0]; save?.isDurable === true; save = this.#saves[0]) {
      this.#saves.shift();
      const { write, sendAfter, startedMs } = save;
      this.#saveCount++;
      this.#entriesSaved += write.entries.length;
      if (events.isHeard) this.#reportSaved(write, startedMs);
      if (!this.isRunning) continue;
      this.step({ type: 'saved', receipt: write.receipt });
      if (this.isRunning) outbox.send(sendAfter);
    }
    this.#tellIdle();
  }

  #reportSaved(write: DurableWrite, startedMs: number): void {
    const { events, clock, engine } = this.#parts;
    const durationMs = clock.now() - startedMs;
    const { sequence } = write.receipt;
    events.emit(engine.group, { type: 'saved', sequence, entries: write.entries.length, durationMs });
  }

  #tellIdle(): void {
    if (this.#saves.length > 0) return;
    const waiting = this.#whenIdle;
    this.#whenIdle = [];
    for (const resolve of waiting) resolve();
  }

  /** Whatever is thrown in here means that going on would be unsafe. */
  #guard(run: () => void): void {
    try {
      run();
    } catch (cause) {
      this.#parts.hooks.failed('replica', cause);
    }
  }
}
