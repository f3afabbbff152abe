/**
 * What every transport must do, over whatever network, as cases that a test runner of any kind can run. They know a
 * transport by the contract alone, which lets it lose, repeat, reorder and delay.
 */
import { admissionCases } from './admission-cases.js';
import { connectionCases } from './connection-cases.js';
import { payloadCases } from './payload-cases.js';
import type { TransportCase, TransportUnderTest } from './transport-under-test.js';

/**
 * The cases of the contract, for one transport. Each opens a cluster of its own, closes it, and needs no other to have
 * run.
 *
 * @param transport - The transport.
 * @returns The cases, in an order that begins with what the others rely on.
 *
 * @example In vitest.
 * ```ts
 * describe('the contract', () => {
 *   const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 1));
 *   for (const { name, run } of transportCases({ openCluster, pause })) it(name, run);
 * });
 * ```
 */
export function transportCases(transport: TransportUnderTest): readonly TransportCase[] {
  return [...admissionCases(transport), ...payloadCases(transport), ...connectionCases(transport)];
}
