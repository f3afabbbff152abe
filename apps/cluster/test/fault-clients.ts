/**
 * The clients of the fault test. Each works in a closed loop, records what it tried and what it was told, and does
 * what a careful client would: after a refusal it may try something new; after an unknown outcome it leaves things
 * open, unless a session makes a repeat harmless.
 */
import type { Random } from '@synod/core';
import type {
  CompareAndSetDocument,
  DeleteDocument,
  KeyValueDocument,
  PutDocument,
  RangeDocument,
  ReadDocument,
} from '../src/rest-documents.js';
import type { FaultHistory, FoundKey, WriteOutcome } from './fault-history.js';
import type { Attempted, AttemptResult, Door } from './fault-requests.js';

/** The counter that clients add to without sessions. */
export const plainCounter = 'counter/plain';
/** The counter that clients add to in sessions. */
export const sessionCounter = 'counter/session';

/** What one client works with. */
export interface ClientParts {
  /** Its name, in keys and values. */
  readonly name: string;
  /** Where it sends its requests. */
  readonly door: Door;
  /** Where it records. */
  readonly history: FaultHistory;
  /** Decides what it does. */
  readonly random: Random;
  /** Aborted when it shall stop. */
  readonly signal: AbortSignal;
}

const blockKeys = 500;
const churnKeys = 8;
const resolveTimeoutMs = 30_000;

/** Writes keys that nobody wrote before, each once, whatever comes of it. */
export async function writeUniqueKeys(client: ClientParts): Promise<void> {
  const { name, random, signal } = client;
  for (let number = 0; !signal.aborted; number++) {
    const key = `unique/${name}/${Math.floor(number / blockKeys)}/${number}`;
    await put(client, key, `${name}-${number}-${'x'.repeat(random.integer(0, 200))}`);
  }
}

/** Overwrites, deletes and reads a few keys that all such clients fight for. */
export async function churnSharedKeys(client: ClientParts): Promise<void> {
  const { name, random, signal } = client;
  for (let number = 0; !signal.aborted; number++) {
    const key = `churn/${random.integer(0, churnKeys)}`;
    const choice = random.float();
    if (choice < 0.4) await put(client, key, `${name}-${number}`);
    else if (choice < 0.6) await remove(client, key);
    else await readByPrefix(client, key, random.chance(0.8));
  }
}

/** Adds to a counter by compare-and-set. After an unknown outcome it just goes on, so the count may be higher. */
export async function incrementPlainly(client: ClientParts): Promise<void> {
  const { signal, name } = client;
  for (let number = 0; !signal.aborted; number++) {
    const current = await readByPrefix(client, plainCounter, true);
    if (current === 'failed') continue;
    const write = increment(plainCounter, current, `${name}-${number}`);
    const beganMs = performance.now();
    settleIncrement(client, write, beganMs, await client.door.attempt(write.request));
    await rest(client, 4);
  }
}

/** Adds to a counter in a session: the same attempt again until it is answered, so the count must be exact. */
export async function incrementInSession(client: ClientParts): Promise<void> {
  const { signal, name } = client;
  const session = await openSession(client);
  if (session === undefined) return;
  for (let sequence = 1; !signal.aborted; sequence++) {
    const current = await readByPrefix(client, sessionCounter, true);
    if (current === 'failed') {
      sequence--;
      continue;
    }
    const write = increment(sessionCounter, current, `${name}-${sequence}`);
    const headers = { 'synod-session': String(session), 'synod-sequence': String(sequence) };
    const beganMs = performance.now();
    const request: Attempted = { ...write.request, headers };
    const result = await untilAnswered<CompareAndSetDocument>(client, request);
    if (result === undefined) return;
    settleIncrement(client, write, beganMs, result);
    if (client.random.chance(0.2)) await repeat(client, request, result.document);
    await rest(client, 4);
  }
}

/** Reads keys whose writes were acknowledged, anywhere: they must be there. Now and then it reads the counters. */
export async function readAcknowledgedKeys(client: ClientParts): Promise<void> {
  const { door, history, random, signal } = client;
  while (!signal.aborted) {
    door.anywhere();
    if (random.chance(0.2)) {
      const counter = random.chance(0.5) ? plainCounter : sessionCounter;
      await readByPrefix(client, counter, random.chance(0.8));
      continue;
    }
    const { writes } = history;
    // Half of the time one of the very newest, which a node that lags would miss.
    const oldest = random.chance(0.5) ? Math.max(0, writes.length - 20) : 0;
    const write = writes.length === 0 ? undefined : writes[random.integer(oldest, writes.length)];
    if (write?.outcome === 'acknowledged' && write.key.startsWith('unique/'))
      await readKey(client, write.key);
    else await rest(client, 2);
  }
}

async function put(client: ClientParts, key: string, value: string): Promise<void> {
  const beganMs = performance.now();
  const result = await client.door.attempt<PutDocument>({
    method: 'PUT',
    target: targetOf(key),
    body: value,
  });
  const revision = result.type === 'answered' ? result.document.revision : undefined;
  record(client, { key, value, beganMs }, result, revision);
  await rest(client, result.type === 'answered' ? 4 : 50);
}

async function remove(client: ClientParts, key: string): Promise<void> {
  const beganMs = performance.now();
  const result = await client.door.attempt<DeleteDocument>({ method: 'DELETE', target: targetOf(key) });
  if (result.type === 'answered' && result.document.deleted === 0) {
    const { revision } = result.document;
    const read = { key, source: result.source, linearizable: true, revision, found: undefined };
    client.history.read({ ...read, beganMs, endedMs: performance.now() });
  } else {
    const revision = result.type === 'answered' ? result.document.revision : undefined;
    record(client, { key, value: undefined, beganMs }, result, revision);
  }
  await rest(client, result.type === 'answered' ? 4 : 50);
}

