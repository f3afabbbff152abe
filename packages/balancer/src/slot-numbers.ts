/** Numbers by slot, of which strategies keep what they know. */
import type { EndpointView } from './endpoint-view.js';

/**
 * Makes room for every slot of a view.
 *
 * @param numbers - The numbers so far.
 * @param view - The endpoints.
 * @param newcomers - Number of each slot that begins anew.
 * @returns The same array, or a longer copy of it.
 */
export function numbersFor(numbers: Float64Array, view: EndpointView, newcomers = 0): Float64Array {
  let roomy = numbers;
  if (numbers.length < view.capacity) {
    roomy = new Float64Array(view.capacity);
    roomy.set(numbers);
  }
  for (const slot of view.added) roomy[slot] = newcomers;
  return roomy;
}
