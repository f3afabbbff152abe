/**
 * How a call on a replica can end other than well. The line that matters to callers runs between definite ends, after
 * which the command never takes effect, and unknown ones, after which it may have.
 */
import { type Effect, type LogIndex, type NodeId, SynodError } from '@synod/core';

/** Another node leads, or none does: try there, or again soon. Definite. */
export class NotLeaderError extends SynodError {
  /** Whom to try instead, if known. */
  readonly leader: NodeId | undefined;

  /**
   * @param reason - Why, for people.
   * @param leader - The node that leads, if known.
   */
  constructor(reason: string, leader: NodeId | undefined) {
    const code = leader === undefined ? 'NO_LEADER' : 'NOT_LEADER';
    const advice = leader === undefined ? 'try again soon' : `ask ${leader}, which leads`;
    super({ code, message: `${reason}: ${advice}`, retryable: true });
    this.leader = leader;
  }
}

/** Too much waits already: send less, or later. Definite. */
export class OverloadedError extends SynodError {
  /** @param reason - Which limit was reached. */
  constructor(reason: string) {
    super({ code: 'OVERLOADED', message: `${reason}: try again when some of it is done`, retryable: true });
  }
}

/** What was asked for is not possible yet: the message says what to wait for. Definite. */
export class NotReadyError extends SynodError {
  /** @param reason - What has to happen first. */
  constructor(reason: string) {
    super({ code: 'NOT_READY', message: reason, retryable: true });
  }
}

/** The condition of the call does not hold: the message says what does. Definite; decide anew. */
export class ConflictError extends SynodError {
  /** @param reason - What was found in place of what the call expected. */
  constructor(reason: string) {
    super({ code: 'CONFLICT', message: reason });
  }
}

/** A command is larger than one entry may be. Definite. */
export class CommandTooLargeError extends SynodError {
  /** @param reason - The size and the limit. */
  constructor(reason: string) {
    super({ code: 'TOO_LARGE', message: reason });
  }
}

/** Another entry was committed in the place of this command: it never takes effect and may be proposed again. */
export class SupersededError extends SynodError {
  /** @param reason - What took its place. */
  constructor(reason: string) {
    super({ code: 'SUPERSEDED', message: `${reason}: propose it again`, retryable: true });
  }
}

/** The engine of this group cannot do what was asked. Definite. */
export class UnsupportedError extends SynodError {
  /** @param reason - What it cannot do. */
  constructor(reason: string) {
    super({ code: 'UNSUPPORTED', message: reason });
  }
}

/**
 * Nobody here knows, or will learn, whether the command takes effect. Propose it again only if the state machine tells
 * repeats apart, by a client session or by a condition in the command.
 */
export class OutcomeUnknownError extends SynodError {
  /**
   * @param reason - How its fate was lost.
   * @param cause - What led to it.
   */
  constructor(reason: string, cause?: unknown) {
    super({
      code: 'OUTCOME_UNKNOWN',
      message: `${reason}: the command may or may not take effect`,
      effect: 'unknown',
      cause,
    });
  }
}

/** A call ran out of its time before anything came of it. Definite. */
export class TimedOutError extends SynodError {
  /** @param what - What was not done in time, and the time it had. */
  constructor(what: string) {
    super({ code: 'TIMED_OUT', message: `${what}: try again, or allow more time`, retryable: true });
  }
}

/** The caller's signal was aborted before anything came of the call. Definite. */
export class AbortedError extends SynodError {
  /**
   * @param what - What was aborted.
   * @param cause - The signal's reason.
   */
  constructor(what: string, cause: unknown) {
    super({ code: 'ABORTED', message: `${what} was aborted by its caller`, cause });
  }
}

/** The replica or its host is closed, or closes. Definite. */
export class ClosedError extends SynodError {
  /** @param what - What is closed. */
  constructor(what: string) {
    super({ code: 'CLOSED', message: `${what} is closed: open it anew` });
  }
}

/** This node does not take part yet: too few peers have put its incarnation on record. Definite. */
export class NotAdmittedError extends SynodError {
  /** @param reason - How many it heard from and how many it needs. */
  constructor(reason: string) {
    super({ code: 'NOT_ADMITTED', message: reason, retryable: true });
  }
}

/**
 * A peer knows this node under another incarnation: its disk was replaced or wiped, and with it the votes it gave are
 * forgotten. It must not take part: a forgotten vote can be given twice.
 */
export class IncarnationLostError extends SynodError {
  /** The peer that remembers another incarnation. */
  readonly peer: NodeId;
  /** What the peer said. */
  readonly reason: string;

  /**
   * @param id - This node.
   * @param peer - The peer that refused it.
   * @param reason - What the peer said.
   */
  constructor(id: NodeId, peer: NodeId, reason: string) {
    super({
      code: 'INCARNATION_LOST',
      message:
        `${peer} knows ${id} under another incarnation: the disk of ${id} was replaced or wiped, so it forgot its ` +
        'votes and must not vote again. Put its own directory back (never an older copy, which forgot votes too), or remove it from the cluster and ' +
        'add it again under a new id',
    });
    this.peer = peer;
    this.reason = reason;
  }
}

/** The replica met an error after which going on would be unsafe, and stopped. The cause says which. */
export class ReplicaFailedError extends SynodError {
  /** What failed. */
  readonly reason: string;

  /**
   * @param reason - What failed.
   * @param effect - Whether the call that this error ends may have taken effect.
   * @param cause - The error that stopped it.
   */
  constructor(reason: string, effect: Effect, cause: unknown) {
    super({ code: 'REPLICA_FAILED', message: `the replica stopped: ${reason}`, effect, cause });
    this.reason = reason;
  }
}

/** Steps of a gradual change of members, in their order. */
export type ChangeStep =
  /** The new nodes become learners. */
  | 'addLearners'
  /** The learners fetch the log. */
  | 'catchUp'
  /** The members become those of the target. */
  | 'changeVoters';

const stepWords: Readonly<Record<ChangeStep, string>> = {
  addLearners: 'while it added learners',
  catchUp: 'while it waited for learners to catch up',
  changeVoters: 'while it changed the voters',
};

/**
 * A gradual change of members stopped before its end. With `effect` `unknown` the step at which it stopped may still be
 * taken; with `none` the members are as the steps before it left them. Call again with the same target to go on.
 */
export class GradualChangeError extends SynodError {
  /** The step at which it stopped. */
  readonly step: ChangeStep;
  /** Nodes that it has added: they are learners now, and stay so until somebody changes that. */
  readonly added: readonly NodeId[];
  /** Index of the entry of the members that stood before the step, as far as known. */
  readonly membershipIndex: LogIndex | undefined;

  /**
   * @param step - Where it stopped.
   * @param added - Learners that stand.
   * @param membershipIndex - Where the members stand.
   * @param cause - Why it stopped.
   */
  constructor(
    step: ChangeStep,
    added: readonly NodeId[],
    membershipIndex: LogIndex | undefined,
    cause: SynodError,
  ) {
    const standing = added.length === 0 ? 'no node was added' : `learners now: ${added.join(', ')}`;
    super({
      code: 'CHANGE_INCOMPLETE',
      message: `the change of members stopped ${stepWords[step]}: ${cause.message} (${standing})`,
      effect: cause.effect,
      retryable: cause.retryable,
      cause,
    });
    this.step = step;
    this.added = added;
    this.membershipIndex = membershipIndex;
  }
}
