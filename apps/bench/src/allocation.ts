/**
 * Bytes allocated on the JavaScript heap. V8 of Node 20 has no counter of them, but it says before and after each
 * garbage collection how much is in use: what was added between one collection and the next was allocated.
 */
import { GCProfiler, getHeapStatistics } from 'node:v8';

/**
 * Counts what a piece of work allocates. Array buffers of more than 64 bytes lie outside the heap, and only the object
 * for each counts here.
 *
 * @param work - Runs to its end without a break.
 * @returns Bytes.
 */
export function allocatedBytes(work: () => void): number {
  const profiler = new GCProfiler();
  profiler.start();
  let inUse = getHeapStatistics().used_heap_size;
  work();
  const atEnd = getHeapStatistics().used_heap_size;
  let allocated = 0;
  for (const { beforeGC, afterGC } of profiler.stop()?.statistics ?? []) {
    allocated += Math.max(0, beforeGC.heapStatistics.usedHeapSize - inUse);
    inUse = afterGC.heapStatistics.usedHeapSize;
  }
  return allocated + Math.max(0, atEnd - inUse);
}
