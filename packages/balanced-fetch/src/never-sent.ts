/** Whether a failed request ever left: only then may one be sent again that has an effect. */

const beforeTheFirstByte = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/**
 * Looks for what the system said of the connection.
 *
 * @param error - What `fetch` rejected with: the reason stands in its `cause`, as undici has it.
 */
export function wasNeverSent(error: unknown): boolean {
  let at = error;
  for (let depth = 0; depth < 5 && typeof at === 'object' && at !== null; depth++) {
    if ('code' in at && typeof at.code === 'string' && beforeTheFirstByte.has(at.code)) return true;
    // Several addresses of one name were tried.
    if (at instanceof AggregateError && at.errors.length > 0) return at.errors.every(wasNeverSent);
    at = 'cause' in at ? at.cause : undefined;
  }
  return false;
}
