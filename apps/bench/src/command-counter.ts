/** A state machine that costs next to nothing: what is measured is everything around it. */
import type { StateMachine, StateMachineRestore } from '@synod/core';

/** Counts commands. */
export class CommandCounter implements StateMachine<number> {
  #commands = 0;

  apply(): number {
    return ++this.#commands;
  }

  snapshot(): Iterable<Uint8Array> {
    return [new Uint8Array(new Float64Array([this.#commands]).buffer)];
  }

  restore(): StateMachineRestore {
    const bytes: number[] = [];
    return {
      write: (chunk) => {
        bytes.push(...chunk);
      },
      finish: () => {
        this.#commands = new Float64Array(new Uint8Array(bytes).buffer)[0] ?? 0;
      },
    };
  }
}
