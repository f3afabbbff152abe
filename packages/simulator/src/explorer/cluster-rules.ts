/** What must hold in every state of a cluster (Raft, figure 3), over what its nodes hold and ever did. */
import type { EngineMessage, Entry, LogPosition } from '@synod/core';
import { logStart } from '@synod/core';
import { demand } from '../violation.js';
import { type ExploredNode, isSameEntry, written } from './explored-node.js';

/** A node with what the rules compare of it. */
export interface JudgedNode<Message extends EngineMessage> extends ExploredNode<Message> {
  /** Its log as its writes describe it, whether they are durable yet or not. */
  readonly log: readonly Entry[];
}

/** The log that all writes of a node come to. */
export function writtenLog<Message extends EngineMessage>(node: ExploredNode<Message>): readonly Entry[] {
  let log = node.disk;
  for (const { write } of node.saves) if (write !== undefined) log = written(log, write);
  return log;
}

/** Demands every rule of a cluster. */
export function demandRules<Message extends EngineMessage>(
  nodes: readonly JudgedNode<Message>[],
  electsByLog: boolean,
): void {
  for (let left = 0; left < nodes.length; left++) {
    for (let right = left + 1; right < nodes.length; right++) {
      const [one, other] = [nodes[left], nodes[right]];
      if (one !== undefined && other !== undefined) demandPair(one, other);
    }
  }
  const most = nodes.reduce((best, node) => (node.applied.length > best.applied.length ? node : best));
  const last = most.applied[most.applied.length - 1];
  if (last === undefined) return;
  demandDurable(most, nodes);
  demandComplete(most, nodes);
  if (electsByLog) demandNoRival(most, last, nodes);
}

function demandPair<Message extends EngineMessage>(
  one: JudgedNode<Message>,
  other: JudgedNode<Message>,
): void {
  for (const term of one.led) {
    demand(
      !other.led.includes(term),
      'election safety',
      () => `${one.id} and ${other.id} both lead term ${term}`,
    );
  }
  for (let at = Math.min(one.applied.length, other.applied.length) - 1; at >= 0; at--) {
    demand(
      isEntryAt(one.applied, other.applied, at),
      'state machine safety',
      () =>
        `${one.id} applies an entry of term ${one.applied[at]?.term} at index ${at + 1}, where ${other.id} applies one of term ${other.applied[at]?.term}`,
    );
  }
  let common = Math.min(one.log.length, other.log.length) - 1;
  while (common >= 0 && one.log[common]?.term !== other.log[common]?.term) common--;
  for (let at = common; at >= 0; at--) {
    demand(
      isEntryAt(one.log, other.log, at),
      'log matching',
      () =>
        `the logs of ${one.id} and ${other.id} both have an entry of term ${one.log[common]?.term} at index ${common + 1}, and differ at index ${at + 1}`,
    );
  }
}

function isEntryAt(left: readonly Entry[], right: readonly Entry[], at: number): boolean {
  const [one, other] = [left[at], right[at]];
  return one !== undefined && other !== undefined && isSameEntry(one, other);
}

/** Disks lose nothing here, so what was ever committed stays on those of a majority. */
function demandDurable<Message extends EngineMessage>(
  most: JudgedNode<Message>,
  nodes: readonly JudgedNode<Message>[],
): void {
  for (const { index, term } of most.applied) {
    const holders = nodes.filter(({ disk }) => disk[index - 1]?.term === term).length;
    demand(
      2 * holders > nodes.length,
      'committed is durable',
      () =>
        `${most.id} applied index ${index} of term ${term}, which ${holders} of ${nodes.length} disks hold`,
    );
  }
}

/** Whoever leads the latest term has all that is committed. */
function demandComplete<Message extends EngineMessage>(
  most: JudgedNode<Message>,
  nodes: readonly JudgedNode<Message>[],
): void {
  const latest = Math.max(...nodes.map(({ led }) => led[led.length - 1] ?? 0));
  for (const leader of nodes) {
    if (leader.status.role !== 'leader' || leader.status.term !== latest) continue;
    for (const { index, term } of most.applied) {
      demand(
        leader.log[index - 1]?.term === term,
        'leader completeness',
        () =>
          `${leader.id} leads term ${latest} with term ${leader.log[index - 1]?.term ?? 'none'} at index ${index}, where ${most.id} applied an entry of term ${term}`,
      );
    }
  }
}

/** Nobody without the last committed entry could be elected by what the disks hold (§5.4.3). */
function demandNoRival<Message extends EngineMessage>(
  most: JudgedNode<Message>,
  last: Entry,
  nodes: readonly JudgedNode<Message>[],
): void {
  for (const rival of nodes) {
    if (rival.disk[last.index - 1]?.term === last.term) continue;
    const end = endOf(rival.disk);
    const supporters = nodes.filter(({ disk }) => isAtLeast(end, endOf(disk))).length;
    demand(
      2 * supporters <= nodes.length,
      'leader completeness',
      () =>
        `${most.id} applied index ${last.index} of term ${last.term}; ${rival.id} lacks it and could still be elected, with a log that ends at index ${end.index} of term ${end.term}`,
    );
  }
}

function endOf(disk: readonly Entry[]): LogPosition {
  return disk[disk.length - 1] ?? logStart;
}

function isAtLeast(left: LogPosition, right: LogPosition): boolean {
  return left.term > right.term || (left.term === right.term && left.index >= right.index);
}
