/** Known mistakes of Paxos, each planted in the shipped Synod, with a budget that is enough to find it. */
import type { SynodNode, SynodOptions } from '@synod/paxos';
import { loadChanged, type SourceChange } from './planted-bug.js';
import type { SynodBudget } from './synod-model.js';
import type { MakeSynodNode } from './synod-server.js';

/** A bug and where to look for it. */
export interface SynodBug {
  /** Short name. */
  readonly name: string;
  /** What it does. */
  readonly about: string;
  /** The mistake. */
  readonly changes: readonly SourceChange[];
  /** What differs from the default budget. */
  readonly budget: Partial<SynodBudget>;
}

function change(file: string, from: string, to: string): SourceChange {
  return { file: `paxos/${file}`, from, to };
}

/** Every bug that exploration must find. */
export const synodBugs: readonly SynodBug[] = [
  {
    name: 'own-value',
    about: 'proposes its own value although votes were reported (Paxos Made Simple §2.2, P2c)',
    changes: [
      change(
        'synod/proposer.ts',
        'this.#highestVote()?.value ?? this.value',
        'this.value ?? this.#highestVote()?.value',
      ),
    ],
    budget: {},
  },
  {
    name: 'lowest-vote',
    about: 'adopts the value of the lowest ballot reported in place of the highest',
    changes: [
      change(
        'synod/proposer.ts',
        'vote.ballot > (highest?.ballot ?? 0)',
        'vote.ballot < (highest?.ballot ?? Number.POSITIVE_INFINITY)',
      ),
    ],
    budget: { retries: 1 },
  },
  {
    name: 'vote-not-reported',
    about: 'promises without a word of what it voted for',
    changes: [
      change(
        'synod/synod-node.ts',
        "to: from, type: 'promise', ballot, vote: acceptor.vote }",
        "to: from, type: 'promise', ballot, vote: undefined }",
      ),
    ],
    budget: {},
  },
  {
    name: 'promise-before-save',
    about: 'sends a promise while it is still being saved (Paxos Made Simple §2.5)',
    changes: [
      change(
        'synod/synod-node.ts',
        "this.#sendAfterSave.push({ from: this.id, to: from, type: 'promise'",
        "this.#sendNow.push({ from: this.id, to: from, type: 'promise'",
      ),
    ],
    budget: {},
  },
  {
    name: 'vote-before-save',
    about: 'sends a vote while it is still being saved',
    changes: [
      change(
        'synod/synod-node.ts',
        "this.#sendAfterSave.push({ from: this.id, to: from, type: 'accepted'",
        "this.#sendNow.push({ from: this.id, to: from, type: 'accepted'",
      ),
    ],
    budget: {},
  },
  {
    name: 'ballot-reused',
    about: 'begins with the first ballot again after a restart',
    changes: [
      change(
        'synod/synod-node.ts',
        'Math.max(this.#heard, acceptor.promised, proposer.ballot)',
        'proposer.ballot',
      ),
    ],
    budget: { crashes: 1, retries: 1 },
  },
  {
    name: 'votes-added-up',
    about: 'counts votes of different ballots together',
    changes: [
      change(
        'synod/learner.ts',
        'if (ballot !== this.#counted?.ballot) return undefined;',
        'if (this.#counted === undefined) return undefined;',
      ),
    ],
    budget: { retries: 2, clients: 1, tidies: false },
  },
  {
    name: 'stale-promise',
    about: 'counts a promise of an earlier ballot for the present one',
    changes: [
      change(
        'synod/proposer.ts',
        "if (this.phase !== 'prepare' || ballot !== this.ballot) return 'open';",
        "if (this.phase !== 'prepare') return 'open';",
      ),
    ],
    budget: { retries: 1, tidies: false },
  },
  {
    name: 'vote-below-promise',
    about: 'votes in a ballot below the one that it promised',
    changes: [
      change(
        'synod/acceptor.ts',
        'accept(ballot: Term, value: Uint8Array): boolean {\n    if (ballot < this.promised) return false;\n    this.promised = ballot;',
        'accept(ballot: Term, value: Uint8Array): boolean {',
      ),
    ],
    budget: {},
  },
  {
    name: 'disjoint-quorums',
    about: 'takes quorums that can miss each other (Flexible Paxos §3)',
    changes: [
      change(
        'quorum-system.ts',
        'const needed = majority(voters.length);',
        'const needed = Math.floor(voters.length / 2);',
      ),
      change('quorum-system.ts', 'demandIntersection(voters, shapes.phase1, shapes.phase2);', ''),
    ],
    budget: {},
  },
];

/**
 * A bug by its name.
 *
 * @param name - As {@link synodBugs} has it.
 * @throws Error when there is none.
 */
export function findSynodBug(name: string): SynodBug {
  const bug = synodBugs.find((known) => known.name === name);
  if (bug !== undefined) return bug;
  throw new Error(`${name} is none of: ${synodBugs.map((known) => known.name).join(', ')}`);
}

/**
 * The shipped Synod with a bug in it.
 *
 * @param bug - The bug.
 */
export async function loadSynodBug({ changes }: SynodBug): Promise<MakeSynodNode> {
  const loaded = await loadChanged('@synod/paxos', 'index.ts', changes);
  if (!isPaxos(loaded)) throw new Error('the changed package has no SynodNode');
  return (options) => new loaded.SynodNode(options);
}

function isPaxos(
  loaded: unknown,
): loaded is { readonly SynodNode: new (options: SynodOptions) => SynodNode } {
  return typeof loaded === 'object' && loaded !== null && 'SynodNode' in loaded;
}
