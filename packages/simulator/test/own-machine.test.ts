/** What a user does: a bank, once sound and once with a mistake that only a snapshot brings to light. */
import { ByteReader, ByteWriter, type StateMachine } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { runScript, simulate, type Workload } from '../src/index.js';
import { raft } from './raft-under-test.js';

type Transfer = readonly [from: number, to: number, amount: number];

class Bank implements StateMachine<boolean> {
  balances = [100, 100, 100];
  refusals = 0;

  apply(_index: number, command: Uint8Array): boolean {
    const [from = 0, to = 0, amount = 0] = command;
    if ((this.balances[from] ?? 0) < amount) {
      this.refusals++;
      return false;
    }
    this.balances[from] = (this.balances[from] ?? 0) - amount;
    this.balances[to] = (this.balances[to] ?? 0) + amount;
    return true;
  }

  snapshot(): Iterable<Uint8Array> {
    const writer = new ByteWriter();
    for (const balance of this.balances) writer.varint(balance);
    writer.varint(this.refusals);
    return [writer.take()];
  }

  restore() {
    const writer = new ByteWriter();
    return {
      write: (chunk: Uint8Array) => writer.raw(chunk),
      finish: () => this.read(new ByteReader(writer.take())),
    };
  }

  read(reader: ByteReader): void {
    this.balances = [reader.varint(), reader.varint(), reader.varint()];
    this.refusals = reader.varint();
  }
}

class ForgetfulBank extends Bank {
  override read(reader: ByteReader): void {
    super.read(reader);
    this.refusals = 0;
  }
}

class UnstableBank extends Bank {
  static made = 0;
  readonly #number = UnstableBank.made++;

  override apply(index: number, command: Uint8Array): boolean {
    if (index === 40) this.refusals += this.#number;
    return super.apply(index, command);
  }
}

function banking(createMachine: () => Bank): Workload<Bank, Transfer, boolean> {
  return {
    createMachine,
    next: ({ random }) => [random.integer(0, 3), random.integer(0, 3), random.integer(1, 50)],
    encode: (transfer) => Uint8Array.from(transfer),
    check: ({ balances }) => {
      const total = balances.reduce((sum, balance) => sum + balance, 0);
      return total === 300 ? undefined : `the bank holds ${total} instead of 300`;
    },
  };
}

describe("a user's state machine", () => {
  it('a sound bank passes the storm', () => {
    const report = simulate({ engine: raft, workload: banking(() => new Bank()), seeds: [1, 8], ticks: 400 });
    expect(report.explanation).toBe('');
  }, 60_000);

  it('a bank that leaves something out of its snapshot is found, shrunk and found again', () => {
    const workload = banking(() => new ForgetfulBank());
    const { failure, explanation } = simulate({ engine: raft, workload, seeds: [1, 50], ticks: 400 });
    expect(failure?.finding?.invariant).toBe('equal states');
    expect(failure?.script.steps.length).toBeLessThanOrEqual(3);
    expect(explanation).toContain('breaks a rule after');
    if (failure === undefined) return;
    expect(runScript(failure.script, { engine: raft, workload }).traceHash).toBe(failure.traceHash);
  }, 60_000);

  it('a bank that is not the same on every node is found', () => {
    const workload = banking(() => new UnstableBank());
    const { failure } = simulate({ engine: raft, workload, seeds: [1, 20], ticks: 400, shrinks: false });
    expect(failure?.finding?.invariant).toBe('equal states');
  }, 60_000);

  it("the user's own rule is checked after every command", () => {
    const workload = {
      ...banking(() => new Bank()),
      check: ({ refusals }: Bank) => (refusals > 3 ? 'too many refusals' : undefined),
    };
    const { failure } = simulate({ engine: raft, workload, seeds: [1, 20], ticks: 400 });
    expect(failure?.finding?.invariant).toBe('user check');
    expect(failure?.finding?.message).toContain('too many refusals');
  }, 60_000);
});
