/** How a run ends when a rule does not hold. */
import { isSynodError, SynodError } from '@synod/core';

/** Name of a rule that the simulator checks. */
export type InvariantName =
  /** At most one leader a term (Raft, figure 3). */
  | 'election safety'
  /** Entries with one index and term are one, and so is all before them (figure 3). */
  | 'log matching'
  /** A leader's log holds everything committed before (figure 3). */
  | 'leader completeness'
  /** One entry an index, for all nodes and for all time (figure 3). */
  | 'state machine safety'
  /** Equal prefixes give equal states: the state machine is deterministic. */
  | 'equal states'
  /** Entries are applied in order, each once. */
  | 'apply order'
  /** Terms and commit indexes never fall. */
  | 'monotone'
  /** One vote a node and term, crashes and restarts included. */
  | 'one vote'
  /** A ballot belongs to one proposer (Paxos Made Simple §2.2). */
  | 'one proposer'
  /** Whoever leads a ballot was promised it by a quorum, and so was every ballot in which a value is chosen (P1a). */
  | 'promised by a quorum'
  /** No vote below a promised ballot, crashes and restarts included (Paxos Made Simple §2.2, P1a). */
  | 'promise kept'
  /** All votes in one slot and ballot are for one value (Paxos Made Simple §2.2). */
  | 'one value a ballot'
  /** What is applied, a quorum of the members that govern its slot voted for in one ballot (Paxos Made Simple §2.3). */
  | 'voted by a quorum'
  /** Once a value is chosen in a slot, no vote of a later ballot is for another (Paxos Made Simple §2.2, P2b). */
  | 'one value chosen'
  /** Nothing is promised to others that the disk does not hold. */
  | 'durable before promised'
  /** What is committed is on the disks of a quorum of the members that govern. */
  | 'committed is durable'
  /**
   * Members change one change at a time, by the rules of joint consensus, every node goes by the latest in its log, and
   * snapshots carry those that govern (§6).
   */
  | 'membership'
  /** A storage finds at a start all that it confirmed, then at most a beginning of what was under way. */
  | 'confirmed is recovered'
  /** A storage confirms in order, fails only when its disk does, and refuses only damage, with the error for it. */
  | 'storage contract'
  /** While a node holds a lease, no other is elected, and none leads a later term. */
  | 'one lease'
  /** A read sees everything that was answered before it began. */
  | 'read freshness'
  /** A proposal is answered with the effect of its own command. */
  | 'own answer'
  /** A damaged frame is never delivered. */
  | 'sealed frames'
  /** The engine's own invariants, and its promise never to throw. */
  | 'engine'
  /** The user's own check of the state machine. */
  | 'user check'
  /** The history of all clients has an explanation. */
  | 'history'
  /** When faults end, a leader is found, clients are answered, states converge and no members stay joint. */
  | 'liveness';

/** A rule was broken. */
export class SimulationViolation extends SynodError {
  /** Which rule. */
  readonly invariant: InvariantName;

  /**
   * @param invariant - Which rule.
   * @param message - What was seen, with the nodes, terms and indexes concerned.
   */
  constructor(invariant: InvariantName, message: string) {
    super({ code: 'SIMULATION_VIOLATION', message: `${invariant}: ${message}` });
    this.invariant = invariant;
  }
}

/** Ends the run unless a rule holds. The message is made only when it is needed. */
export function demand(holds: boolean, name: InvariantName, message: () => string): asserts holds {
  if (!holds) throw new SimulationViolation(name, message());
}

/** Runs code of the engine under test; whatever it throws breaks its promise. */
export function guardEngine<Value>(node: string, run: () => Value): Value {
  try {
    return run();
  } catch (error) {
    throw engineFailure(node, error);
  }
}

/** What the run ends with when code of the engine under test throws: for places where {@link guardEngine} would cost a closure. */
export function engineFailure(node: string, error: unknown): SimulationViolation {
  if (error instanceof SimulationViolation) return error;
  const what = error instanceof Error ? error.message : String(error);
  return new SimulationViolation('engine', `${node}: ${isSynodError(error) ? what : `it threw ${what}`}`);
}
