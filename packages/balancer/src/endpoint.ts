/** Where requests can go, and what a balancer knows of it. */
import { InvalidArgumentError } from '@synod/core';

/**
 * Somewhere that requests can go. Give it what the caller needs to get there, such as an address: a balancer reads
 * these fields only and hands the rest back.
 */
export interface Endpoint {
  /** Name of the endpoint, not empty and unique within the set; under it, state is kept when the set is replaced. */
  readonly id: string;
  /**
   * Its part of the requests, beside the weights of the others: {@link weightLeast} to {@link weightMost}, or 0 to
   * drain it, which means no new picks. Default 1. "Not known yet" is no weight: leave it out.
   */
  readonly weight?: number;
  /** Tier, from 0 (the first) to {@link priorityMost}. Default 0. Read by `PriorityTiers` only. */
  readonly priority?: number;
  /** Zone, rack or region. Default `''`. Read by `LocalityTiers` only. */
  readonly locality?: string;
}

/** Least weight of an endpoint that gets requests. */
export const weightLeast = 1e-6;

/** Greatest weight: sums over a million endpoints are then still far from rounding badly. */
export const weightMost = 1e6;

/** Greatest number of a tier. */
export const priorityMost = 127;

/** What a balancer knows of one endpoint of its set, at one moment. */
export interface EndpointStatus<E extends Endpoint = Endpoint> {
  /** The endpoint, as it was given last. */
  readonly endpoint: E;
  /** Its weight, with the default filled in. */
  readonly weight: number;
  /** How much of its weight its health grants: 0 (none: it is not picked) to 1 (all of it). */
  readonly share: number;
  /** Picks of this endpoint that are not done yet. */
  readonly inFlight: number;
}

/**
 * Checks a set of endpoints before anything is changed by it.
 *
 * @param endpoints - The set.
 * @returns The endpoints by their ids, in the order of the list.
 * @throws InvalidArgumentError that names the endpoint, the field, the value it had and those it may have.
 */
export function checkEndpoints<E extends Endpoint>(endpoints: readonly E[]): Map<string, E> {
  const byId = new Map<string, E>();
  for (const endpoint of endpoints) {
    const { id, weight, priority, locality } = endpoint;
    if (typeof id !== 'string' || id === '') {
      throw new InvalidArgumentError(`endpoint id is ${show(id)}: it must be a string that is not empty`);
    }
    if (byId.has(id))
      throw new InvalidArgumentError(`endpoint id ${show(id)} stands twice: ids must be unique`);
    if (weight !== undefined && !isWeight(weight)) {
      throw new InvalidArgumentError(
        `weight of endpoint ${show(id)} is ${show(weight)}: it must be 0 (no new picks) or a number from ${weightLeast} to ${weightMost}`,
      );
    }
    if (priority !== undefined && !isPriority(priority)) {
      throw new InvalidArgumentError(
        `priority of endpoint ${show(id)} is ${show(priority)}: it must be a whole number from 0 to ${priorityMost}`,
      );
    }
    if (locality !== undefined && typeof locality !== 'string') {
      throw new InvalidArgumentError(
        `locality of endpoint ${show(id)} is ${show(locality)}: it must be a string`,
      );
    }
    byId.set(id, endpoint);
  }
  return byId;
}

function isWeight(weight: unknown): boolean {
  return typeof weight === 'number' && (weight === 0 || (weight >= weightLeast && weight <= weightMost));
}

function isPriority(priority: unknown): boolean {
  return (
    typeof priority === 'number' && Number.isInteger(priority) && priority >= 0 && priority <= priorityMost
  );
}

/** JSON has no words for NaN and infinities, and puts strings into quotes, which tells "2" from 2. */
function show(value: unknown): string {
  return typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? typeof value);
}
