/** Everything at once, from seeds: loss, repetition, reordering, cuts, crashes and slow disks, with commands and reads. */
import type { EngineMessage } from '../engine.js';
import type { LogIndex, NodeId } from '../ids.js';
import { Random } from '../random.js';
import { demand } from './contract-watch.js';
import type { EngineCluster } from './engine-cluster.js';
import type { ComplianceCase, EngineUnderTest } from './engine-under-test.js';
import { awaitLeader, clusterOf, proposeAs } from './trial.js';

/** Cases with faults of all kinds. */
export function stormCases<Message extends EngineMessage>(
  engine: EngineUnderTest<Message>,
): readonly ComplianceCase[] {
  return [
    {
      name: 'keeps its promises through storms, and comes together when they are over',
      run: () => {
        let entries = 0;
        for (let seed = 1; seed <= 30; seed++) entries += new Storm(engine, seed).run();
        demand(entries > 300, `storms leave room for work: ${entries} entries were applied`);
      },
    },
    {
      name: 'does the same for the same seed',
      run: () => {
        const [first, second] = [new Storm(engine, 7), new Storm(engine, 7)];
        first.run();
        second.run();
        demand(
          first.trace.join() === second.trace.join(),
          'the same inputs give the same states, step by step',
        );
      },
    },
  ];
}

class Storm<Message extends EngineMessage> {
  readonly trace: string[] = [];
  readonly #cluster: EngineCluster<Message>;
  readonly #random: Random;
  readonly #ids: readonly NodeId[] = ['n1', 'n2', 'n3'];
  /** What had been applied anywhere when a read was asked for. */
  readonly #asked = new Map<string, LogIndex>();
  #highest: LogIndex = 0;
  #count = 0;

  constructor(engine: EngineUnderTest<Message>, seed: number) {
    this.#cluster = clusterOf(engine, { retainedEntries: 2 }, { seed });
    this.#cluster.autoSave = false;
    this.#random = new Random(`storm ${seed}`);
  }

  /** Runs it to its end, and tells how many entries came through. */
  run(): number {
    for (let step = 0; step < 1200; step++) {
      this.#act();
      this.#look();
      if (step % 50 === 0) this.#note();
    }
    return this.#comeTogether();
  }

  #act(): void {
    const cluster = this.#cluster;
    const id = this.#any();
    const dice = this.#random.integer(0, 1000);
    if (dice < 200) cluster.step(id, { type: 'tick' });
    else if (dice < 650) this.#deliver();
    else if (dice < 850) cluster.save(id, dice < 750);
    else if (dice < 920) this.#propose(id);
    else if (dice < 960) this.#read(id);
    else if (dice < 965 || (dice < 975 && cluster.down.has(id))) this.#crashOrRestart(id);
    else if (dice < 980) cluster.cut(id, this.#any());
    else if (dice < 990) cluster.heal();
    else cluster.snapshot(id);
  }

  #any(): NodeId {
    return this.#ids[this.#random.integer(0, this.#ids.length)] ?? 'n1';
  }

  /** One message from anywhere in the queue: lost, repeated or delivered. */
  #deliver(): void {
    const cluster = this.#cluster;
    if (cluster.network.length === 0) return;
    const [message] = cluster.network.splice(this.#random.integer(0, cluster.network.length), 1);
    if (message === undefined) return;
    const dice = this.#random.integer(0, 20);
    if (dice === 0) return cluster.lose(message);
    cluster.deliver(message);
    if (dice === 1) cluster.deliver(message);
  }

  #propose(id: NodeId): void {
    this.#count++;
    proposeAs(this.#cluster, id, this.#count, `${this.#count}`);
  }

  #read(id: NodeId): void {
    this.#count++;
    this.#asked.set(`${id} ${this.#count}`, this.#highest);
    this.#cluster.step(id, { type: 'read', context: this.#count, mode: 'index' });
  }

  #crashOrRestart(id: NodeId): void {
    if (this.#cluster.down.has(id)) this.#cluster.restart(id);
    else this.#cluster.crash(id);
  }

  #look(): void {
    for (const { id, machineIndex, reads } of this.#cluster.nodes.values()) {
      for (const [context, index] of reads) {
        const least = this.#asked.get(`${id} ${context}`) ?? 0;
        demand(
          index >= least,
          `a read at ${id} waits for ${least}, applied before it was asked, not for ${index}`,
        );
      }
      reads.clear();
      this.#highest = Math.max(this.#highest, machineIndex);
    }
  }

  #note(): void {
    for (const { engine } of this.#cluster.nodes.values()) this.trace.push(engine.fingerprint());
  }

  #comeTogether(): number {
    const cluster = this.#cluster;
    cluster.heal();
    cluster.autoSave = true;
    for (const id of this.#ids) {
      if (cluster.down.has(id)) cluster.restart(id);
      cluster.save(id);
      cluster.settleNode(id);
    }
    cluster.settle();
    const leader = awaitLeader(cluster);
    this.#propose(leader);
    cluster.tick(100);
    this.#look();
    const [first, ...others] = this.#ids.map((id) => cluster.node(id));
    for (const { id, machineIndex } of others)
      demand(
        machineIndex === first?.machineIndex,
        `when the storm is over, ${id} comes as far as the others`,
      );
    this.#note();
    return this.#highest;
  }
}