interface Begun {
  readonly key: string;
  readonly value: string | undefined;
  readonly expectedModRevision?: number;
  readonly beganMs: number;
}

function record(
  { history }: ClientParts,
  begun: Begun,
  result: AttemptResult<unknown>,
  revision: number | undefined,
): void {
  const outcome: WriteOutcome = result.type === 'answered' ? 'acknowledged' : result.type;
  const endedMs = outcome === 'unknown' ? Number.POSITIVE_INFINITY : performance.now();
  history.wrote({ ...begun, endedMs, outcome, ...(revision === undefined ? {} : { revision }) });
}

interface Increment {
  readonly key: string;
  readonly value: string;
  readonly expectedModRevision: number;
  readonly request: Attempted;
}

function increment(key: string, current: FoundKey | undefined, token: string): Increment {
  const count = Number(current?.value.split(' ')[0] ?? 0);
  const value = `${count + 1} ${token}`;
  const expectedModRevision = current?.modRevision ?? 0;
  const body = JSON.stringify({ expectedModRevision, value });
  const request: Attempted = { method: 'POST', target: `${targetOf(key)}/compare-and-set`, body };
  return { key, value, expectedModRevision, request };
}

function settleIncrement(
  client: ClientParts,
  { key, value, expectedModRevision }: Increment,
  beganMs: number,
  result: AttemptResult<CompareAndSetDocument>,
): void {
  if (result.type === 'answered' && !result.document.succeeded) {
    const { revision, current } = result.document;
    const found = current === undefined ? undefined : foundKey(current);
    if ((found?.modRevision ?? 0) === expectedModRevision)
      client.history.violated(
        `a compare-and-set of ${key} failed, but the key is at revision ${expectedModRevision}`,
      );
    const read = { key, source: result.source, linearizable: true, revision, found };
    client.history.read({ ...read, beganMs, endedMs: performance.now() });
    return;
  }
  const revision = result.type === 'answered' ? result.document.revision : undefined;
  record(client, { key, value, expectedModRevision, beganMs }, result, revision);
}

async function openSession(client: ClientParts): Promise<number | undefined> {
  const request: Attempted = { method: 'POST', target: '/v1/sessions' };
  // An attempt of unknown outcome may have opened another session: nobody uses that one.
  const result = await untilAnswered<{ readonly session: number }>(client, request);
  return result?.document.session;
}

/** Sends the same request until it is answered, also after the client was told to stop. */
async function untilAnswered<Document>(
  client: ClientParts,
  request: Attempted,
): Promise<(AttemptResult<Document> & { readonly type: 'answered' }) | undefined> {
  const deadlineMs = performance.now() + resolveTimeoutMs;
  for (;;) {
    const result = await client.door.attempt<Document>(request);
    if (result.type === 'answered') return result;
    const final = result.code === 'SESSION_EXPIRED' || result.code === 'SEQUENCE_STALE';
    if (final || performance.now() > deadlineMs) {
      client.history.violated(`${client.name} never learned what came of ${request.target}: ${result.code}`);
      return undefined;
    }
    await rest(client, 50);
  }
}

/** Sends an answered request once more, as if its answer had been lost: the same answer must come. */
async function repeat(client: ClientParts, request: Attempted, first: CompareAndSetDocument): Promise<void> {
  const again = await untilAnswered<CompareAndSetDocument>(client, request);
  if (again === undefined) return;
  const { succeeded, revision } = again.document;
  if (succeeded === first.succeeded && revision === first.revision) return;
  client.history.violated(
    `${client.name} repeated a request in its session: ${first.succeeded} at ${first.revision} became ${succeeded} at ${revision}`,
  );
}

async function readKey(client: ClientParts, key: string): Promise<void> {
  const beganMs = performance.now();
  const result = await client.door.attempt<ReadDocument>({ method: 'GET', target: targetOf(key) });
  if (result.type !== 'answered') {
    if (result.code === 'KEY_NOT_FOUND')
      client.history.violated(`${result.source} did not find ${key}, whose write was acknowledged`);
    await rest(client, 50);
    return;
  }
  const { document, source } = result;
  const read = { key, source, linearizable: true, revision: document.revision, found: foundKey(document) };
  client.history.read({ ...read, beganMs, endedMs: performance.now() });
}

/** Reads a key that need not exist: as a range, since that tells the revision in either case. */
async function readByPrefix(
  client: ClientParts,
  key: string,
  linearizable: boolean,
): Promise<FoundKey | undefined | 'failed'> {
  const beganMs = performance.now();
  const consistency = linearizable ? 'linearizable' : 'stale';
  const target = `/v1/kv?prefix=${encodeURIComponent(key)}&consistency=${consistency}`;
  const result = await client.door.attempt<RangeDocument>({ method: 'GET', target });
  if (result.type !== 'answered') {
    await rest(client, 50);
    return 'failed';
  }
  const { keys, revision } = result.document;
  const [first] = keys;
  const found = first !== undefined && 'valueBase64' in first ? foundKey(first) : undefined;
  const read = { key, source: result.source, linearizable, revision, found };
  client.history.read({ ...read, beganMs, endedMs: performance.now() });
  return found;
}

/** A key of an answer, as the history has it. */
export function foundKey({ value = '', modRevision, version }: KeyValueDocument): FoundKey {
  return { value, modRevision, version };
}

function targetOf(key: string): string {
  return `/v1/kv/${encodeURIComponent(key)}`;
}

async function rest({ random }: ClientParts, mostMs: number): Promise<void> {
  const pauseMs = random.integer(0, mostMs);
  await new Promise((resolve) => setTimeout(resolve, pauseMs));
}
