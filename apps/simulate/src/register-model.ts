/** The sequential specification of the register machine: what its clients may be answered (Herlihy and Wing, 1990, §2.2). */
import type { Behaviour, Model, Step } from '@synod/linearizability';
import { type RegisterAnswer, type RegisterRequest, valueCharactersMax } from '@synod/simulator';

/** Registers by name, each searched alone. A register that was never set reads as the empty text. */
export const registerModel: Model<string, RegisterRequest, RegisterAnswer> = {
  init: () => '',
  step,
  behaviour,
  mayFitLater,
  partitionKey: ({ key }) => key,
};

function step(value: string, request: RegisterRequest, answer: RegisterAnswer): Step<string> {
  switch (request.type) {
    case 'get':
      return answered(answer, value, value);
    case 'put':
      return { ok: true, state: request.value };
    case 'append':
      return { ok: true, state: (value + request.value).slice(-valueCharactersMax) };
    case 'compareAndSet': {
      const found = value === request.expected;
      return answered(answer, found, found ? request.value : value);
    }
  }
}

function answered(answer: RegisterAnswer, right: RegisterAnswer, state: string): Step<string> {
  return answer === undefined || answer === right ? { ok: true, state } : { ok: false };
}

function behaviour(request: RegisterRequest, answer: RegisterAnswer): Behaviour {
  switch (request.type) {
    case 'get':
      return 'reads';
    case 'put':
      return 'overwrites';
    case 'append':
      return 'changes';
    case 'compareAndSet':
      if (answer === false) return 'reads';
      return answer === undefined ? 'changes' : 'depends';
  }
}

/** A value that was read is there already, or whatever sets it, or appends its end, comes before. */
function mayFitLater(
  value: string,
  request: RegisterRequest,
  answer: RegisterAnswer,
  before: readonly RegisterRequest[],
): boolean {
  const wanted = foundBy(request, answer);
  if (wanted === undefined || wanted === value) return true;
  return before.some(
    (other) =>
      other.type !== 'get' &&
      (other.type === 'append' ? wanted.endsWith(other.value) : other.value === wanted),
  );
}

/** The value that an answer shows to have been there; `undefined` if it shows none. */
function foundBy(request: RegisterRequest, answer: RegisterAnswer): string | undefined {
  if (request.type === 'get') return typeof answer === 'string' ? answer : undefined;
  return request.type === 'compareAndSet' && answer === true ? request.expected : undefined;
}
