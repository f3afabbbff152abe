/** The format of recordings stands on the ground floor, where real nodes reach it too. */
export {
  type EngineStep,
  type RecordedInput,
  readRecordedInput,
  replayInputs,
  writeRecordedInput,
} from '@synod/core/recording';
