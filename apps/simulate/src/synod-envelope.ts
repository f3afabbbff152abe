/** What travels in an explored Synod. */
import { formatBallot, type SynodMessage } from '@synod/paxos';

/** What travels between clients and servers, and between servers. */
export type Envelope =
  | { readonly type: 'synod'; readonly to: number; readonly message: SynodMessage }
  | { readonly type: 'put' | 'get'; readonly to: number; readonly client: number }
  | { readonly type: 'putDone'; readonly client: number }
  | { readonly type: 'getDone'; readonly client: number; readonly value: number };

/**
 * A message for people.
 *
 * @param envelope - One on its way.
 */
export function describeEnvelope(envelope: Envelope): string {
  switch (envelope.type) {
    case 'synod': {
      const { from, to, type, ...rest } = envelope.message;
      const parts = Object.entries(rest).map(([name, part]) => `${name} ${describePart(part)}`);
      return `${type} of ${from} to ${to} (${parts.join(', ')})`;
    }
    case 'put':
    case 'get':
      return `${envelope.type} of client ${envelope.client} at n${envelope.to + 1}`;
    case 'putDone':
      return `the answer to the put of client ${envelope.client}`;
    case 'getDone':
      return `the answer to the get of client ${envelope.client}, value ${envelope.value},`;
  }
}

function describePart(part: unknown): string {
  if (part instanceof Uint8Array) return part.join();
  if (typeof part === 'number') return formatBallot(part);
  if (typeof part !== 'object' || part === null) return 'none';
  return Object.values(part).map(describePart).join(' value ');
}
