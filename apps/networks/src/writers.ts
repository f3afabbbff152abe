/**
 * Clients that write without a pause, each to a key of its own and one number above the other, to whichever node answers:
 * as the clients of the simulator do.
 */
import { type NodeProcesses, sleep } from './node-processes.js';

/** A write that was acknowledged. Times are those of `performance.now()`. */
export interface Acknowledged {
  /** Who wrote. */
  readonly writer: number;
  /** What it wrote. */
  readonly value: number;
  /** When it was asked for. */
  readonly askedAt: number;
  /** When the answer came. */
  readonly answeredAt: number;
  /** The revision that it made. */
  readonly revision: number;
}

const writers = 10;
const thinkMs = 50;
const patienceMs = 100;

/** Writes until it is told to stop. */
export class Writers {
  /** All that was acknowledged, in the order of the answers. */
  readonly acknowledged: Acknowledged[] = [];
  readonly #nodes: NodeProcesses;
  readonly #asked: number[] = new Array(writers).fill(0);
  #isStopped = false;
  #running: Promise<unknown> = Promise.resolve();

  constructor(nodes: NodeProcesses) {
    this.#nodes = nodes;
  }

  /** Begins, or goes on, to write. */
  start(): void {
    this.#isStopped = false;
    this.#running = Promise.all(this.#asked.map((_, writer) => this.#write(writer)));
  }

  /** Stops writing, once the last answers are there. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  /**
   * What is wrong with what was acknowledged, beside what the nodes hold now: a write that is lost, or two that made the
   * same revision, or one that made an earlier revision than the one before.
   */
  async faults(): Promise<readonly string[]> {
    const found: string[] = [];
    const revisions = new Map<number, Acknowledged>();
    const last = new Map<number, Acknowledged>();
    for (const write of this.acknowledged) {
      const other = revisions.get(write.revision);
      if (other !== undefined) found.push(`${tell(write)} and ${tell(other)} made the same revision`);
      revisions.set(write.revision, write);
      const before = last.get(write.writer);
      if (before !== undefined && before.revision >= write.revision)
        found.push(`${tell(write)} made an earlier revision than ${tell(before)}`);
      last.set(write.writer, write);
    }
    for (const [writer, write] of last) {
      const value = await this.#read(writer);
      if (value < write.value || value > (this.#asked[writer] ?? 0))
        found.push(`${tell(write)} was acknowledged, but ${value} stands there`);
    }
    return found;
  }

  async #write(writer: number): Promise<void> {
    const { ids, http } = this.#nodes;
    const any = () => ids[Math.floor(Math.random() * ids.length)] ?? '';
    let node = any();
    while (!this.#isStopped) {
      const value = (this.#asked[writer] ?? 0) + 1;
      this.#asked[writer] = value;
      const askedAt = performance.now();
      const { status, body } = await http.send(
        'PUT',
        `${this.#nodes.url(node)}/v1/kv/writer-${writer}`,
        String(value),
        patienceMs,
      );
      if (status === 200) {
        const { revision }: { readonly revision: number } = JSON.parse(body);
        this.acknowledged.push({ writer, value, askedAt, answeredAt: performance.now(), revision });
      } else node = any();
      await sleep(thinkMs);
    }
  }

  async #read(writer: number): Promise<number> {
    const node = await this.#nodes.settled();
    const { status, body } = await this.#nodes.http.send(
      'GET',
      `${this.#nodes.url(node)}/v1/kv/writer-${writer}`,
      undefined,
      10_000,
    );
    if (status !== 200) throw new Error(`reading what writer ${writer} wrote gave ${status}: ${body}`);
    const { value }: { readonly value: string } = JSON.parse(body);
    return Number(value);
  }
}

function tell({ writer, value, revision }: Acknowledged): string {
  return `${value} of writer ${writer} (revision ${revision})`;
}
