/**
 * Claims: what a scenario is about, said so that it is checked on every run and never rewritten. `claim n1 role=leader
 * log=1,1,2 x=applied` speaks of one node; `claim leaders=n1` of all.
 */
import type { EngineMessage } from '@synod/core';
import { ScenarioError } from './script.js';
import type { Stage } from './stage.js';
import type { StagedNode } from './staged-node.js';

/**
 * Checks the words of a claim.
 *
 * @throws {@link ScenarioError} naming what is so instead.
 */
export function checkClaim<Message extends EngineMessage>(
  stage: Stage<Message>,
  words: readonly string[],
): void {
  const [first = '', ...rest] = words;
  const node = first.includes('=') ? undefined : stage.node(first);
  for (const word of node === undefined ? words : rest) {
    const [key = '', wanted = ''] = word.split('=');
    const actual = node === undefined ? ofAll(stage, key) : ofOne(node, key);
    if (actual !== wanted) {
      throw new ScenarioError(
        `claim: ${node?.id ?? 'all'} ${key} is ${actual || 'empty'}, not ${wanted || 'empty'}`,
      );
    }
  }
}

function ofAll<Message extends EngineMessage>(stage: Stage<Message>, key: string): string {
  const up = [...stage.nodes.values()].filter((node) => node.up);
  if (key === 'leaders') {
    return up
      .filter((node) => node.engine.status().role === 'leader')
      .map((node) => node.id)
      .join(',');
  }
  if (key === 'network') return `${stage.network.underWay.length}`;
  throw new ScenarioError(`${key} is nothing that can be claimed of all nodes`);
}

function ofOne<Message extends EngineMessage>(node: StagedNode<Message>, key: string): string {
  const status = node.engine.status();
  switch (key) {
    case 'role':
      return status.role;
    case 'term':
      return `${status.term}`;
    case 'leader':
      return status.leader ?? 'none';
    case 'commit':
      return `${status.commitIndex}`;
    case 'last':
      return `${status.lastIndex}`;
    case 'first':
      return `${status.firstIndex}`;
    case 'durable':
      return `${status.durableIndex}`;
    case 'log':
      return node.termsOfLog().join(',');
    case 'applied':
      return node.machine.commands.join(',');
    case 'voters':
      return node.voters.join(',');
    default:
      return status.peers.find((peer) => peer.id === key)?.state ?? node.outcomes.get(key) ?? 'unknown';
  }
}
