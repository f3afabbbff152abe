/**
 * What every consensus engine must do, whatever its protocol, as cases that a test runner of any kind can run. They
 * know an engine by the contract alone.
 */
import type { EngineMessage } from '../engine.js';
import { effectCases } from './effect-cases.js';
import type { ComplianceCase, EngineUnderTest } from './engine-under-test.js';
import { inputCases } from './input-cases.js';
import { leadershipCases } from './leadership-cases.js';
import { logCases } from './log-cases.js';
import { membershipCases } from './membership-cases.js';
import { stormCases } from './storm-cases.js';

/**
 * The cases of the contract, for one engine. Each makes clusters of its own and needs no other to have run.
 *
 * @param engine - The engine.
 * @returns The cases, in an order that begins with what the others rely on.
 *
 * @example In vitest.
 * ```ts
 * describe('the contract', () => {
 *   for (const { name, run } of engineCases({ kind: 'raft', createEngine, codec })) it(name, run);
 * });
 * ```
 */
export function engineCases<Message extends EngineMessage>(
  engine: EngineUnderTest<Message>,
): readonly ComplianceCase[] {
  return [
    ...effectCases(engine),
    ...leadershipCases(engine),
    ...logCases(engine),
    ...membershipCases(engine),
    ...inputCases(engine),
    ...stormCases(engine),
  ];
}
