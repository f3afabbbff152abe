/** A Synod on stage, with what must never be seen there. */
import { createMembership, type NodeId } from '@synod/core';
import {
  type QuorumRule,
  type SynodEffects,
  type SynodMessage,
  SynodNode,
  type SynodOptions,
  type SynodSave,
  synodMessageCodec,
} from '../src/index.js';
import { Stage } from './stage.js';

/** A Synod under the weather of a seed. */
export class SynodOnStage {
  readonly stage: Stage<SynodMessage, SynodSave, SynodEffects, SynodNode>;
  readonly ids: readonly NodeId[];
  /** Values that somebody proposed. */
  readonly proposed = new Set<number>();
  /** What was said to be decided, each time. */
  readonly decisions: number[] = [];
  /** How often it was said that nothing was chosen. */
  nothings = 0;
  #openLearns = new Map<NodeId, boolean>();

  constructor(seed: number | string, nodes: number, quorums: QuorumRule = { type: 'majority' }) {
    this.ids = Array.from({ length: nodes }, (_, index) => `n${index + 1}`);
    const membership = createMembership(this.ids);
    this.stage = new Stage(seed, {
      ids: this.ids,
      codec: synodMessageCodec,
      create: (id, disk) => {
        const recovered = disk.at(-1)?.record;
        const options: SynodOptions = { id, membership, quorums, seed: `${seed} ${id}` };
        return new SynodNode(recovered === undefined ? options : { ...options, recovered });
      },
      see: (id, effects) => {
        for (const outcome of effects.outcomes) {
          if (outcome.type === 'decided') this.decisions.push(outcome.value[0] ?? -1);
          else this.#seeNothing(id);
        }
        return effects;
      },
      died: (id) => this.#openLearns.delete(id),
    });
  }

  propose(id: NodeId, value: number): void {
    this.proposed.add(value);
    this.stage.act(id, (node) => node.step({ type: 'propose', value: Uint8Array.of(value) }));
  }

  /** Asks what is chosen; remembers whether that was known somewhere when it was first asked. */
  learn(id: NodeId): void {
    this.#openLearns.set(id, (this.#openLearns.get(id) ?? false) || this.decisions.length > 0);
    this.stage.act(id, (node) => node.step({ type: 'learn' }));
  }

  /** The rules that hold at every moment. */
  check(): void {
    const different = new Set(this.decisions);
    if (different.size > 1) throw new Error(`agreement: ${[...different].join(' and ')} were decided`);
    for (const value of different) if (!this.proposed.has(value)) throw new Error(`nobody proposed ${value}`);
  }

  #seeNothing(id: NodeId): void {
    this.nothings++;
    const wasDecided = this.#openLearns.get(id) ?? false;
    this.#openLearns.delete(id);
    if (wasDecided) throw new Error(`${id} was told that nothing is chosen after a decision was known`);
  }
}
