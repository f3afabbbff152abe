/** Plays a scenario on the real engine and writes it down with what really happened. */
import type { EngineMessage } from '@synod/core';
import { Director } from './directives.js';
import type { EngineOnStage } from './engine-on-stage.js';
import { parseScenario, ScenarioError, writeScenario } from './script.js';
import { Stage } from './stage.js';

/**
 * Plays a scenario.
 *
 * @param text - The scenario file.
 * @param engine - The engine to play it on.
 * @returns The file as it ought to be: equal to `text` when nothing has changed.
 * @throws {@link ScenarioError} when a directive means nothing, a claim does not hold, or safety is broken, with the
 * line and what was said last.
 *
 * @example
 * ```ts
 * playScenario(text, raftOnStage) === text; // when everything happens as it is written
 * ```
 */
export function playScenario<Message extends EngineMessage>(
  text: string,
  engine: EngineOnStage<Message>,
): string {
  const stage = new Stage(engine);
  const director = new Director(stage);
  return writeScenario(parseScenario(text), (directive) => {
    try {
      director.direct(directive.words);
    } catch (error) {
      const said = stage.takeLines().slice(-10).join('\n  ');
      const why = error instanceof Error ? error.message : String(error);
      throw new ScenarioError(`line ${directive.line}: ${directive.text}: ${why}\n  ${said}`);
    }
    return stage.takeLines();
  });
}
