/** The reads of one node that go by quorum: those that wait, and the rounds of questions that are under way. */
import type { FingerprintBuilder, FingerprintView, LogIndex, NodeId, ReadContext } from '@synod/core';

/** Reads that one round of questions serves. */
export interface QuorumRound {
  readonly request: number;
  readonly contexts: readonly ReadContext[];
  /** Last slots with a vote, by voter. */
  readonly answers: Map<NodeId, LogIndex>;
  /** Slot of the membership whose voters were asked. */
  readonly governedSince: LogIndex;
  /** What must be decided first; unknown until a phase-1 quorum has answered. */
  through: LogIndex | undefined;
  ticks: number;
}

/** Reads of one node that go by quorum. */
export class QuorumReads {
  /** Reads for which nobody was asked yet. */
  waiting: ReadContext[] = [];
  rounds: QuorumRound[] = [];
  requests = 0;

  clone(): QuorumReads {
    const copy = new QuorumReads();
    copy.waiting = [...this.waiting];
    copy.rounds = this.rounds.map((round) => ({ ...round, answers: new Map(round.answers) }));
    copy.requests = this.requests;
    return copy;
  }

  /** How many reads wait. */
  get pending(): number {
    return this.rounds.reduce((sum, { contexts }) => sum + contexts.length, this.waiting.length);
  }

  /** Folds in all that can influence which read is answered when. */
  addTo(digest: FingerprintBuilder, view: FingerprintView): void {
    digest.number(this.requests).plain(this.waiting).number(this.rounds.length);
    for (const { request, contexts, answers, governedSince, through, ticks } of this.rounds) {
      digest
        .number(request)
        .plain(contexts)
        .number(governedSince)
        .number(through ?? -1);
      if (view.untimed !== true) digest.number(ticks);
      const named = [...answers].map(([id, last]) => `${view.rename?.(id) ?? id} ${last}`);
      digest.plain(named.sort());
    }
  }
}
