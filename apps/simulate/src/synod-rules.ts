/**
 * What must hold of a Synod in every state: the invariants of Lamport's Voting specification (tlaplus/Examples,
 * specifications/Paxos/Voting.tla) over all votes that were ever durable, and the rules that one server can break.
 */
import { QuorumSystem } from '@synod/paxos';
import { type ServerBreach, type SynodServer, serverIds } from './synod-server.js';

/** Name of a rule. */
export type SynodRule =
  | ServerBreach
  | 'agreement'
  | 'one value a ballot'
  | 'votes are safe'
  | 'learned is chosen'
  | 'chosen was put';

/** All rules that need to know the past. */
export const synodRules: readonly SynodRule[] = [
  'promises never fall',
  'one vote a ballot',
  'no vote below a promise',
  'no ballot twice',
  'ballots are their owners',
  'durable before sent',
  'one value a ballot',
  'votes are safe',
  'agreement',
  'learned is chosen',
  'chosen was put',
];

/** Majorities by the book, whatever the explored nodes take for quorums. */
export class SynodJudge {
  readonly #ids: readonly string[];
  readonly #quorums: QuorumSystem;
  readonly #clients: number;

  constructor(servers: number, clients: number) {
    this.#ids = serverIds(servers);
    this.#quorums = new QuorumSystem(this.#ids);
    this.#clients = clients;
  }

  /** The first rule that is broken. */
  breachOf(servers: readonly SynodServer[]): SynodRule | undefined {
    const own = servers.find(({ breach }) => breach !== undefined)?.breach;
    if (own !== undefined) return own;
    const votes = servers.flatMap((server) => server.votes);
    const values = new Map<number, number>();
    for (const { ballot, value } of votes) {
      if ((values.get(ballot) ?? value) !== value) return 'one value a ballot';
      values.set(ballot, value);
    }
    if (!votes.every(({ ballot, value }) => this.#isSafeAt(servers, ballot, value))) return 'votes are safe';
    const chosen = this.#chosen(servers, values);
    if (chosen.size > 1) return 'agreement';
    if (servers.some(({ learned }) => learned !== undefined && !chosen.has(learned)))
      return 'learned is chosen';
    return [...chosen].some((value) => value >= this.#clients) ? 'chosen was put' : undefined;
  }

  #chosen(servers: readonly SynodServer[], values: ReadonlyMap<number, number>): ReadonlySet<number> {
    const chosen = new Set<number>();
    for (const [ballot, value] of values) {
      const voted = this.#those(servers, ({ votes }) => votes.some((vote) => vote.ballot === ballot));
      if (this.#quorums.isPhase2Quorum(voted)) chosen.add(value);
    }
    return chosen;
  }

  /** SafeAt: below the ballot, a quorum has voted for this very value or can never vote any more. */
  #isSafeAt(servers: readonly SynodServer[], ballot: number, value: number): boolean {
    const below = servers.flatMap(({ issued }) => issued).filter((issued) => issued < ballot);
    return below.every((earlier) => {
      const harmless = this.#those(servers, ({ votes, promised }) => {
        const vote = votes.find((past) => past.ballot === earlier);
        return vote === undefined ? promised > earlier : vote.value === value;
      });
      return this.#quorums.isPhase1Quorum(harmless);
    });
  }

  #those(servers: readonly SynodServer[], has: (server: SynodServer) => boolean): ReadonlySet<string> {
    return new Set(this.#ids.filter((_, index) => servers[index] !== undefined && has(servers[index])));
  }
}
