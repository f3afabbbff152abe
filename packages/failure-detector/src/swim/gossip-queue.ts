/**
 * News to pass on, on the back of other messages: what went out least often first, and each piece of it a bounded number of
 * times (SWIM §4.1).
 */

import { updateBytesOf } from './codec.js';
import { type MemberUpdate, overrides } from './messages.js';

/** Updates with how often each has left. */
export class GossipQueue {
  /** By the times that they left; within one, oldest first. */
  readonly #byTimes: Map<string, MemberUpdate>[] = [];
  /** Keys of the updates of each member. */
  readonly #keys = new Map<string, string[]>();
  #length = 0;

  /** Updates in it. */
  get length(): number {
    return this.#length;
  }

  /**
   * Whether news of a member wait.
   *
   * @param id - Which member.
   */
  has(id: string): boolean {
    return this.#keys.has(id);
  }

  /**
   * Puts news in the place of older news of the same member. Suspicions of several accusers stand beside each other: each
   * counts as a confirmation elsewhere.
   *
   * @param update - The news.
   */
  put(update: MemberUpdate): void {
    const kept: string[] = [];
    const key = `${update.id} ${update.by}`;
    for (const other of this.#keys.get(update.id) ?? []) {
      const known = this.#find(other);
      const beside = known !== undefined && other !== key && !overrides(update, known);
      if (beside) kept.push(other);
      else this.#remove(other);
    }
    kept.push(key);
    this.#keys.set(update.id, kept);
    this.#level(0).set(key, update);
    this.#length++;
  }

  /**
   * Takes what goes on the next message.
   *
   * @param bytes - Most bytes that it may take.
   * @param limit - How often each update leaves at most.
   * @param except - A member whose news stand on the message already.
   */
  take(bytes: number, limit: number, except?: string): MemberUpdate[] {
    const taken: MemberUpdate[] = [];
    const sent: (readonly [key: string, update: MemberUpdate, times: number])[] = [];
    let left = bytes;
    for (const [times, level] of this.#byTimes.entries()) {
      for (const [key, update] of level) {
        if (left < 16) break;
        const size = updateBytesOf(update);
        if (size > left || update.id === except) continue;
        left -= size;
        taken.push(update);
        sent.push([key, update, times]);
      }
    }
    for (const [key, update, times] of sent) {
      this.#level(times).delete(key);
      if (times + 1 < limit) this.#level(times + 1).set(key, update);
      else this.#forget(key, update.id);
    }
    return taken;
  }

  #level(times: number): Map<string, MemberUpdate> {
    while (this.#byTimes.length <= times) this.#byTimes.push(new Map());
    return this.#byTimes[times] ?? new Map();
  }

  #find(key: string): MemberUpdate | undefined {
    for (const level of this.#byTimes) {
      const update = level.get(key);
      if (update !== undefined) return update;
    }
    return undefined;
  }

  #remove(key: string): void {
    for (const level of this.#byTimes) if (level.delete(key)) this.#length--;
  }

  #forget(key: string, id: string): void {
    this.#length--;
    const kept = (this.#keys.get(id) ?? []).filter((other) => other !== key);
    if (kept.length === 0) this.#keys.delete(id);
    else this.#keys.set(id, kept);
  }
}
