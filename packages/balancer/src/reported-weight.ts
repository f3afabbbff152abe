/**
 * Weights from what endpoints say of themselves, by the arithmetic of gRPC's weighted round robin (gRFC A58): requests
 * that an endpoint serves for each unit of what it is used, less for errors.
 */
import { InvalidArgumentError } from '@synod/core';
import { weightLeast, weightMost } from './endpoint.js';

/** What an endpoint says of itself. */
export interface LoadReport {
  /** Requests that it serves a second. */
  readonly perSecond: number;
  /** Errors among them a second. Default 0. */
  readonly errorsPerSecond?: number;
  /** How far it is used, 0 to 1, and above when it is overloaded. */
  readonly utilization: number;
}

/**
 * Weight of an endpoint: q / (u + e / q · penalty).
 *
 * @param report - q requests and e errors a second, u utilization.
 * @param errorPenalty - From 0: how much a share of errors counts beside utilization. Default 1.
 * @returns The weight; `undefined` when the report says nothing, for no requests or no utilization.
 * @throws InvalidArgumentError when a number is negative or not finite.
 */
export function reportedWeight(report: LoadReport, errorPenalty = 1): number | undefined {
  const { perSecond, errorsPerSecond = 0, utilization } = report;
  for (const [name, value] of Object.entries({ perSecond, errorsPerSecond, utilization, errorPenalty })) {
    if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) {
      throw new InvalidArgumentError(`${name} is ${value}: it must be a finite number from 0`);
    }
  }
  if (perSecond === 0 || utilization === 0) return undefined;
  const weight = perSecond / (utilization + (errorsPerSecond / perSecond) * errorPenalty);
  return Math.min(weightMost, Math.max(weightLeast, weight));
}

/**
 * Weights of a whole set, to be put into the endpoints of `update`. Who has none yet gets the mean of the others, and
 * with fewer than two reports all are equal.
 *
 * @param weights - From {@link reportedWeight}, in the order of the endpoints.
 */
export function fillWeights(weights: readonly (number | undefined)[]): readonly number[] {
  const known = weights.filter((weight) => weight !== undefined);
  if (known.length < 2) return weights.map(() => 1);
  const mean = known.reduce((sum, weight) => sum + weight, 0) / known.length;
  return weights.map((weight) => weight ?? mean);
}
