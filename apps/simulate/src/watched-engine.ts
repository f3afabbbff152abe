/** What engines of a run are seen doing, without changing what they do. */
import type { ConsensusEngine, Effects, EngineMessage } from '@synod/core';

/**
 * Lets somebody see all effects of an engine as they are taken.
 *
 * @param engine - The engine; it is the same object afterwards.
 * @param see - Sees them. Must change nothing.
 */
export function seeEffects<Message extends EngineMessage>(
  engine: ConsensusEngine<Message>,
  see: (effects: Effects<Message>) => void,
): ConsensusEngine<Message> {
  const take = engine.takeEffects.bind(engine);
  engine.takeEffects = () => {
    const effects = take();
    if (effects !== undefined) see(effects);
    return effects;
  };
  return engine;
}
