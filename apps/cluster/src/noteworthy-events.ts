/** Which events are for people: those of every batch or heartbeat would push the rare ones out of a bounded history. */

const routine: ReadonlySet<string> = new Set([
  // Of the engine.
  'entriesAppended',
  'commitAdvanced',
  'readConfirmed',
  // Of the runtime.
  'saved',
  'applied',
  // Of the storage.
  'synced',
  // Of the transport, which the runtime tells too.
  'connecting',
  'retrying',
  'up',
  'down',
  'refused',
  'handshakeFailed',
]);

/**
 * Tells whether an event is rare enough to be shown one by one.
 *
 * @param type - Type of the event.
 */
export function isNoteworthy(type: string): boolean {
  return !routine.has(type);
}
