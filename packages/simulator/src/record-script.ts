/**
 * Recordings of a run, in the format of `@synod/core/recording`, which real nodes write too: how every engine was made,
 * and each of its steps, so that any of them runs again without the world around it.
 */
import type { EngineMessage, NodeId, Random, StateMachine } from '@synod/core';
import { EngineRecorder, type RecordedOptions } from '@synod/core/recording';
import { type RunReport, runScript } from './run-script.js';
import type { Script } from './script.js';
import type { ClockPromise, EngineUnderTest, Subject } from './subject.js';

/** Where a recording goes. */
export interface RecordingOptions {
  /**
   * Takes a line, without its line break.
   *
   * @param line - The line.
   */
  readonly write: (line: string) => void;
  /**
   * The options with which `create` of the engine under test makes its engines, so that a replay can do the same.
   * Default none.
   *
   * @param settings - Stands where it stands for `create`.
   * @param clocks - As `create` has it.
   */
  readonly optionsOf?: (settings: Random, clocks: ClockPromise) => RecordedOptions;
}

/**
 * Runs a script and records every life of every engine.
 *
 * @param script - What happens.
 * @param subject - What it happens to.
 * @param recording - Where lines go.
 * @returns What it came to: the same as without a recording.
 *
 * @example
 * ```ts
 * const lines: string[] = [];
 * recordScript(drawScript(7), subject, { write: (line) => lines.push(line) });
 * ```
 */
export function recordScript<
  Message extends EngineMessage,
  Machine extends StateMachine<Output>,
  Input,
  Output,
>(script: Script, subject: Subject<Message, Machine, Input, Output>, recording: RecordingOptions): RunReport {
  const { engine } = subject;
  const recorders = new Map<NodeId, EngineRecorder<Message>>();
  const lives = new Map<NodeId, number>();
  let atUs = 0;
  const watched: EngineUnderTest<Message> = {
    ...engine,
    create: (start, settings, clocks) => {
      const options = recording.optionsOf?.(settings.clone(), clocks) ?? {};
      const node = start.id;
      const life = (lives.get(node) ?? 0) + 1;
      lives.set(node, life);
      recorders.get(node)?.end('the process ended');
      const { codec } = engine;
      const recorder = new EngineRecorder({ node, life, codec, nowUs: () => atUs, write: recording.write });
      recorders.set(node, recorder);
      return recorder.watch(engine.create(start, settings, clocks), start, options);
    },
  };
  const report = runScript(
    script,
    { ...subject, engine: watched },
    {
      onInput: (nowUs) => {
        atUs = nowUs;
      },
    },
  );
  for (const recorder of recorders.values()) recorder.end('the run ended');
  return report;
}
