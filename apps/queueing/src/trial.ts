/** One strategy in one scenario: requests arrive at random moments, and each is timed. */
import { Balancer, Prequal, type Strategy } from '@synod/balancer';
import { Random } from '@synod/core';
import type { Contestant } from './contestants.js';
import { EventQueue } from './event-queue.js';
import { meanWorkMs, type Scenario } from './scenarios.js';
import { Server } from './server.js';

/** How much to measure. */
export interface TrialOptions {
  /** Requests that are timed; a quarter as many come before them, until the queues have their length. */
  readonly requests: number;
  /** The same seed gives the same requests to every strategy. */
  readonly seed: number;
}

/** What came of it. */
export interface TrialResult {
  /** The strategy. */
  readonly name: string;
  /** Times of the requests that succeeded, in milliseconds, ascending. */
  readonly timesMs: Float64Array;
  /** Part of the requests that failed. */
  readonly failed: number;
}

/** Time until the answer to a probe is there. */
const probeMs = 1;
const failureMs = 1;
/** Sigma of the heavy-tailed work. */
const sigma = 1.5;
/** Keys that requests bring, for strategies that hash: the k-th is asked for 1/k as often as the first. */
const keyCount = 10_000;

/**
 * Runs one trial.
 *
 * @param scenario - The situation.
 * @param contestant - The strategy.
 * @param options - How much.
 */
export function runTrial(scenario: Scenario, contestant: Contestant, options: TrialOptions): TrialResult {
  return new Trial(scenario, contestant, options).run();
}

interface Client {
  readonly balancer: Balancer;
  readonly strategy: Strategy;
}

class Trial {
  readonly #scenario: Scenario;
  readonly #name: string;
  readonly #events = new EventQueue();
  readonly #servers: readonly Server[];
  readonly #clients: readonly Client[];
  readonly #arrivals: Random;
  readonly #keys: Random;
  readonly #neighbours: Random;
  readonly #gapMs: number;
  readonly #warmUp: number;
  readonly #times: Float64Array;
  #arrived = 0;
  #succeeded = 0;
  #failed = 0;

  constructor(scenario: Scenario, { name, create }: Contestant, { requests, seed }: TrialOptions) {
    const { servers, workers, clients, load, speed } = scenario;
    this.#scenario = scenario;
    this.#name = name;
    this.#arrivals = new Random(`${seed}/arrivals`);
    this.#keys = new Random(`${seed}/keys`);
    this.#neighbours = new Random(`${seed}/neighbours`);
    this.#warmUp = Math.floor(requests / 4);
    this.#times = new Float64Array(requests);
    const speeds = Array.from({ length: servers }, (_, server) => speed(server));
    this.#servers = speeds.map((each) => new Server(this.#events, workers, each));
    const able = speeds.slice(scenario.blackHole === true ? 1 : 0).reduce((sum, each) => sum + each, 0);
    this.#gapMs = meanWorkMs / (able * workers * load);
    const endpoints = speeds.map((weight, server) => ({ id: String(server), weight }));
    this.#clients = Array.from({ length: clients }, (_, client) => {
      const strategy = create(new Random(`${seed}/client ${client}`));
      return { strategy, balancer: new Balancer({ endpoints, strategy }) };
    });
  }

  run(): TrialResult {
    this.#disturb();
    this.#arrive();
    const all = this.#warmUp + this.#times.length;
    this.#events.run(() => this.#succeeded + this.#failed < this.#times.length || this.#arrived < all);
    const timesMs = this.#times.slice(0, this.#succeeded).sort();
    return { name: this.#name, timesMs, failed: this.#failed / (this.#failed + this.#succeeded) };
  }

  #arrive(): void {
    const random = this.#arrivals;
    const workMs = this.#drawWork();
    const client = this.#clients[random.integer(0, this.#clients.length)];
    this.#arrived += 1;
    const isTimed = this.#arrived > this.#warmUp;
    if (client !== undefined) this.#send(client, workMs, isTimed);
    if (this.#arrived < this.#warmUp + this.#times.length) {
      this.#events.plan(-Math.log(1 - random.float()) * this.#gapMs, () => this.#arrive());
    }
  }

  #send({ balancer, strategy }: Client, workMs: number, isTimed: boolean): void {
    const nowMs = this.#events.nowMs;
    const pick = balancer.pick({ nowMs, key: this.#drawKey() });
    if (strategy instanceof Prequal) this.#probe(strategy);
    if (pick.type === 'none') return;
    const server = Number(pick.endpoint.id);
    const end = (result: 'success' | 'failure') => {
      const endMs = this.#events.nowMs;
      balancer.done(pick, { result, nowMs: endMs });
      if (!isTimed) return;
      if (result === 'failure') this.#failed += 1;
      else {
        this.#times[this.#succeeded] = endMs - nowMs;
        this.#succeeded += 1;
      }
    };
    if (server === 0 && this.#scenario.blackHole === true) this.#events.plan(failureMs, () => end('failure'));
    else this.#servers[server]?.take(workMs, () => end('success'));
  }

  #probe(prequal: Prequal): void {
    for (const id of prequal.takeProbes()) {
      const answer = this.#servers[Number(id)]?.load.answer();
      if (answer !== undefined) {
        this.#events.plan(probeMs, () => prequal.answered(id, answer, this.#events.nowMs));
      }
    }
  }

  /** Each neighbour stays with one server for a spell and goes on to another one. */
  #disturb(): void {
    const { antagonists, servers, speed } = this.#scenario;
    if (antagonists === undefined) return;
    const visit = (before: number | undefined) => {
      const calm = (server: number) => this.#servers[server]?.speed === speed(server);
      let server = this.#neighbours.integer(0, servers);
      while (!calm(server)) server = (server + 1) % servers;
      const visited = this.#servers[server];
      if (visited !== undefined) visited.speed = speed(server) * antagonists.speed;
      const left = before === undefined ? undefined : this.#servers[before];
      if (left !== undefined && before !== undefined) left.speed = speed(before);
      this.#events.plan(antagonists.spellMs, () => visit(server));
    };
    const count = Math.round(antagonists.share * servers);
    for (let neighbour = 0; neighbour < count; neighbour++) {
      this.#events.plan((antagonists.spellMs * neighbour) / count, () => visit(undefined));
    }
  }

  #drawWork(): number {
    const random = this.#arrivals;
    if (this.#scenario.work === 'exponential') return -Math.log(1 - random.float()) * meanWorkMs;
    // A normal number by Box and Muller; the mean of e^(sigma z - sigma^2 / 2) is 1.
    const z = Math.sqrt(-2 * Math.log(1 - random.float())) * Math.cos(2 * Math.PI * random.float());
    return Math.exp(sigma * z - (sigma * sigma) / 2) * meanWorkMs;
  }

  /** For a draw u, e^(u ln n) has a density of 1/k: the same as the keys' popularity. */
  #drawKey(): string {
    return `key ${Math.floor(Math.exp(this.#keys.float() * Math.log(keyCount)))}`;
  }
}
