/**
 * Errors of the whole house: every error says what was wrong, what would be right, and whether the operation may
 * have taken effect. The last point is what makes a client correct: a definite failure may be retried freely, an
 * unknown one only with the same session and sequence number.
 */

/**
 * Whether a failed operation may still have taken effect.
 *
 * - `none`: definite. It did not happen and never will.
 * - `unknown`: it may have happened, or may still happen later.
 */
export type Effect = 'none' | 'unknown';

/** What every {@link SynodError} is made from. */
export interface SynodErrorInit {
  /** Stable machine-readable code in upper snake case, such as `NOT_LEADER`. */
  readonly code: string;
  /** One sentence that names what was wrong and what would be right. */
  readonly message: string;
  /** Whether the operation may have taken effect. Default `none`. */
  readonly effect?: Effect;
  /** Whether trying again later can succeed without a change by the caller. Default `false`. */
  readonly retryable?: boolean;
  /** The error that led to this one. */
  readonly cause?: unknown;
}

const brand: unique symbol = Symbol.for('synod.error');

/**
 * Base of every error that a Synod package throws or rejects with.
 *
 * @remarks Recognise one with {@link isSynodError}: it works even when two copies of this package are installed.
 */
export class SynodError extends Error {
  /** Stable machine-readable code, such as `NOT_LEADER`. */
  readonly code: string;
  /** Whether the operation may have taken effect. */
  readonly effect: Effect;
  /** Whether trying again later can succeed without a change by the caller. */
  readonly retryable: boolean;

  /** @param init - Code, message and the rest. */
  constructor(init: SynodErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    this.name = new.target.name;
    this.code = init.code;
    this.effect = init.effect ?? 'none';
    this.retryable = init.retryable ?? false;
    Object.defineProperty(this, brand, { value: true });
  }
}

/**
 * Tells whether a caught value is a {@link SynodError}, of this or another installed copy of the package.
 *
 * @param value - Anything that was caught.
 * @returns `true` when `code`, `effect` and `retryable` can be read from it.
 */
export function isSynodError(value: unknown): value is SynodError {
  return typeof value === 'object' && value !== null && brand in value;
}

/** A caller's argument or option is out of its range. Thrown before anything was done. */
export class InvalidArgumentError extends SynodError {
  /** @param message - Names the argument, the value it had and the values it may have. */
  constructor(message: string) {
    super({ code: 'INVALID_ARGUMENT', message });
  }
}

/** Bytes from outside (a peer, a client, a file) do not decode. Nothing was changed by them. */
export class DecodeError extends SynodError {
  /** @param message - Names what was expected and what was found. */
  constructor(message: string) {
    super({ code: 'DECODE_FAILED', message });
  }
}

/**
 * The disk of this node has no room for more. Definite: nothing of what was asked for is stored, and nothing that was
 * acknowledged is touched. Code `STORAGE_FULL`; worth trying again when there is room, or at another node at once.
 */
export class StorageFullError extends SynodError {
  /**
   * @param what - What found no room.
   * @param cause - The platform's error.
   */
  constructor(what: string, cause?: unknown) {
    super({
      code: 'STORAGE_FULL',
      message: `${what} finds no room on the disk: free some space or enlarge it, and the node goes on by itself`,
      retryable: true,
      cause,
    });
  }
}

/** A rule that the code itself must keep was broken: a bug. The node stops rather than go on with a wrong state. */
export class InvariantViolation extends SynodError {
  /** @param message - The rule that was broken. */
  constructor(message: string) {
    super({ code: 'INVARIANT_VIOLATION', message: `invariant broken: ${message}`, effect: 'unknown' });
  }
}

/**
 * States a rule that must hold, and stops with {@link InvariantViolation} when it does not. Stays on in production.
 *
 * @param condition - The rule.
 * @param message - The rule in words, as a claim that was found false.
 * @throws {@link InvariantViolation} when `condition` is false.
 */
export function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantViolation(message);
}

/**
 * Marks a branch that the compiler proves impossible, for exhaustive switches over unions.
 *
 * @param value - The value no case was written for.
 * @throws {@link InvariantViolation} always.
 */
export function unreachable(value: never): never {
  throw new InvariantViolation(`no case for ${JSON.stringify(value)}`);
}
