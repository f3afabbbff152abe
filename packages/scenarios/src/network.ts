/** Messages under way. Nothing arrives by itself: a scenario says what is delivered, lost, repeated or held up. */
import type { EngineMessage, NodeId } from '@synod/core';
import { ScenarioError } from './script.js';
import type { StoredSnapshot } from './staged-disk.js';

/** One message under way. */
export interface Parcel<Message extends EngineMessage> {
  readonly message: Message;
  /** The message in words. */
  readonly text: string;
  /** The snapshot that travels with it. */
  readonly snapshot: StoredSnapshot | undefined;
}

/** Which of the messages under way are meant. */
export interface ParcelFilter {
  readonly links: readonly Link[];
  /** The words that the message's description begins with. */
  readonly name: string | undefined;
  /** At most so many, the oldest first. */
  readonly count: number;
  /** The newest first instead. */
  readonly newest: boolean;
}

/** One direction between two nodes; `*` stands for every node. */
export interface Link {
  readonly from: NodeId | '*';
  readonly to: NodeId | '*';
}

/**
 * Reads `n1->n2`, `n1->*`, or `n1--n2` for both directions.
 *
 * @returns Nothing when the word is no link.
 */
export function linksOf(word: string): readonly Link[] {
  const match = /^([\w.*]+)(->|--)([\w.*]+)$/.exec(word);
  const [, from, arrow, to] = match ?? [];
  if (from === undefined || to === undefined) return [];
  return arrow === '->'
    ? [{ from, to }]
    : [
        { from, to },
        { from: to, to: from },
      ];
}

/** Reads the words after `deliver`, `drop` and `duplicate`. */
export function filterOf(words: readonly string[]): ParcelFilter {
  const links: Link[] = [];
  let name: string | undefined;
  let count = Number.POSITIVE_INFINITY;
  let newest = false;
  for (const word of words) {
    const meant = linksOf(word);
    if (meant.length > 0) links.push(...meant);
    else if (/^\d+$/.test(word)) count = Number(word);
    else if (word === 'last') {
      newest = true;
      count = 1;
    } else name = word;
  }
  return { links, name, count, newest };
}

/** All messages under way, oldest first. */
export class Network<Message extends EngineMessage> {
  #underWay: Parcel<Message>[] = [];
  #cut: Link[] = [];
  #held: Link[] = [];

  get underWay(): readonly Parcel<Message>[] {
    return this.#underWay;
  }

  send(parcel: Parcel<Message>): void {
    this.#underWay.push(parcel);
  }

  isCut(message: EngineMessage): boolean {
    return this.#cut.some((link) => covers(link, message));
  }

  isHeld(message: EngineMessage): boolean {
    return this.#held.some((link) => covers(link, message));
  }

  cut(links: readonly Link[]): void {
    this.#cut.push(...links);
  }

  heal(): void {
    this.#cut = [];
  }

  hold(links: readonly Link[]): void {
    this.#held.push(...links);
  }

  release(): void {
    this.#held = [];
  }

  /** Takes the meant messages out, in the order in which they were sent. */
  take(filter: ParcelFilter): readonly Parcel<Message>[] {
    const chosen = this.#choose(filter);
    this.#underWay = this.#underWay.filter((parcel) => !chosen.includes(parcel));
    return chosen;
  }

  /** Sends the meant messages once more. */
  repeat(filter: ParcelFilter): readonly Parcel<Message>[] {
    const chosen = this.#choose(filter);
    this.#underWay.push(...chosen.map((parcel) => ({ ...parcel })));
    return chosen;
  }

  /** Takes everything that is not held. */
  takeFree(): readonly Parcel<Message>[] {
    const free = this.#underWay.filter((parcel) => !this.isHeld(parcel.message));
    this.#underWay = this.#underWay.filter((parcel) => !free.includes(parcel));
    return free;
  }

  /** Drops messages as if they had never been sent. */
  forget(unwanted: (parcel: Parcel<Message>) => boolean): void {
    this.#underWay = this.#underWay.filter((parcel) => !unwanted(parcel));
  }

  #choose({ links, name, count, newest }: ParcelFilter): readonly Parcel<Message>[] {
    const meant = this.#underWay.filter(
      ({ message, text }) =>
        (links.length > 0 ? links.some((link) => covers(link, message)) : !this.isHeld(message)) &&
        (name === undefined || text.startsWith(name)),
    );
    if (meant.length === 0) throw new ScenarioError('no such message is under way');
    return newest ? meant.slice(-1) : meant.slice(0, count);
  }
}

function covers(link: Link, message: EngineMessage): boolean {
  return (link.from === '*' || link.from === message.from) && (link.to === '*' || link.to === message.to);
}
