/** What a node's messages promise, held against what its disk holds. */
import type { EngineMessage, NodeId } from '@synod/core';
import type { SafetyLedger } from './safety-ledger.js';
import type { SimulatedDisk } from './simulated-disk.js';
import type { DurablePromise, JudgedEngine } from './subject.js';

/** Checks the promises of one node. */
export class PromiseCheck<Message extends EngineMessage> {
  readonly #id: NodeId;
  readonly #engine: JudgedEngine<Message>;
  readonly #ledger: SafetyLedger;
  readonly #disk: SimulatedDisk;

  constructor(id: NodeId, engine: JudgedEngine<Message>, ledger: SafetyLedger, disk: SimulatedDisk) {
    this.#id = id;
    this.#engine = engine;
    this.#ledger = ledger;
    this.#disk = disk;
  }

  /** A message is about to leave. */
  leaves(message: Message): void {
    const claim = this.#engine.claim?.(message);
    if (claim === undefined) return;
    // To lead is no promise of the disk's: it is not asked.
    const durable = claim.type === 'leads' ? undefined : this.durable();
    this.#ledger.promised(this.#id, claim, this.#disk, durable);
  }

  /** What the disk says of promises; `undefined` when the engine's hard state cannot be read. */
  durable(): DurablePromise | undefined {
    const { readHardState } = this.#engine;
    if (readHardState === undefined) return undefined;
    const { hardState } = this.#disk;
    return hardState === undefined ? { term: 0, votedFor: undefined } : readHardState(hardState);
  }
}
