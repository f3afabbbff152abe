/**
 * Clients as they are: one request at a time, sent to whom they believe to lead, repeated elsewhere when it is refused,
 * and of unknown outcome when nobody answers in time (Raft dissertation §6.3).
 */
import type { EngineMessage, NodeId, Random, StateMachine } from '@synod/core';
import type { CallEnd } from './applied-machine.js';
import type { Coverage } from './coverage.js';
import { exponential } from './drawing.js';
import type { EventQueue } from './event-queue.js';
import type { SafetyLedger } from './safety-ledger.js';
import type { Weather } from './script.js';
import type { SimulatedNode } from './simulated-node.js';
import type { ClientOperation, Subject } from './subject.js';

/** What clients need of the world around them. */
export interface ClientSurroundings<
  Message extends EngineMessage,
  Machine extends StateMachine<Output>,
  Input,
  Output,
> {
  readonly queue: EventQueue;
  readonly weather: Weather;
  readonly coverage: Coverage;
  readonly ledger: SafetyLedger;
  readonly subject: Subject<Message, Machine, Input, Output>;
  readonly nodes: readonly SimulatedNode<Message, Machine, Input, Output>[];
  readonly history: ClientOperation<Input, Output>[];
  /** Takes a number that no client had before. */
  readonly newNumber: () => number;
  /** Whether another request may be made. */
  readonly mayAsk: () => boolean;
}

interface Request<Input, Output> {
  readonly position: number;
  readonly operation: ClientOperation<Input, Output>;
  readonly command: Uint8Array | undefined;
  attempt: number;
  /** How often no answer came. */
  silences: number;
}

/** One client. */
export class SimulatedClient<
  Message extends EngineMessage,
  Machine extends StateMachine<Output>,
  Input,
  Output,
> {
  readonly #around: ClientSurroundings<Message, Machine, Input, Output>;
  readonly #random: Random;
  #number: number;
  #sequence = 0;
  #request: Request<Input, Output> | undefined;
  #believedLeader: NodeId | undefined;

  constructor(around: ClientSurroundings<Message, Machine, Input, Output>, random: Random) {
    this.#around = around;
    this.#random = random;
    this.#number = around.newNumber();
  }

  /** Whether it waits for an answer. */
  get isWaiting(): boolean {
    return this.#request !== undefined;
  }

  /** Makes the next request after some thought. */
  think(): void {
    const { queue, weather } = this.#around;
    queue.after(exponential(this.#random, weather.thinkUs), () => {
      if (this.#around.mayAsk()) this.#ask();
      else this.think();
    });
  }

  #ask(): void {
    const { subject, history, queue } = this.#around;
    const turn = { client: this.#number, sequence: ++this.#sequence, random: this.#random };
    const input = subject.workload.next(turn);
    const operation: ClientOperation<Input, Output> = {
      process: this.#number,
      input,
      output: undefined,
      calledAt: queue.nowUs,
      returnedAt: Number.POSITIVE_INFINITY,
    };
    const position = history.push(operation) - 1;
    this.#request = { position, operation, command: subject.workload.encode(input), attempt: 0, silences: 0 };
    this.#attempt(this.#request);
  }

  #attempt(request: Request<Input, Output>): void {
    const { queue, weather, nodes } = this.#around;
    const attempt = ++request.attempt;
    const believed = nodes.find((node) => node.id === this.#believedLeader);
    const node =
      believed !== undefined && !this.#random.chance(weather.strayChance)
        ? believed
        : nodes[this.#random.integer(0, nodes.length)];
    const isCurrent = () => this.#request === request && request.attempt === attempt;
    const arrive = () => {
      if (!isCurrent() || node === undefined) return;
      if (node.state !== 'up') return this.#goOn(request, undefined);
      // Whoever asks a process that stands still is asked to wait, not sent away: it reads the request when it wakes.
      if (!node.isAwake) return node.standstill.hold(arrive);
      const end = (how: CallEnd<Output>) => {
        if (isCurrent()) this.#end(request, how, node.id);
      };
      if (request.command === undefined) node.read(request.operation.input, end);
      else node.propose(request.command, end);
    };
    queue.after(this.#random.integer(50, 1_000), arrive);
    queue.after(weather.patienceUs * backoff(request), () => {
      if (isCurrent()) this.#end(request, { type: 'unknown' }, undefined);
    });
  }

  #end(request: Request<Input, Output>, how: CallEnd<Output>, node: NodeId | undefined): void {
    switch (how.type) {
      case 'answered':
        this.#believedLeader = node;
        return this.#answered(request, how.output, how.index);
      case 'refused':
        return this.#goOn(request, how.leader);
      case 'unknown':
        return this.#withoutAnswer(request);
    }
  }

  #answered(request: Request<Input, Output>, output: Output, index: number): void {
    const { history, queue, ledger } = this.#around;
    if (index > ledger.acknowledged) ledger.acknowledged = index;
    history[request.position] = { ...request.operation, output, returnedAt: queue.nowUs };
    this.#request = undefined;
    this.think();
  }

  /** Tries again somewhere else: nothing has happened yet. */
  #goOn(request: Request<Input, Output>, leader: NodeId | undefined): void {
    this.#believedLeader = leader;
    const attempt = ++request.attempt;
    this.#around.queue.after(this.#random.integer(1_000, 200_000) * backoff(request), () => {
      if (this.#request === request && request.attempt === attempt) this.#attempt(request);
    });
  }

  /** Nobody knows whether a command took effect. A read that was not answered did nothing. */
  #withoutAnswer(request: Request<Input, Output>): void {
    const { subject, coverage } = this.#around;
    request.silences++;
    const repeats = request.command === undefined || subject.workload.withoutAnswer === 'repeat';
    if (repeats) {
      coverage.reach('request repeated');
      return this.#goOn(request, undefined);
    }
    coverage.reach('request given up');
    this.#request = undefined;
    this.#number = this.#around.newNumber();
    this.#sequence = 0;
    this.think();
  }
}

/** Clients that repeat without holding back keep a slow cluster from ever recovering. */
function backoff({ silences }: { readonly silences: number }): number {
  return 2 ** Math.min(silences, 6);
}
