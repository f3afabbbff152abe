/**
 * A stage for a few nodes under random weather: messages are reordered, lost and duplicated, saves take their time, and
 * nodes die with any number of saves on their disk and start again. Everything comes from one seed.
 */
import {
  ByteReader,
  ByteWriter,
  type EngineMessage,
  type MessageCodec,
  type NodeId,
  Random,
} from '@synod/core';

type StageInput<Message> =
  | { readonly type: 'receive'; readonly message: Message }
  | { readonly type: 'saved'; readonly sequence: number }
  | { readonly type: 'tick' };

/** What a node wants done. */
export interface StageEffects<Message, Save> {
  readonly save: Save | undefined;
  readonly sendNow: readonly Message[];
  readonly sendAfterSave: readonly Message[];
}

/** What a node must be able to do to go on stage. */
export interface StageNode<Message, Save, Effects extends StageEffects<Message, Save>> {
  step(input: StageInput<Message>): void;
  takeEffects(): Effects | undefined;
}

/** What is played. */
export interface Play<
  Message extends EngineMessage,
  Save extends { readonly sequence: number },
  Effects extends StageEffects<Message, Save>,
  Node extends StageNode<Message, Save, Effects>,
> {
  readonly ids: readonly NodeId[];
  readonly codec: Pick<MessageCodec<Message>, 'encode' | 'decode'>;
  /** Makes a node from all that is on its disk. */
  create(id: NodeId, disk: readonly Save[]): Node;
  /** Looks at effects before they are carried out, and gives back what to carry out. */
  see(id: NodeId, effects: Effects): StageEffects<Message, Save>;
  /** A node died. */
  died(id: NodeId): void;
}

interface Seat<Message, Save, Node> {
  readonly id: NodeId;
  node: Node;
  disk: readonly Save[];
  saves: { readonly save: Save; readonly after: Message[] }[];
}

/** How rough it is. */
export interface Weather {
  readonly loss: number;
  readonly duplicates: number;
  readonly crash: number;
}

/** Nodes, their disks, and the messages between them. */
export class Stage<
  Message extends EngineMessage,
  Save extends { readonly sequence: number },
  Effects extends StageEffects<Message, Save>,
  Node extends StageNode<Message, Save, Effects>,
> {
  /** Counts everything that happens: the clock of histories. */
  moment = 0;
  readonly random: Random;
  readonly #play: Play<Message, Save, Effects, Node>;
  readonly #seats: readonly Seat<Message, Save, Node>[];
  #underWay: Message[] = [];
  #sent = 0;

  constructor(seed: number | string, play: Play<Message, Save, Effects, Node>) {
    this.random = new Random(seed);
    this.#play = play;
    this.#seats = play.ids.map((id) => ({ id, node: play.create(id, []), disk: [], saves: [] }));
  }

  /** How many messages were sent. */
  get sent(): number {
    return this.#sent;
  }

  /** A node as it is now. */
  node(id: NodeId): Node {
    return this.#seat(id).node;
  }

  /** Does something to a node and carries its effects out. */
  act(id: NodeId, work: (node: Node) => void): void {
    this.moment++;
    const seat = this.#seat(id);
    work(seat.node);
    this.#carryOut(seat);
  }

  /** One thing happens, as the weather has it. */
  happen({ loss, duplicates, crash }: Weather): void {
    const seat = this.#draw(this.#seats);
    if (seat !== undefined && this.random.chance(crash)) return this.crash(seat.id);
    const kind = this.random.integer(0, 10);
    if (kind === 0 && seat !== undefined) return this.act(seat.id, (node) => node.step({ type: 'tick' }));
    if (kind < 4 && seat !== undefined && seat.saves.length > 0) return this.#finishSave(seat);
    const message = this.#draw(this.#underWay);
    if (message === undefined) return;
    if (!this.random.chance(duplicates)) this.#underWay = this.#underWay.filter((other) => other !== message);
    if (!this.random.chance(loss)) this.#deliver(message);
  }

  /** Time passes in fair weather: everything arrives and is saved, in order. */
  rest(ticks: number): void {
    for (let tick = 0; tick < ticks; tick++) {
      this.settle();
      for (const { id } of this.#seats) this.act(id, (node) => node.step({ type: 'tick' }));
    }
    this.settle();
  }

  /** Carries out all that is under way, without time passing. */
  settle(): void {
    for (;;) {
      const saving = this.#seats.find(({ saves }) => saves.length > 0);
      const message = this.#underWay[0];
      if (saving !== undefined) this.#finishSave(saving);
      else if (message !== undefined) {
        this.#underWay.shift();
        this.#deliver(message);
      } else return;
    }
  }

  /** A node dies with some of its saves on disk, and starts again from there. */
  crash(id: NodeId): void {
    this.moment++;
    const seat = this.#seat(id);
    const kept = seat.saves.slice(0, this.random.integer(0, seat.saves.length + 1));
    seat.disk = [...seat.disk, ...kept.map(({ save }) => save)];
    seat.saves = [];
    this.#play.died(id);
    seat.node = this.#play.create(id, seat.disk);
  }

  #deliver(message: Message): void {
    const writer = new ByteWriter();
    this.#play.codec.encode(message, writer);
    const reader = new ByteReader(writer.take());
    const read = this.#play.codec.decode(reader, message.from, message.to);
    reader.end();
    this.act(message.to, (node) => node.step({ type: 'receive', message: read }));
  }

  #finishSave(seat: Seat<Message, Save, Node>): void {
    const first = seat.saves.shift();
    if (first === undefined) return;
    seat.disk = [...seat.disk, first.save];
    this.#send(first.after);
    this.act(seat.id, (node) => node.step({ type: 'saved', sequence: first.save.sequence }));
  }

  #carryOut(seat: Seat<Message, Save, Node>): void {
    const effects = seat.node.takeEffects();
    if (effects === undefined) return;
    const { save, sendNow, sendAfterSave } = this.#play.see(seat.id, effects);
    this.#send(sendNow);
    const last = seat.saves.at(-1);
    if (save !== undefined) seat.saves.push({ save, after: [...sendAfterSave] });
    else if (last !== undefined) last.after.push(...sendAfterSave);
    else this.#send(sendAfterSave);
  }

  #send(messages: readonly Message[]): void {
    this.#sent += messages.length;
    this.#underWay.push(...messages);
  }

  #seat(id: NodeId): Seat<Message, Save, Node> {
    const seat = this.#seats.find((other) => other.id === id);
    if (seat === undefined) throw new Error(`${id} is not on stage`);
    return seat;
  }

  #draw<Item>(items: readonly Item[]): Item | undefined {
    return items.length === 0 ? undefined : items[this.random.integer(0, items.length)];
  }
}
