/** A state machine for tests: adds the numbers it is given and remembers how often. */
import { ByteReader, ByteWriter, type StateMachine, type StateMachineRestore } from '@synod/core';

/** What the counter stood at after a command. */
export interface Count {
  readonly total: number;
  readonly commands: number;
}

export class Counter implements StateMachine<Count> {
  total = 0;
  commands = 0;
  /** The number added last. */
  latest = 0;
  /** Bytes of padding in a snapshot, so that it has several pieces. */
  readonly padding: number;

  constructor(padding = 0) {
    this.padding = padding;
  }

  apply(_index: number, command: Uint8Array): Count {
    this.latest = command[0] ?? 0;
    this.total += this.latest;
    this.commands++;
    return { total: this.total, commands: this.commands };
  }

  snapshot(): Iterable<Uint8Array> {
    // Written now, not when the pieces are asked for: a snapshot describes the moment of the call.
    const writer = new ByteWriter();
    writer.varint(this.total);
    writer.varint(this.commands);
    return this.#pieces(writer.take());
  }

  restore(): StateMachineRestore {
    const writer = new ByteWriter();
    return {
      write: (chunk) => writer.raw(chunk),
      finish: () => {
        const reader = new ByteReader(writer.view());
        this.total = reader.varint();
        this.commands = reader.varint();
      },
    };
  }

  *#pieces(head: Uint8Array): Iterable<Uint8Array> {
    yield head;
    for (let left = this.padding; left > 0; left -= 10_000)
      yield new Uint8Array(Math.min(left, 10_000)).fill(7);
  }
}

/** The command that adds a number from 0 to 255. */
export function add(amount: number): Uint8Array {
  return new Uint8Array([amount]);
}
