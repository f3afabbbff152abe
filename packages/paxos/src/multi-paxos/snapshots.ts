/** Snapshots in the place of discarded slots: offered by whoever is asked for such slots, installed by whoever lacks them. */
import { invariant, type NodeId, type SnapshotMeta } from '@synod/core';
import { forgetReplacedThrough, rememberReplaced } from './decisions.js';
import { governBySnapshot } from './governance.js';
import { sameMembership } from './memberships.js';
import type { InstallSnapshot } from './messages.js';
import { becomeFollower, noteBallot, report } from './roles.js';
import type { PaxosState } from './state.js';

/**
 * Offers the snapshot to a peer that needs slots which are discarded here.
 *
 * @returns Whether it is on its way, by this offer or an earlier one.
 */
export function offerSnapshot(state: PaxosState, to: NodeId): boolean {
  const meta = state.snapshot;
  if (meta === undefined) return false;
  if (state.offered.has(to)) return true;
  state.offered.set(to, meta.index);
  report(state, { type: 'snapshotOffered', peer: to, index: meta.index });
  state.outbox.snapshots.push({
    type: 'send',
    to,
    meta,
    message: { from: state.id, to, type: 'installSnapshot', ballot: state.promised, meta },
  });
  return true;
}

/** A snapshot reached a peer's disk, or did not: a leader waits for the peer's next word. */
export function receiveSnapshotSent(state: PaxosState, peer: NodeId, delivered: boolean): void {
  state.offered.delete(peer);
  const progress = state.progress.get(peer);
  if (progress === undefined || progress.state !== 'snapshot') return;
  progress.probe();
  report(state, {
    type: 'progressChanged',
    peer,
    state: 'probe',
    nextIndex: progress.nextIndex,
    reason: delivered ? 'the snapshot was delivered' : 'the snapshot was not delivered',
  });
}

/** Puts a snapshot that is durable here in the place of the slots that it covers, unless as much is decided here. */
export function receiveInstallSnapshot(state: PaxosState, message: InstallSnapshot): void {
  const { meta } = message;
  state.owesAnswer = true;
  if (meta.index <= state.commitIndex) return;
  const { index, term } = meta;
  noteBallot(state, term);
  if (state.role === 'leader' || (state.role === 'candidate' && term > state.proposer.ballot))
    becomeFollower(state, undefined, `others decided through slot ${index} without this node`);
  for (const entry of state.slots.coverThrough({ index, term })) rememberReplaced(state, entry);
  forgetReplacedThrough(state, index);
  report(state, { type: 'snapshotInstalled', at: { index, term }, from: message.from });
  report(state, { type: 'commitAdvanced', from: state.commitIndex, to: index });
  state.snapshot = meta;
  state.hardStateChanged = true;
  state.commitIndex = index;
  state.emittedIndex = index;
  for (const slot of state.proposer.adopted.keys()) if (slot <= index) state.proposer.adopted.delete(slot);
  state.outbox.snapshots.push({ type: 'install', meta });
  governBySnapshot(state, index, meta.membership, `${message.from} sent a snapshot through index ${index}`);
}

/** Discards slots behind a snapshot of this node's own, keeping some for nodes that are a little behind. */
export function snapshotSaved(state: PaxosState, meta: SnapshotMeta): void {
  invariant(meta.index <= state.emittedIndex, `snapshot index ${meta.index} was handed out before`);
  if (state.snapshot !== undefined && meta.index <= state.snapshot.index) return;
  const governing = state.memberships.at(meta.index);
  invariant(
    governing === undefined || sameMembership(governing, meta.membership),
    `the snapshot through index ${meta.index} carries the members that govern there`,
  );
  state.snapshot = meta;
  state.memberships.forgetBefore(meta.index);
  // A restart must not take votes behind the snapshot for undecided ones.
  state.hardStateChanged = true;
  const through = state.slots.discardThrough(meta.index - state.settings.retainedEntries);
  if (through !== undefined) report(state, { type: 'logDiscarded', through });
}
