/** How reads are made linearizable: half as every engine does, half in the ways that only some have. */
import type { Random, ReadMode } from '@synod/core';
import type { Coverage } from './coverage.js';
import type { Weather } from './script.js';

/** Draws a mode for each read of one node. */
export class ReadModes {
  readonly #random: Random;
  readonly #weather: Weather;
  readonly #coverage: Coverage;

  constructor(random: Random, weather: Weather, coverage: Coverage) {
    this.#random = random;
    this.#weather = weather;
    this.#coverage = coverage;
  }

  /** The next: by the leader's lease where clocks can be trusted, and by quorum elsewhere. */
  draw(): ReadMode {
    const special = this.#weather.clockDriftMax === undefined ? 'quorum' : 'lease';
    return this.#random.chance(0.5) ? special : 'index';
  }

  /** A read asks for a lease that lasts so long yet; `undefined` where there are no leases. */
  reachLease(ticksLeft: number | undefined): void {
    if (ticksLeft === undefined) return;
    this.#coverage.reach(ticksLeft > 0 ? 'read answered by lease' : 'lease had run out');
  }
}
