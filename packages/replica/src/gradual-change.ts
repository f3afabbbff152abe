/**
 * A change of members in steps that never wait for a log that is empty: new nodes learn first, and vote once they have
 * caught up (dissertation §4.2.1). The wish lives in the call alone: whoever asks again, of the same leader or of the
 * next, goes on where the members stand.
 */
import {
  type Clock,
  checkMembership,
  isSynodError,
  type LogIndex,
  type Member,
  type Membership,
  type NodeId,
  parseInteger,
} from '@synod/core';
import { AbortedError, type ChangeStep, GradualChangeError, TimedOutError } from './errors.js';
import type { CallOptions, ChangeOptions, Replica } from './replica.js';
import { systemClock } from './system-clock.js';

/** How a gradual change is made, and how long it may take. */
export interface GradualChangeOptions extends CallOptions, Pick<ChangeOptions, 'ifMembershipIndex'> {
  /** Milliseconds for all steps together. Default 600 000: a learner may have to fetch a large snapshot first. */
  readonly timeoutMs?: number;
  /** Milliseconds between two looks whether the learners have caught up, 1 to 60 000. Default 50. */
  readonly retryMs?: number;
  /** Time. Default: the platform's. */
  readonly clock?: Clock;
}

/**
 * Changes who takes part without a gap in which commands wait for a new voter: adds the new nodes as learners, waits until
 * the engine finds them caught up (`promotionLagEntriesMax` of `@synod/raft`), and then makes the members those of the
 * target, by joint consensus where voters come or go. Nodes that are left out of the target go in the last step.
 *
 * @param replica - The replica of the node that leads.
 * @param target - Members as they shall be, as for `Replica.changeMembership`.
 * @param options - Time and signal. An aborted signal ends the wait; learners that were added stay.
 * @returns Index of the entry in which the members of the target stand; when they stand already, nothing is done.
 * @throws {@link GradualChangeError}, which says at which step it stopped, which learners stand, and in its `cause` why:
 * an error of `Replica.changeMembership`, {@link AbortedError} or {@link TimedOutError}. Call again, with the same
 * target, on the node that leads then: steps that are done are passed over.
 * @throws InvalidArgumentError for a target that can never be, before anything is done.
 *
 * @remarks Between the steps nobody else may change the members: if somebody does, it stops with `CONFLICT`, and the
 * members are as the other left them.
 *
 * @example n4 takes the place of n3.
 * ```ts
 * const { members } = replica.status().engine.membership;
 * const target = {
 *   members: [...members.filter(({ id }) => id !== 'n3'), { id: 'n4', ordinal: 4, role: 'voter' }],
 *   outgoingVoters: [],
 * };
 * await changeMembershipWhenCaughtUp(replica, target, { signal: AbortSignal.timeout(60_000) });
 * ```
 */
export async function changeMembershipWhenCaughtUp(
  replica: Replica<unknown>,
  target: Membership,
  options: GradualChangeOptions = {},
): Promise<LogIndex> {
  const change = new GradualChange(replica, checkMembership(target), options);
  try {
    return await change.make();
  } catch (error) {
    if (!isSynodError(error)) throw error;
    throw new GradualChangeError(change.stepOf(error.effect), change.added, change.membershipIndex, error);
  }
}

class GradualChange {
  /** Learners that this change added. */
  added: readonly NodeId[] = [];
  /** Index of the entry with the members that this change found, or made. */
  membershipIndex: LogIndex | undefined;
  readonly #replica: Replica<unknown>;
  readonly #target: Membership;
  readonly #signal: AbortSignal | undefined;
  readonly #clock: Clock;
  readonly #retryMs: number;
  readonly #timeoutMs: number;
  readonly #endMs: number;
  readonly #ifMembershipIndex: LogIndex | undefined;
  #hasAdded = false;
  /** Why the engine found it too early when it was last asked; empty when it was not asked or did not. */
  #tooEarly = '';

