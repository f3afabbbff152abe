/** What goes into a node of registers and what comes out of it. */
import type { Effect, Term } from '@synod/core';
import type { RegisterChange } from './changes.js';
import type { RegisterMessage } from './messages.js';

/** Number by which a caller knows its own change again, unique while it is pending. */
export type ChangeId = number;

/** Everything that can happen to a node. */
export type RegisterInput =
  /** Change a register, or read it. Changes of one key that wait together are carried out in one round. */
  | {
      readonly type: 'change';
      readonly id: ChangeId;
      readonly key: string;
      readonly change: RegisterChange;
    }
  /** A message arrived. Its sender was authenticated as `message.from`, and it is for this node. */
  | { readonly type: 'receive'; readonly message: RegisterMessage }
  /** A {@link RegisterSave} is durable, and so are all before it. */
  | { readonly type: 'saved'; readonly sequence: number }
  /** One unit of logical time passed; the caller decides how long it is. */
  | { readonly type: 'tick' };

/** The durable state of one register on one node. */
export interface RegisterRecord {
  /** The register. */
  readonly key: string;
  /** Its state, as bytes; takes the place of what was stored for the key. */
  readonly state: Uint8Array;
}

/** What must become durable, as one unit. */
export interface RegisterSave {
  /** 1, 2, 3 and so on in the life of one node. */
  readonly sequence: number;
  /** The greatest round of ballots that this node may use; takes the place of the one before. Often absent. */
  readonly roundsThrough: number | undefined;
  /** Registers that changed. */
  readonly records: readonly RegisterRecord[];
}

/** What a storage found when it was opened. */
export interface RecoveredRegisters {
  /** The last `roundsThrough` that was saved; 0 when none was. */
  readonly roundsThrough: number;
  /** The last state of every register that was saved. */
  readonly records: Iterable<RegisterRecord>;
}

/** How a change ends. */
export type RegisterAnswer =
  /** It took effect, once. */
  | {
      readonly type: 'changed';
      readonly id: ChangeId;
      /** The value that it found. */
      readonly before: Uint8Array | undefined;
      /** The value that it left. */
      readonly after: Uint8Array | undefined;
    }
  /** It did not, or nobody knows. */
  | {
      readonly type: 'refused';
      readonly id: ChangeId;
      /**
       * Why, for programs. `CHANGE_FAILED`: the function threw. `TOO_LARGE`: key or value. `OVERLOADED`: too many wait.
       * `OUTCOME_UNKNOWN`: another proposer came in between, and may or may not have built on it.
       */
      readonly code: 'CHANGE_FAILED' | 'TOO_LARGE' | 'OVERLOADED' | 'OUTCOME_UNKNOWN';
      /** Whether it may have taken effect. */
      readonly effect: Effect;
      /** Why, for people. */
      readonly reason: string;
    };

/** Everything to be done since effects were last taken, in the order of {@link SynodEffects}. */
export interface RegisterEffects {
  /** What must become durable. */
  readonly save: RegisterSave | undefined;
  /** Messages that may leave while the disk works. */
  readonly sendNow: readonly RegisterMessage[];
  /** Messages that rely on the disk: once `save` and all earlier saves are durable. */
  readonly sendAfterSave: readonly RegisterMessage[];
  /** What has become of the changes that were asked for here. */
  readonly answers: readonly RegisterAnswer[];
}

/** What a node knows of one register. */
export interface RegisterStatus {
  /** Highest ballot that its acceptor promised; 0 for none. */
  readonly promised: Term;
  /** Whether the next change from here needs no phase 1. */
  readonly hasPromise: boolean;
  /** Changes that wait or are under way. */
  readonly pending: number;
}
