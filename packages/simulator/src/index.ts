/**
 * A whole cluster in one thread, in virtual time, from a seed. Runs a consensus engine with a state machine under
 * crashes, lost writes, failing disks, partitions, damaged frames, pauses and bad clocks; checks safety after every
 * step and liveness when the storm ends; and shrinks what it finds to a short script. The same seed gives the same run.
 *
 * @packageDocumentation
 */

export {
  type EngineStep,
  type RecordedInput,
  readRecordedInput,
  replayInputs,
  writeRecordedInput,
} from '@synod/core/recording';
export { expectedSituations } from './coverage.js';
export { drawScript, type StormOptions } from './draw-script.js';
export type { ClusterBudget } from './explorer/cluster-budget.js';
export {
  type ClusterAction,
  type ClusterModel,
  type ClusterState,
  clusterModel,
} from './explorer/cluster-model.js';
export {
  type Counterexample,
  type Exploration,
  type ExploreOptions,
  type ExploreProgress,
  explore,
  type Model,
  type Property,
} from './explorer/explore.js';
export type { ExploredEngine } from './explorer/explored-node.js';
export { StateHash } from './explorer/state-hash.js';
export { type RecordingOptions, recordScript } from './record-script.js';
export {
  type RegisterAnswer,
  RegisterMachine,
  type RegisterRequest,
  registerWorkload,
  valueCharactersMax,
} from './register-workload.js';
export { type Finding, type RunOptions, type RunReport, runScript } from './run-script.js';
export {
  type Ambush,
  describeScript,
  type Fault,
  type FaultKind,
  faultKinds,
  type MembershipPlan,
  type PlainFault,
  parseScript,
  type Script,
  type ScriptStep,
  type Situation,
  type Target,
  type Weather,
} from './script.js';
export { type ShrinkOptions, type ShrinkReport, shrink } from './shrink.js';
export { explain, type SimulationOptions, type SimulationReport, simulate, Tally } from './simulate.js';
export type { InputListener } from './simulated-cluster.js';
export type { OpenStorage, StorageOpening } from './storage/open-storage.js';
export {
  type DrainOptions,
  runScriptOnStorage,
  shrinkOnStorage,
  simulateOnStorage,
} from './storage/run-on-storage.js';
export { type DriveOptions, SimulatedDrive } from './storage/simulated-drive.js';
export type { DriveOperation } from './storage/simulated-file-system.js';
export type {
  Claim,
  ClientOperation,
  ClientTurn,
  ClockPromise,
  DurablePromise,
  EngineUnderTest,
  JudgedEngine,
  Subject,
  Workload,
} from './subject.js';
export { type InvariantName, SimulationViolation } from './violation.js';
