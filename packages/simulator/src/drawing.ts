/** What is drawn besides whole numbers: one of several, and the time between independent incidents. */
import { naturalLogarithm, type Random } from '@synod/core';

/** One of several items, each as likely. */
export function pick<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[random.integer(0, items.length)];
  if (item === undefined) throw new RangeError('there is nothing to pick from');
  return item;
}

/** A random time with a given mean, as between independent incidents. */
export function exponential(random: Random, mean: number): number {
  return -naturalLogarithm(1 - random.float()) * mean;
}
