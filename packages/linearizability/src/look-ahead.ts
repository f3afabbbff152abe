/**
 * Looking ahead: a search that has gone astray often cannot know it before it meets an answer that no longer fits, far
 * too late. Models that can tell that an answer will never fit let it turn back at once.
 */
import { anyState, type Configuration } from './configuration.js';
import { none } from './real-time-order.js';

/** Answers to look ahead, beside two for every operation that can be under way. */
const leastAnswers = 16;

/**
 * Whether nothing that can follow will explain the answers before `goal`, as far as can be seen.
 *
 * @param goal - Answers that are to be explained.
 */
export function isHopeless<State, Input, Output>(
  configuration: Configuration<State, Input, Output>,
  goal: number,
): boolean {
  const { closed, frontier, state, unseen } = configuration;
  if (state === anyState) return false;
  const end = Math.min(goal, frontier + 2 * closed.slots + leastAnswers);
  return missesAnswer(configuration, end) || (unseen === 1 && staysUnseen(configuration, end));
}

/** Whether one of the next answers can no longer be given, whatever takes effect before it. */
function missesAnswer<State, Input, Output>(
  configuration: Configuration<State, Input, Output>,
  end: number,
): boolean {
  const { closed, transitions, state } = configuration;
  const before = openInputs(configuration, closed.returnedAt[closed.byReturn[end - 1] ?? none] ?? none);
  let caller = configuration.nextCall(closed.count);
  for (let rank = configuration.frontier; rank < end; rank++) {
    const number = closed.byReturn[rank] ?? none;
    const kind = closed.kind[number] ?? none;
    if (configuration.isEffective(number) || transitions.fitsEveryState(kind)) continue;
    const moment = closed.returnedAt[number] ?? none;
    while (caller !== closed.count && (closed.calledAt[caller] ?? none) < moment) {
      const other = closed.kind[caller] ?? none;
      if (transitions.behaviourOf(other) !== 'reads') before.push(transitions.inputOf(other));
      caller = configuration.nextCall(caller);
    }
    if (!transitions.mayFitLater(state, kind, before)) return true;
  }
  return false;
}

/**
 * Whether the last change can be seen by none before it is overwritten, as something must be that is answered next.
 * Changes that stay unseen need not be tried one by one: they are covered or doomed.
 */
function staysUnseen<State, Input, Output>(
  configuration: Configuration<State, Input, Output>,
  end: number,
): boolean {
  const { closed, transitions } = configuration;
  for (let rank = configuration.frontier; rank < end; rank++) {
    const number = closed.byReturn[rank] ?? none;
    if (configuration.isEffective(number)) continue;
    const behaviour = transitions.behaviourOf(closed.kind[number] ?? none);
    if (behaviour === 'depends') return false;
    if (behaviour === 'reads' || (behaviour === 'overwrites' && !configuration.isCoverable(number))) {
      return !canBeSeen(configuration, closed.returnedAt[number] ?? none);
    }
  }
  return false;
}

/** Whether an operation called before a moment may see the last change, perhaps with more changes on top of it. */
function canBeSeen<State, Input, Output>(
  configuration: Configuration<State, Input, Output>,
  moment: number,
): boolean {
  const { closed, open, transitions, state } = configuration;
  const changes: Input[] = [];
  const readers: number[] = [];
  for (let group = 0; group + 1 < open.groupStarts.length; group++) {
    const head = configuration.openHead(group);
    if (head === none || (open.calledAt[head] ?? none) > moment) continue;
    const kind = open.kind[head] ?? none;
    if (transitions.behaviourOf(kind) === 'depends') return true;
    if (transitions.behaviourOf(kind) === 'changes') changes.push(transitions.inputOf(kind));
  }
  let caller = configuration.nextCall(closed.count);
  while (caller !== closed.count && (closed.calledAt[caller] ?? none) < moment) {
    const kind = closed.kind[caller] ?? none;
    const behaviour = transitions.behaviourOf(kind);
    if (behaviour === 'depends') return true;
    if (behaviour === 'changes') changes.push(transitions.inputOf(kind));
    if (behaviour === 'reads') readers.push(kind);
    caller = configuration.nextCall(caller);
  }
  return readers.some((kind) => transitions.mayFitLater(state, kind, changes));
}

/** What open operations ask that were called before a moment and have not taken effect: one of each kind. */
function openInputs<State, Input, Output>(
  configuration: Configuration<State, Input, Output>,
  moment: number,
): Input[] {
  const { open, transitions } = configuration;
  const inputs: Input[] = [];
  for (let group = 0; group + 1 < open.groupStarts.length; group++) {
    const head = configuration.openHead(group);
    if (head !== none && (open.calledAt[head] ?? none) < moment) {
      inputs.push(transitions.inputOf(open.kind[head] ?? none));
    }
  }
  return inputs;
}
