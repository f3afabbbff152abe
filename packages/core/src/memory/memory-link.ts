/** The connection between one pair of memory transports: hello in both directions, then payloads in order. */
import type { Defer } from '../clock.js';
import type { GroupId, NodeId } from '../ids.js';
import type { HelloRefusal, Lane } from '../transport.js';
import type { MemoryTransport, StartedTransport } from './memory-transport.js';

/** A payload on its way. */
export interface MemoryPayload {
  readonly group: GroupId;
  readonly bytes: Uint8Array;
}

interface Queued {
  readonly payload: MemoryPayload;
  readonly settle: (delivered: boolean) => void;
}

/** What waits to be handed to one end. */
class Inbox {
  readonly protocol: Queued[] = [];
  readonly snapshot: Queued[] = [];
  readonly bytes = { protocol: 0, snapshot: 0 };
  isPlanned = false;

  takeAll(): Queued[] {
    this.bytes.protocol = 0;
    this.bytes.snapshot = 0;
    return [...this.protocol.splice(0), ...this.snapshot.splice(0)];
  }
}

/** One pair of transports of one life each. */
export class MemoryLink {
  readonly left: MemoryTransport;
  readonly right: MemoryTransport;
  readonly #defer: Defer;
  readonly #toLeft = new Inbox();
  readonly #toRight = new Inbox();
  #state: 'down' | 'opening' | 'up' = 'down';
  /** Number of the present attempt: what belongs to an earlier one finds that it is late. */
  #attempt = 0;
  /** Settles when no handler is asked to admit any more: admissions of one peer must not overlap. */
  #admissions: Promise<unknown> = Promise.resolve();

  constructor(left: MemoryTransport, right: MemoryTransport, defer: Defer) {
    this.left = left;
    this.right = right;
    this.#defer = defer;
  }

  /** Whether both sides accepted each other and nothing cut them since. */
  get isUp(): boolean {
    return this.#state === 'up';
  }

  /** Says hello in both directions, unless the link is up or on its way. */
  connect(): void {
    if (this.#state !== 'down' || this.left.open === undefined || this.right.open === undefined) return;
    this.#state = 'opening';
    const attempt = ++this.#attempt;
    const earlier = this.#admissions;
    this.#defer(() => {
      void earlier.then(() => this.#sayHello(attempt));
    });
  }

  /** Drops the link with all that is on it, and tells the ends that are still open. */
  disconnect(reason: string): void {
    const wasUp = this.#state === 'up';
    this.#state = 'down';
    this.#attempt++;
    for (const inbox of [this.#toLeft, this.#toRight]) {
      for (const { settle } of inbox.takeAll()) settle(false);
    }
    if (!wasUp) return;
    this.#defer(() => {
      this.left.open?.handler.onPeerDown(this.right.local, reason);
      this.right.open?.handler.onPeerDown(this.left.local, reason);
    });
  }

  /** Bytes that wait for one end in one lane. */
  waitingBytes(to: NodeId, lane: Lane): number {
    return this.#inbox(to).bytes[lane];
  }

  /** Puts a payload on its way; `settle` hears whether it arrived. */
  send(to: NodeId, payload: MemoryPayload, lane: Lane, settle: (delivered: boolean) => void): void {
    const inbox = this.#inbox(to);
    inbox[lane].push({ payload, settle });
    inbox.bytes[lane] += payload.bytes.length;
    if (inbox.isPlanned) return;
    inbox.isPlanned = true;
    this.#defer(() => {
      inbox.isPlanned = false;
      this.#deliver(inbox);
    });
  }

  #inbox(to: NodeId): Inbox {
    return to === this.left.local ? this.#toLeft : this.#toRight;
  }

  #deliver(inbox: Inbox): void {
    const [receiver, sender] = inbox === this.#toLeft ? [this.left, this.right] : [this.right, this.left];
    for (const { payload, settle } of inbox.takeAll()) {
      const handler = this.#state === 'up' ? receiver.open?.handler : undefined;
      settle(handler !== undefined);
      handler?.onPayload(sender.local, payload.group, payload.bytes);
    }
  }

  #sayHello(attempt: number): void {
    const { left, right } = this;
    const [atLeft, atRight] = [left.open, right.open];
    if (attempt !== this.#attempt || atLeft === undefined || atRight === undefined) return;
    const answers = Promise.all([
      atLeft.handler.admit({ id: right.local, incarnation: atRight.incarnation }),
      atRight.handler.admit({ id: left.local, incarnation: atLeft.incarnation }),
    ]);
    this.#admissions = answers.catch(() => undefined);
    void answers.then(([byLeft, byRight]) => {
      if (attempt === this.#attempt) this.#answered(atLeft, byLeft, atRight, byRight);
    });
  }

  #answered(
    atLeft: StartedTransport,
    byLeft: HelloRefusal | undefined,
    atRight: StartedTransport,
    byRight: HelloRefusal | undefined,
  ): void {
    const accepted = byLeft === undefined && byRight === undefined;
    this.#state = accepted ? 'up' : 'down';
    if (byLeft !== undefined) atRight.handler.onRefused(this.left.local, byLeft);
    if (byRight !== undefined) atLeft.handler.onRefused(this.right.local, byRight);
    if (!accepted) return;
    atLeft.handler.onPeerUp(this.right.local);
    // The first handler may have closed the link from within the call.
    if (this.#state === 'up') atRight.handler.onPeerUp(this.left.local);
  }
}
