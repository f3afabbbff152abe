/** The two doors of an engine under test, without a closure for each passage: whatever it throws breaks its promise. */
import type { ConsensusEngine, Effects, EngineInput, EngineMessage, NodeId } from '@synod/core';
import { engineFailure } from './violation.js';

/** Feeds one input. */
export function stepGuarded<Message extends EngineMessage>(
  node: NodeId,
  engine: ConsensusEngine<Message>,
  input: EngineInput<Message>,
): void {
  try {
    engine.step(input);
  } catch (error) {
    throw engineFailure(node, error);
  }
}

/** Takes the effects. */
export function takeEffectsGuarded<Message extends EngineMessage>(
  node: NodeId,
  engine: ConsensusEngine<Message>,
): Effects<Message> | undefined {
  try {
    return engine.takeEffects();
  } catch (error) {
    throw engineFailure(node, error);
  }
}
