/**
 * The phi-accrual failure detector (Hayashibara, Défago, Yared and Katayama, SRDS 2004): not whether a peer failed, but how
 * sure one may be of it, from the rhythm of its own heartbeats. A verdict is phi held against a threshold, with what practice
 * taught beside it: pauses of the observer are no silence of the peer, an outage is no part of the rhythm, and who was
 * suspected must stay up for a while.
 */
import { InvalidArgumentError } from '@synod/core';
import { SteadyClock } from '../steady-clock.js';
import type { PhiEvent, PhiPeerStatus } from './phi-events.js';
import { type PhiOptions, type PhiSettings, parseNumber, parsePhiOptions } from './phi-options.js';
import { WatchedPeer } from './watched-peer.js';

/**
 * Watches peers by their heartbeats, or by anything else that shows that they live, such as answers to polls.
 *
 * @remarks
 * It has no clock: every call says what time it is, in milliseconds by any clock that mostly goes forwards. One that is set
 * back does no harm. The same calls give the same verdicts on every engine.
 *
 * @example
 * ```ts
 * const detector = new PhiAccrualDetector({ firstEstimateMs: 100 });
 * for (let now = 0; now <= 3000; now += 100) detector.heartbeat('n1', now);
 * detector.phi('n1', 3100); // near 0
 * detector.verdicts(4000); // [{ type: 'suspected', peer: 'n1', reason: 'nothing heard for 1000 ms, ...' }]
 * ```
 */
export class PhiAccrualDetector {
  readonly #settings: PhiSettings;
  readonly #clock = new SteadyClock();
  readonly #peers = new Map<string, WatchedPeer>();
  #lastVerdictsAtMs: number | undefined;

  /**
   * @param options - Threshold, window and the rest.
   * @throws InvalidArgumentError when one is out of its range.
   */
  constructor(options: PhiOptions = {}) {
    this.#settings = parsePhiOptions(options);
  }

  /**
   * Begins to watch a peer that has yet to be heard: if its first heartbeat does not come, it is suspected. Of a peer that is
   * watched already, nothing changes.
   *
   * @param peer - Its name; not empty.
   * @param now - The time in milliseconds.
   * @returns `false` when `peersMax` peers are watched already.
   * @throws InvalidArgumentError when the name is empty or the time is no number.
   */
  watch(peer: string, now: number): boolean {
    return this.#peer(peer, this.#clock.at(now)) !== undefined;
  }

  /**
   * A peer was heard. One that was not watched is watched from now on.
   *
   * @param peer - Its name; not empty.
   * @param now - The time in milliseconds at which it came.
   * @returns `false` when `peersMax` other peers are watched already.
   * @throws InvalidArgumentError when the name is empty or the time is no number.
   */
  heartbeat(peer: string, now: number): boolean {
    const nowMs = this.#clock.at(now);
    const watched = this.#peer(peer, nowMs);
    watched?.heartbeat(nowMs);
    return watched !== undefined;
  }

  /**
   * Ends the watch over a peer.
   *
   * @param peer - Its name.
   * @returns Whether it was watched.
   */
  forget(peer: string): boolean {
    return this.#peers.delete(peer);
  }

  /**
   * This process stood still: its event loop was blocked, or the machine slept. What was not heard meanwhile is no silence of
   * the peers, and every verdict waits as much longer.
   *
   * @param now - The time in milliseconds at which it went on.
   * @param pausedMs - For how long it stood still, from 0.
   * @throws InvalidArgumentError when one is no such number.
   */
  localPause(now: number, pausedMs: number): void {
    this.#excuse(this.#clock.at(now), parseNumber(pausedMs, 'pausedMs', 0));
  }

  /**
   * The suspicion level of a peer: -log10 of the chance that it is alive all the same. 0 for one that is not watched.
   *
   * @param peer - Its name.
   * @param now - The time in milliseconds.
   * @returns From 0, finite.
   */
  phi(peer: string, now: number): number {
    const nowMs = this.#clock.at(now);
    return this.#peers.get(peer)?.phi(nowMs) ?? 0;
  }

  /**
   * Judges every peer, and says which verdicts changed since the last call. Call it regularly, a few times in the interval
   * of heartbeats.
   *
   * @param now - The time in milliseconds.
   * @returns In the order in which the peers came under watch.
   */
  verdicts(now: number): readonly PhiEvent[] {
    const nowMs = this.#clock.at(now);
    const sinceLast = nowMs - (this.#lastVerdictsAtMs ?? nowMs);
    if (sinceLast > this.#settings.verdictsEveryMs)
      this.#excuse(nowMs, sinceLast - this.#settings.verdictsEveryMs);
    this.#lastVerdictsAtMs = nowMs;
    const events: PhiEvent[] = [];
    for (const peer of this.#peers.values()) {
      const event = peer.verdict(nowMs);
      if (event !== undefined) events.push(event);
    }
    return events;
  }

  /**
   * What is known of each peer.
   *
   * @param now - The time in milliseconds.
   */
  status(now: number): readonly PhiPeerStatus[] {
    const nowMs = this.#clock.at(now);
    return Array.from(this.#peers.values(), (peer) => peer.status(nowMs));
  }

  #peer(name: string, nowMs: number): WatchedPeer | undefined {
    const known = this.#peers.get(name);
    if (known !== undefined) return known;
    if (typeof name !== 'string' || name === '')
      throw new InvalidArgumentError(`peer is ${JSON.stringify(name)}: it must be a name that is not empty`);
    if (this.#peers.size >= this.#settings.peersMax) return undefined;
    const watched = new WatchedPeer(name, this.#settings, nowMs);
    this.#peers.set(name, watched);
    return watched;
  }

  #excuse(nowMs: number, pausedMs: number): void {
    for (const peer of this.#peers.values()) peer.excuse(pausedMs, nowMs);
  }
}
