/** Groups that fall asleep and are woken while nodes are cut off, restarted and not heard: what clients see stays linearizable. */
import { isSynodError, type NodeId, Random } from '@synod/core';
import { checkHistory, History, register } from '@synod/linearizability';
import { describe, expect, it } from 'vitest';
import { hostGroup } from '../src/host-payload.js';
import { ManyGroups } from './many-groups.js';

const groups = 3;
const model = register(0);
type Calls = ReturnType<typeof newHistory>;

function newHistory() {
  return History.for(model);
}

class SleepyStorm {
  readonly many: ManyGroups;
  readonly histories: readonly Calls[] = Array.from({ length: groups }, newHistory);
  answered = 0;
  readonly #random: Random;
  readonly #under: Promise<void>[] = [];
  #time = 0;
  #process = 0;
  #value = 0;

  constructor(seed: number) {
    this.#random = new Random(`sleepy/${seed}`);
    this.many = new ManyGroups({ groups, seed, quiesceAfterTicks: 3 });
  }

  /** Whole stretches pass without a call, so that groups sleep; then there is a call or two, or a fault. */
  async run(ticks: number): Promise<void> {
    await this.many.startAll();
    for (let tick = 0; tick < ticks; tick++) {
      await this.many.tick();
      const busy = Math.floor(tick / 20) % 2 === 0;
      if (busy && this.#random.chance(0.5)) this.#call();
      if (this.#random.chance(0.04)) await this.#fault();
    }
    this.many.network.heal();
    this.many.loses = () => false;
    for (const id of this.many.ids) if (!this.many.nodes.has(id)) await this.many.start(id);
    await this.many.until(() => this.many.allAsleep, 400);
    await Promise.all(this.#under);
  }

  #call(): void {
    const id = this.many.ids[this.#random.integer(0, 2)] ?? '';
    const group = this.#random.integer(0, groups - 1);
    const node = this.many.nodes.get(id);
    const replica = node?.replicas[group];
    const counter = node?.counters[group];
    if (replica === undefined || counter === undefined) return;
    const history = this.histories[group];
    if (history === undefined) return;
    const process = ++this.#process;
    if (this.#random.chance(0.5)) {
      this.#value = (this.#value % 255) + 1;
      const value = this.#value;
      const call = history.invoke(process, { type: 'write', value }, ++this.#time);
      const ends = replica.propose(Uint8Array.of(value), { timeoutMs: 300 });
      this.#under.push(
        this.#settle(
          history,
          call,
          ends.then(() => undefined),
        ),
      );
    } else {
      const mode = this.#random.chance(0.5) ? 'lease' : 'index';
      const call = history.invoke(process, { type: 'read' }, ++this.#time);
      const ends = replica.read(() => counter.latest, { mode, timeoutMs: 300 });
      this.#under.push(this.#settle(history, call, ends));
    }
  }

  async #settle(history: Calls, call: number, ends: Promise<number | undefined>): Promise<void> {
    try {
      const output = await ends;
      history.ok(call, output, ++this.#time);
      this.answered++;
    } catch (error) {
      if (isSynodError(error) && error.effect === 'none') history.fail(call);
      else history.info(call);
    }
  }

  async #fault(): Promise<void> {
    const { network, nodes, ids } = this.many;
    const id: NodeId = ids[this.#random.integer(0, 2)] ?? '';
    const other: NodeId = ids[this.#random.integer(0, 2)] ?? '';
    switch (this.#random.integer(0, 5)) {
      case 0:
        return network.partition([id]);
      case 1:
        return id === other ? undefined : network.mute(id, other);
      case 2:
        if (nodes.has(id) && nodes.size === 3) return this.many.stop(id);
        return;
      case 3:
        // Words between hosts are lost, all others arrive.
        this.many.loses = ({ group, from }) => group === hostGroup && from === id;
        return;
      default:
        network.heal();
        this.many.loses = () => false;
        for (const absent of ids) if (!nodes.has(absent)) await this.many.start(absent);
    }
  }
}

describe('groups that sleep between calls', () => {
  it.each([1, 2, 3, 4, 5, 6])(
    'give linearizable answers, whatever fails meanwhile (seed %i)',
    async (seed) => {
      const storm = new SleepyStorm(seed);
      try {
        await storm.run(600);
        expect(storm.answered).toBeGreaterThan(20);
        expect(storm.many.events.filter(({ event }) => event.type === 'slept').length).toBeGreaterThan(30);
        for (const history of storm.histories) {
          const result = checkHistory(model, history.operations());
          expect(result.verdict).toBe('linearizable');
        }
      } finally {
        await storm.many.stopAll();
      }
    },
  );
});