  constructor(replica: Replica<unknown>, target: Membership, options: GradualChangeOptions) {
    this.#replica = replica;
    this.#target = target;
    this.#signal = options.signal;
    this.#clock = options.clock ?? systemClock;
    this.#retryMs = parseInteger(options.retryMs ?? 50, 'retryMs', 1, 60_000);
    this.#timeoutMs = options.timeoutMs ?? 600_000;
    this.#endMs = this.#clock.now() + this.#timeoutMs;
    this.#ifMembershipIndex = options.ifMembershipIndex;
  }

  async make(): Promise<LogIndex> {
    await this.#whenReady(() => this.#addLearners());
    this.#hasAdded = true;
    this.#tooEarly = '';
    await this.#whenReady(() => this.#reachTarget());
    return this.membershipIndex ?? 0;
  }

  /** Where it stopped. */
  stepOf(effect: 'none' | 'unknown'): ChangeStep {
    if (!this.#hasAdded) return 'addLearners';
    return this.#tooEarly !== '' && effect === 'none' ? 'catchUp' : 'changeVoters';
  }

  async #addLearners(): Promise<void> {
    const { membership, membershipIndex } = this.#replica.status().engine;
    const found = this.#ifMembershipIndex ?? membershipIndex;
    this.membershipIndex = found;
    const newcomers = this.#target.members.filter(({ id }) => memberOf(membership, id) === undefined);
    if (newcomers.length === 0) return;
    const learners = newcomers.map((member): Member => ({ ...member, role: 'learner' }));
    const members = [...membership.members, ...learners].sort((left, right) => left.ordinal - right.ordinal);
    await this.#change({ members, outgoingVoters: [] });
    this.added = learners.map(({ id }) => id);
  }

  async #reachTarget(): Promise<void> {
    const { membership, commitIndex, membershipIndex = 0 } = this.#replica.status().engine;
    // Only a leader knows that nothing came after; another node is told so by the refusal.
    const isKnown = this.#replica.isLeader && membershipIndex <= commitIndex;
    if (isKnown && membershipIndex === this.membershipIndex && isAs(membership, this.#target)) return;
    await this.#change(this.#target);
  }

  async #change(target: Membership): Promise<void> {
    const expected = this.membershipIndex;
    const { index } = await this.#replica.changeMembership(target, {
      timeoutMs: this.#leftMs(),
      ...(this.#signal === undefined ? {} : { signal: this.#signal }),
      ...(expected === undefined ? {} : { ifMembershipIndex: expected }),
    });
    this.membershipIndex = index;
  }

  /** Tries until the engine does not say any more that it is too early. */
  async #whenReady(attempt: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        if (!isSynodError(error) || error.code !== 'NOT_READY') throw error;
        this.#tooEarly = error.message;
        await this.#pause(Math.min(this.#retryMs, this.#leftMs()));
      }
    }
  }

  #leftMs(): number {
    const leftMs = this.#endMs - this.#clock.now();
    if (leftMs > 0) return leftMs;
    const reason = this.#tooEarly === '' ? '' : ` (${this.#tooEarly})`;
    throw new TimedOutError(`the members did not change in ${this.#timeoutMs} ms${reason}`);
  }

  #pause(delayMs: number): Promise<void> {
    const signal = this.#signal;
    return new Promise((resolve, reject) => {
      const aborted = () => {
        cancel();
        reject(new AbortedError('the change of members', signal?.reason));
      };
      const cancel = this.#clock.after(delayMs, () => {
        signal?.removeEventListener('abort', aborted);
        resolve();
      });
      if (signal?.aborted === true) return aborted();
      signal?.addEventListener('abort', aborted, { once: true });
    });
  }
}

function memberOf(membership: Membership, id: NodeId): Member | undefined {
  return membership.members.find((member) => member.id === id);
}

function isAs(present: Membership, target: Membership): boolean {
  return (
    present.outgoingVoters.length === 0 &&
    present.members.length === target.members.length &&
    target.members.every(({ id, ordinal, role }) => {
      const member = memberOf(present, id);
      return member?.ordinal === ordinal && member.role === role;
    })
  );
}
