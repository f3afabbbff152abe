/** Hands events on to whoever listens, and keeps their errors away from the replica. */
import type { Clock, Defer, EngineEvent, GroupId, NodeId } from '@synod/core';
import type { HostEventListener, RuntimeEvent } from './events.js';

/** The events of one host. */
export class EventStream {
  readonly #node: NodeId;
  readonly #clock: Clock;
  readonly #defer: Defer;
  readonly #listeners = new Set<HostEventListener>();

  constructor(node: NodeId, clock: Clock, defer: Defer) {
    this.#node = node;
    this.#clock = clock;
    this.#defer = defer;
  }

  /** Whether an event would be heard: hot paths make none otherwise. */
  get isHeard(): boolean {
    return this.#listeners.size > 0;
  }

  subscribe(listener: HostEventListener): () => void {
    // A function of its own, so that one listener can subscribe twice.
    const own: HostEventListener = (event) => listener(event);
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  emit(group: GroupId | undefined, event: EngineEvent | RuntimeEvent): void {
    if (this.#listeners.size === 0) return;
    const stamped = { atMs: this.#clock.now(), node: this.#node, group, event };
    for (const listener of this.#listeners) {
      try {
        listener(stamped);
      } catch (error) {
        this.#defer(() => {
          throw error;
        });
      }
    }
  }
}
