/**
 * Recordings: every step of every engine, one JSON object a line, in one format for the simulator and for real nodes.
 * {@link EngineRecorder} writes one while an engine runs; {@link RecordingReplay} runs it again and says whether every
 * engine came out as it did then.
 *
 * @packageDocumentation
 */
export { EngineRecorder, type RecorderOptions } from './engine-recorder.js';
export {
  type RecordedCheck,
  type RecordedEnd,
  type RecordedInput,
  type RecordedLine,
  type RecordedOptions,
  type RecordedStart,
  readRecordedInput,
  readRecordedLine,
  writeRecordedInput,
  writeRecordedLine,
} from './recorded-line.js';
export { RecordingReplay, type ReplayedLife, type ReplayOptions, replayInputs } from './recording-replay.js';
export type { EngineStep, RecordedPlace } from './step.js';
