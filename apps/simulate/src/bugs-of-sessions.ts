/** Mistakes with clients' sessions, which make of commands that are repeated commands that count once. */
import { type RegisterAnswer, RegisterMachine } from '@synod/simulator';
import type { PlantedBug } from './planted-bug.js';
import { inMachine, inSessions } from './raft-bug.js';

/** Ends all sessions now and then, those of living clients too. */
class ExpiringMachine extends RegisterMachine {
  override apply(index: number, command: Uint8Array): RegisterAnswer {
    if (index % 16 === 0) this.forgetSessions();
    return super.apply(index, command);
  }
}

/** Every bug of sessions. */
export const sessionBugs: readonly PlantedBug[] = [
  inSessions('session-of-another', 'tells commands apart by their numbers alone, not by who sent them', {
    from: 'const session = this.#sessions.get(client);',
    to: 'const session = [...this.#sessions.values()].find((other) => other.sequence === sequence) ?? this.#sessions.get(client);',
  }),
  inSessions('repeat-decided-anew', 'answers a repeated compare-and-set by what stands there now', {
    from: 'if (session?.sequence === sequence) return session.answer;',
    to: "if (session?.sequence === sequence) return request.type === 'compareAndSet' ? this.get(request.key) === request.expected : session.answer;",
  }),
  inMachine(
    'sessions-expire-early',
    'ends sessions of clients that still repeat their commands (dissertation §6.3)',
    () => new ExpiringMachine(),
  ),
];
