/** What goes into a Synod's node and what comes out of it. */
import type { SynodMessage } from './messages.js';

/** Everything that can happen to a node. */
export type SynodInput =
  /** This node wants a value to be chosen. While it already wants one, the first stands. */
  | { readonly type: 'propose'; readonly value: Uint8Array }
  /** This node wants to know what is chosen, and has no value of its own to offer. */
  | { readonly type: 'learn' }
  /** A message arrived. Its sender was authenticated as `message.from`, and it is for this node. */
  | { readonly type: 'receive'; readonly message: SynodMessage }
  /** A {@link SynodSave} is durable, and so are all before it. */
  | { readonly type: 'saved'; readonly sequence: number }
  /** One unit of logical time passed; the caller decides how long it is. */
  | { readonly type: 'tick' }
  /** Try a higher ballot now, without waiting; for operators and tests. Nothing when there is nothing to try. */
  | { readonly type: 'retry' };

/** What must become durable: it takes the place of the record before. */
export interface SynodSave {
  /** 1, 2, 3 and so on in the life of one node. */
  readonly sequence: number;
  /** The node's whole record. */
  readonly record: Uint8Array;
}

/** How a wish ends. */
export type SynodOutcome =
  /** A value is chosen: this one, now and for ever. Said once in the life of a node. */
  | { readonly type: 'decided'; readonly value: Uint8Array }
  /** Nothing was chosen at the moment when `learn` was asked. It may be at any time after. */
  | { readonly type: 'nothing' };

/**
 * Everything to be done since effects were last taken. The order is law: make `save` durable, and at the same time send
 * `sendNow`; when this save, and every one taken before, is durable, step `saved` and send `sendAfterSave`. Effects
 * without a save wait for the earlier ones all the same.
 */
export interface SynodEffects {
  /** What must become durable. */
  readonly save: SynodSave | undefined;
  /** Messages that may leave while the disk works. */
  readonly sendNow: readonly SynodMessage[];
  /** Promises, votes, and whatever else relies on the disk. */
  readonly sendAfterSave: readonly SynodMessage[];
  /** What has become of the wishes of this node. */
  readonly outcomes: readonly SynodOutcome[];
}

/** What a node knows of itself. */
export interface SynodStatus {
  /** What its proposer is doing. */
  readonly phase: 'idle' | 'prepare' | 'accept' | 'waiting';
  /** The ballot of its proposer; 0 before the first. */
  readonly ballot: number;
  /** Highest ballot that its acceptor promised; 0 for none. */
  readonly promised: number;
  /** What is chosen, as far as it knows. */
  readonly decided: Uint8Array | undefined;
}
