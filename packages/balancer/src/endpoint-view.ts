/** The endpoints as a strategy sees them: all of a balancer's, or those of one tier. */
import type { Endpoint } from './endpoint.js';
import type { Slot } from './slot.js';
import type { SlotTable } from './slot-table.js';

/** Part of a table of slots, the whole of it by default. */
export class EndpointView {
  readonly #table: SlotTable;
  #slots: readonly Slot[] = [];
  #added: readonly Slot[] = [];

  /** @param table - Where the endpoints are kept. */
  constructor(table: SlotTable) {
    this.#table = table;
  }

  /** Slots of the set in the order of the turn. A new array after each update; never written to. */
  get slots(): readonly Slot[] {
    return this.#slots;
  }

  /** Slots among them that were not there before the last update. */
  get added(): readonly Slot[] {
    return this.#added;
  }

  /** Every slot is less, so arrays of this length have a place for each. */
  get capacity(): number {
    return this.#table.capacity;
  }

  /** Another number when the set or a weight has changed since it was read; not when endpoints are excluded. */
  get version(): number {
    return this.#table.version;
  }

  /** Slots that the pick under way excludes, of this view or not; each of them has the weight 0 until it is over. */
  get excluded(): readonly Slot[] {
    return this.#table.excluded;
  }

  /**
   * Weight that counts now: the endpoint's own times the share that its health grants; 0 when it must not be picked.
   *
   * @param slot - Which.
   */
  weight(slot: Slot): number {
    return this.#table.effectiveWeight(slot);
  }

  /**
   * The endpoint's own weight, whatever its health: 0 only when it is drained.
   *
   * @param slot - Which.
   */
  ownWeight(slot: Slot): number {
    return this.#table.weight(slot);
  }

  /**
   * Requests in flight.
   *
   * @param slot - Which.
   */
  inFlight(slot: Slot): number {
    return this.#table.inFlight(slot);
  }

  /**
   * Id of the endpoint.
   *
   * @param slot - Which.
   */
  idOf(slot: Slot): string {
    return this.#table.idOf(slot);
  }

  /**
   * The endpoint.
   *
   * @param slot - Which.
   */
  endpoint(slot: Slot): Endpoint | undefined {
    return this.#table.endpoint(slot);
  }

  /**
   * A view of other endpoints of the same table, at first of none.
   */
  part(): EndpointView {
    return new EndpointView(this.#table);
  }

  /**
   * Says which endpoints it shows from now on.
   *
   * @param slots - All of them.
   * @param renewed - Those that begin anew, even if they were there before.
   */
  show(slots: readonly Slot[], renewed: readonly Slot[]): void {
    const before = new Set(this.#slots);
    for (const slot of renewed) before.delete(slot);
    this.#slots = slots;
    this.#added = slots.filter((slot) => !before.has(slot));
  }
}
