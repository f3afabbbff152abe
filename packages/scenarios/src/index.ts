/**
 * Golden interaction scenarios: readable scripts of inputs to a small cluster of consensus engines and, after each,
 * the messages, saves, logs and decisions that came of it. They read like documentation and are run as tests. Any
 * engine behind the `ConsensusEngine` contract can be put on stage.
 *
 * @packageDocumentation
 */
export type { EngineOnStage, GivenState } from './engine-on-stage.js';
export { playScenario } from './run-scenario.js';
export { type Directive, parseScenario, type Scenario, ScenarioError, type ScriptLine } from './script.js';
export { tellEntries, tellPosition } from './telling.js';
