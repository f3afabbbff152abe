/** Registers: one value that is read, written, and, in the second model, exchanged. */
import type { Behaviour, Model, Step } from '../model.js';

/** A value of a register. `null` is often the value before the first write. */
export type RegisterValue = string | number | boolean | null;

/** Asks for the value of a register. */
export interface RegisterRead {
  /** Tells the operations apart. */
  readonly type: 'read';
}

/** Sets a register. */
export interface RegisterWrite {
  /** Tells the operations apart. */
  readonly type: 'write';
  /** What it is set to. */
  readonly value: RegisterValue;
}

/** Sets a register if it has a certain value. */
export interface RegisterCompareAndSet {
  /** Tells the operations apart. */
  readonly type: 'compareAndSet';
  /** The value that it must have. */
  readonly from: RegisterValue;
  /** What it is set to then. */
  readonly to: RegisterValue;
}

/** What is asked of a register. */
export type RegisterInput = RegisterRead | RegisterWrite;

/** What is asked of a register that also compares and sets. */
export type CompareAndSetRegisterInput = RegisterInput | RegisterCompareAndSet;

/**
 * A model of a register. A read answers the value; a write has nothing to answer.
 *
 * @param initial - Its value before the first write. Default `null`.
 * @returns The model, for {@link checkHistory}.
 */
export function register(initial: RegisterValue = null): Model<RegisterValue, RegisterInput, RegisterValue> {
  return compareAndSetRegister(initial);
}

/**
 * A model of a register with compare-and-set, as Jepsen tests etcd with. A read answers the value. A compare-and-set
 * answers `true` if it found `from` and set `to`; `false` if it found anything else and set nothing. A write has nothing
 * to answer.
 *
 * @param initial - Its value before the first write. Default `null`.
 * @returns The model, for {@link checkHistory}.
 */
export function compareAndSetRegister(
  initial: RegisterValue = null,
): Model<RegisterValue, CompareAndSetRegisterInput, RegisterValue> {
  return {
    init: () => initial,
    step,
    behaviour,
    mayFitLater: (value, input, output, before) => {
      const wanted = foundBy(input, output);
      return wanted === undefined || wanted === value || before.some((other) => mayLeave(other, wanted));
    },
    describeOperation: describe,
    describeState: text,
  };
}

function step(
  value: RegisterValue,
  input: CompareAndSetRegisterInput,
  output: RegisterValue | undefined,
): Step<RegisterValue> {
  switch (input.type) {
    case 'read':
      return output === undefined || output === value ? { ok: true, state: value } : { ok: false };
    case 'write':
      return { ok: true, state: input.value };
    case 'compareAndSet': {
      const found = value === input.from;
      if (output !== undefined && output !== found) return { ok: false };
      return { ok: true, state: found ? input.to : value };
    }
  }
}

function behaviour(input: CompareAndSetRegisterInput, output: RegisterValue | undefined): Behaviour {
  switch (input.type) {
    case 'read':
      return 'reads';
    case 'write':
      return 'overwrites';
    case 'compareAndSet':
      if (output === false || input.from === input.to) return 'reads';
      return output === undefined ? 'changes' : 'depends';
  }
}

/** The value that an operation must have found; `undefined` if it may have found several. */
function foundBy(input: CompareAndSetRegisterInput, output: RegisterValue): RegisterValue | undefined {
  if (input.type === 'read') return output;
  return input.type === 'compareAndSet' && output === true ? input.from : undefined;
}

function mayLeave(input: CompareAndSetRegisterInput, value: RegisterValue): boolean {
  switch (input.type) {
    case 'read':
      return false;
    case 'write':
      return input.value === value;
    case 'compareAndSet':
      return input.to === value;
  }
}

function describe(input: CompareAndSetRegisterInput, output: RegisterValue | undefined): string {
  switch (input.type) {
    case 'read':
      return output === undefined ? 'read' : `read ${text(output)}`;
    case 'write':
      return `write ${text(input.value)}`;
    case 'compareAndSet': {
      const asked = `cas ${text(input.from)} to ${text(input.to)}`;
      return output === undefined ? asked : `${asked}: ${output === true ? 'done' : 'refused'}`;
    }
  }
}

function text(value: RegisterValue): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
