/** Registers on stage, and what their clients saw. */
import { createMembership, decodeUtf8, encodeUtf8, type NodeId } from '@synod/core';
import type { Model, Operation } from '@synod/linearizability';
import {
  compareAndSetRegister,
  type QuorumRule,
  type RecoveredRegisters,
  type RegisterChange,
  type RegisterEffects,
  type RegisterLimits,
  type RegisterMessage,
  RegisterNode,
  type RegisterSave,
  readRegister,
  registerMessageCodec,
  writeRegister,
} from '../src/index.js';
import { Stage, type StageEffects } from './stage.js';

/** What a client asks of a register whose value is text. */
export type RegisterQuestion =
  | { readonly key: string; readonly type: 'read' }
  | { readonly key: string; readonly type: 'write' | 'append'; readonly text: string }
  | { readonly key: string; readonly type: 'compareAndSet'; readonly from: string; readonly text: string };

/** What it is told. */
export interface RegisterReply {
  readonly before: string;
  readonly after: string;
}

/** One change at a time, each from what the one before left. An empty register is the empty text. */
export const textRegister: Model<string, RegisterQuestion, RegisterReply> = {
  init: () => '',
  partitionKey: ({ key }) => key,
  step: (state, question, reply) => {
    const next = nextText(state, question);
    const fits = reply === undefined || (reply.before === state && reply.after === next);
    return fits ? { ok: true, state: next } : { ok: false };
  },
};

function nextText(state: string, question: RegisterQuestion): string {
  switch (question.type) {
    case 'read':
      return state;
    case 'write':
      return question.text;
    case 'append':
      return `${state}${question.text}`;
    case 'compareAndSet':
      return state === question.from ? question.text : state;
  }
}

function changeOf(question: RegisterQuestion): RegisterChange {
  const toBytes = (text: string) => (text === '' ? undefined : encodeUtf8(text));
  switch (question.type) {
    case 'read':
      return readRegister;
    case 'write':
      return writeRegister(toBytes(question.text));
    case 'append':
      return (current) => toBytes(`${toText(current)}${question.text}`);
    case 'compareAndSet':
      return compareAndSetRegister(toBytes(question.from), toBytes(question.text));
  }
}

function toText(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? '' : decodeUtf8(bytes);
}

interface Asked {
  readonly node: NodeId;
  readonly question: RegisterQuestion;
  readonly calledAt: number;
}

/**
 * The history without what nobody can have noticed, which would only keep the judge busy: reads that were not answered,
 * and changes of unknown outcome whose text, which no other has, nobody ever saw. Every answer tells what was before it,
 * so such a change has either not happened or was undone by another that nobody saw.
 */
export function noticed(
  history: readonly Operation<RegisterQuestion, RegisterReply>[],
): readonly Operation<RegisterQuestion, RegisterReply>[] {
  const seen = history.flatMap(({ output }) => (output === undefined ? [] : [output.before, output.after]));
  return history.filter(({ input, output }) => {
    if (output !== undefined) return true;
    if (input.type === 'read') return false;
    return input.text === '' || seen.some((text) => `${text}.`.includes(`${input.text}.`));
  });
}

/** Registers under the weather of a seed. */
export class RegistersOnStage {
  readonly stage: Stage<RegisterMessage, RegisterSave, RegisterEffects, RegisterNode>;
  readonly ids: readonly NodeId[];
  /** What happened, for the judge of linearizability. Changes that surely did not take effect are left out. */
  readonly history: Operation<RegisterQuestion, RegisterReply>[] = [];
  /** By code: how many changes were refused. */
  readonly refusals = new Map<string, number>();
  /** Questions that wait. */
  readonly open = new Map<number, Asked>();
  #asked = 0;

  constructor(
    seed: number | string,
    nodes: number,
    quorums: QuorumRule = { type: 'majority' },
    limits: RegisterLimits = {},
    tamper: (effects: RegisterEffects) => StageEffects<RegisterMessage, RegisterSave> = (effects) => effects,
  ) {
    this.ids = Array.from({ length: nodes }, (_, index) => `n${index + 1}`);
    const membership = createMembership(this.ids);
    this.stage = new Stage(seed, {
      ids: this.ids,
      codec: registerMessageCodec,
      create: (id, disk) =>
        new RegisterNode({
          ...limits,
          id,
          membership,
          quorums,
          seed: `${seed} ${id}`,
          ...(disk.length === 0 ? {} : { recovered: recoveredFrom(disk) }),
        }),
      see: (_, effects) => {
        for (const answer of effects.answers) {
          const asked = this.open.get(answer.id);
          if (asked === undefined) throw new Error(`change ${answer.id} was answered twice`);
          this.open.delete(answer.id);
          if (answer.type === 'changed') {
            const { before, after } = answer;
            this.#note(asked, { before: toText(before), after: toText(after) });
          } else {
            this.refusals.set(answer.code, (this.refusals.get(answer.code) ?? 0) + 1);
            if (answer.effect === 'unknown') this.#note(asked, undefined);
          }
        }
        return tamper(effects);
      },
      died: (id) => {
        for (const [number, asked] of this.open) {
          if (asked.node !== id) continue;
          this.open.delete(number);
          this.#note(asked, undefined);
        }
      },
    });
  }

  ask(node: NodeId, question: RegisterQuestion): void {
    const id = ++this.#asked;
    this.open.set(id, { node, question, calledAt: this.stage.moment });
    const { key } = question;
    this.stage.act(node, (asked) => asked.step({ type: 'change', id, key, change: changeOf(question) }));
  }

  #note({ node, question, calledAt }: Asked, output: RegisterReply | undefined): void {
    const returnedAt = output === undefined ? Number.POSITIVE_INFINITY : this.stage.moment;
    this.history.push({ process: node, input: question, output, calledAt, returnedAt });
  }
}

function recoveredFrom(disk: readonly RegisterSave[]): RecoveredRegisters {
  const states = new Map<string, Uint8Array>();
  let roundsThrough = 0;
  for (const save of disk) {
    roundsThrough = save.roundsThrough ?? roundsThrough;
    for (const { key, state } of save.records) states.set(key, state);
  }
  return { roundsThrough, records: Array.from(states, ([key, state]) => ({ key, state })) };
}
