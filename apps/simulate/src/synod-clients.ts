/**
 * Clients of an explored Synod: each puts a value of its own and, once that is answered, gets. What they saw must be
 * what a register would have shown them.
 */

/** One client at one moment. */
export interface SynodClient {
  readonly phase: 'putting' | 'getting' | 'done';
  /** By other client: how many of its operations had ended when the get began. */
  readonly before: readonly number[];
  /** What the get answered: the client whose value it is. */
  readonly got: number | undefined;
}

/** All clients at one moment. */
export type SynodClients = readonly SynodClient[];

/** Clients whose puts are on their way. */
export function newClients(count: number): SynodClients {
  return Array.from({ length: count }, () => ({ phase: 'putting', before: [], got: undefined }));
}

/** How many operations of a client have ended. */
function ended({ phase }: SynodClient): number {
  return ['putting', 'getting', 'done'].indexOf(phase);
}

/** The put of a client is answered, and its get begins; nothing comes of a second answer. */
export function putAnswered(clients: SynodClients, index: number): SynodClients | undefined {
  if (clients[index]?.phase !== 'putting') return undefined;
  const before = clients.map((client, other) => (other === index ? 0 : ended(client)));
  return clients.map((client, other) =>
    other === index ? { phase: 'getting', before, got: undefined } : client,
  );
}

/** The get of a client is answered. */
export function getAnswered(clients: SynodClients, index: number, value: number): SynodClients | undefined {
  const asking = clients[index];
  if (asking?.phase !== 'getting') return undefined;
  return clients.map((client, other) =>
    other === index ? { ...asking, phase: 'done', got: value } : client,
  );
}

/** Whether some order explains all answers. A put that is not answered may have taken effect or not. */
export function isLinearizable(clients: SynodClients): boolean {
  const explained = (done: readonly number[], value: number | undefined): boolean => {
    if (clients.every((client, index) => (done[index] ?? 0) >= ended(client))) return true;
    return clients.some((client, index) => {
      const at = done[index] ?? 0;
      if (at > ended(client) || at > 1) return false;
      const next = done.map((count, other) => (other === index ? count + 1 : count));
      if (at === 0) return explained(next, index);
      if (client.before.some((count, other) => (done[other] ?? 0) < count)) return false;
      return (client.got === undefined || client.got === value) && explained(next, value);
    });
  };
  return explained(
    clients.map(() => 0),
    undefined,
  );
}
