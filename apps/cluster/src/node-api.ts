/** The REST interface of a node: which route does what. The documents are described in rest-documents.ts. */
import { parseInteger } from '@synod/core';
import type { SessionSequence } from '@synod/kv';
import type { TransportStats } from '@synod/transport-ws';
import type { LiveBackups } from './backup/live-backup.js';
import type { EventFeed } from './event-feed.js';
import type { HttpRequest } from './http-request.js';
import { type HttpAnswer, type HttpHandler, type HttpRoute, json } from './http-server.js';
import { base64Of, bytesOfBase64, decodeKey, percentDecode, textOf } from './key-encoding.js';
import type { LogTail } from './log-tail.js';
import { metricsAnswer } from './metrics-text.js';
import { nodeMetrics } from './node-metrics.js';
import type { Consistency, Expectation, ReplicatedStore, WriteOptions } from './replicated-store.js';
import { keyValueDocument } from './replicated-store.js';
import { readTimeoutMs } from './request-timeout.js';
import type { LogDocument, NodeStatusDocument, ReadDocument } from './rest-documents.js';
import { fieldOf, parseJson, RestError, restErrorOf } from './rest-errors.js';
import { streamEvents } from './server-sent-events.js';

/** What the routes work on. */
export interface NodeParts {
  /** The node. */
  readonly id: string;
  /**
   * State of the node at this moment.
   *
   * @param withHash - Whether to digest the whole store, which takes a while.
   */
  status(withHash: boolean): NodeStatusDocument;
  /**
   * The store.
   *
   * @throws RestError `STARTING` until it is there.
   */
  store(): ReplicatedStore;
  /** Backups that are under way. */
  readonly backups: LiveBackups;
  /** Counters of its transport, once there is one. */
  transport(): TransportStats | undefined;
  /** The newest committed entries. */
  readonly log: LogTail;
  /** What happens. */
  readonly events: EventFeed;
  /** Where the REST interface of a node is, if known. */
  urlOf(id: string): string | undefined;
}

const octets = 'application/octet-stream';
const noStore = { 'cache-control': 'no-store' };

/**
 * The routes of a node.
 *
 * @param parts - What they work on.
 */
export function nodeRoutes(parts: NodeParts): readonly HttpRoute[] {
  const withHints =
    (handler: HttpHandler): HttpHandler =>
    async (request, outgoing) => {
      try {
        return await handler(request, outgoing);
      } catch (error) {
        throw restErrorOf(error, (id) => parts.urlOf(id));
      }
    };
  const routes: readonly HttpRoute[] = [
    { method: 'GET', path: '/v1/kv', handler: (request) => range(parts, request) },
    { method: 'POST', path: '/v1/kv/*/compare-and-set', handler: (request) => compareAndSet(parts, request) },
    { method: 'GET', path: '/v1/kv/*', handler: (request) => get(parts, request) },
    { method: 'PUT', path: '/v1/kv/*', handler: (request) => put(parts, request) },
    { method: 'DELETE', path: '/v1/kv/*', handler: (request) => remove(parts, request) },
    { method: 'POST', path: '/v1/sessions', handler: (request) => openSession(parts, request) },
    {
      method: 'GET',
      path: '/v1/status',
      handler: (request) => json(parts.status(flag(request, 'hash')), 200, noStore),
    },
    {
      method: 'GET',
      path: '/metrics',
      handler: () => metricsAnswer(nodeMetrics(parts.status(false), parts.transport())),
    },
    { method: 'GET', path: '/v1/health', handler: () => health(parts) },
    {
      method: 'GET',
      path: '/v1/backup',
      handler: (request, outgoing) => parts.backups.stream(parts.store(), request, outgoing),
    },
    { method: 'GET', path: '/v1/log', handler: (request) => log(parts, request) },
    {
      method: 'GET',
      path: '/v1/events',
      handler: (request, outgoing) => {
        streamEvents(parts.events, request, outgoing);
        return 'streamed';
      },
    },
  ];
  return routes.map((route) => ({ ...route, handler: withHints(route.handler) }));
}

async function put(parts: NodeParts, request: HttpRequest): Promise<HttpAnswer> {
  const key = decodeKey(request.rest);
  const options = writeOptions(request);
  const previous = flag(request, 'previous');
  return answered(parts, await parts.store().put(key, await request.body(), previous, options));
}

async function remove(parts: NodeParts, request: HttpRequest): Promise<HttpAnswer> {
  return answered(parts, await parts.store().delete(decodeKey(request.rest), writeOptions(request)));
}

async function compareAndSet(parts: NodeParts, request: HttpRequest): Promise<HttpAnswer> {
  const key = decodeKey(request.rest);
  const options = writeOptions(request);
  const document = parseJson((await request.body()).toString('utf8'));
  if (typeof document !== 'object' || document === null) {
    const message =
      'the body is not a JSON object: send {"expectedModRevision": 2, "value": "…"} or the like';
    throw new RestError({ code: 'MALFORMED_JSON', message });
  }
  const value = bytesField(document, 'value');
  if (value === undefined) throw invalid('the body has no value: give "value" (text) or "valueBase64"');
  return answered(parts, await parts.store().compareAndSet(key, value, readExpectation(document), options));
}

async function get(parts: NodeParts, request: HttpRequest): Promise<HttpAnswer> {
  const key = decodeKey(request.rest);
  const consistency = readConsistency(request);
  const { keyValue, revision } = await parts
    .store()
    .get(key, consistency, { timeoutMs: readTimeoutMs(request) });
  if (keyValue === undefined) {
    throw new RestError({
      code: 'KEY_NOT_FOUND',
      message: `there is no key ${preview(key)} at revision ${revision}`,
    });
  }
  if (!prefersOctets(request)) {
    const document: ReadDocument = { ...keyValueDocument(keyValue), revision };
    return answered(parts, document);
  }
  const headers = {
    ...noStore,
    'content-type': octets,
    'synod-node': parts.id,
    'synod-revision': String(revision),
    'synod-create-revision': String(keyValue.createRevision),
    'synod-mod-revision': String(keyValue.modRevision),
    'synod-version': String(keyValue.version),
  };
  return { status: 200, headers, body: keyValue.value };
}

async function range(parts: NodeParts, request: HttpRequest): Promise<HttpAnswer> {
  const query = {
    prefix: percentDecode(rawParameter(request, 'prefix'), 'prefix'),
    limit: parseInteger(Number(request.query.get('limit') ?? 100), 'limit', 1, 10_000),
    keysOnly: flag(request, 'keysOnly'),
  };
  const options = { timeoutMs: readTimeoutMs(request) };
  return answered(parts, await parts.store().range(query, readConsistency(request), options));
}

async function openSession(parts: NodeParts, request: HttpRequest): Promise<HttpAnswer> {
  return answered(parts, { session: await parts.store().openSession({ timeoutMs: readTimeoutMs(request) }) });
}

function health(parts: NodeParts): HttpAnswer {
  const { id, state, engine } = parts.status(false);
  const healthy = state === 'running' && engine?.leader !== undefined;
  return json({ node: id, healthy, state, leader: engine?.leader }, healthy ? 200 : 503, noStore);
}

function log(parts: NodeParts, request: HttpRequest): HttpAnswer {
  const last = parseInteger(Number(request.query.get('last') ?? 50), 'last', 1, 1_000);
  const document: LogDocument = { node: parts.id, entries: parts.log.last(last) };
  return answered(parts, document);
}

function answered(parts: NodeParts, document: object): HttpAnswer {
  return json(document, 200, { ...noStore, 'synod-node': parts.id });
}

function writeOptions(request: HttpRequest): WriteOptions {
  const sequence = readSequence(request);
  const timeoutMs = readTimeoutMs(request);
  return sequence === undefined ? { timeoutMs } : { timeoutMs, sequence };
}

function readSequence(request: HttpRequest): SessionSequence | undefined {
  const session = request.header('synod-session');
  const sequence = request.header('synod-sequence');
  if (session === undefined && sequence === undefined) return undefined;
  if (session === undefined || sequence === undefined) {
    throw invalid('Synod-Session and Synod-Sequence belong together: send both or none');
  }
  return {
    session: parseInteger(Number(session), 'Synod-Session', 1),
    sequence: parseInteger(Number(sequence), 'Synod-Sequence', 1),
  };
}

function readConsistency(request: HttpRequest): Consistency {
  const consistency = request.query.get('consistency') ?? 'linearizable';
  if (consistency === 'linearizable' || consistency === 'stale') return consistency;
  throw invalid(
    `consistency is ${JSON.stringify(consistency.slice(0, 40))}: it must be linearizable or stale`,
  );
}

function readExpectation(document: object): Expectation {
  const modRevision = fieldOf(document, 'expectedModRevision');
  const value = bytesField(document, 'expectedValue');
  const absent = fieldOf(document, 'absent');
  const given = [modRevision, value, absent].filter((expectation) => expectation !== undefined).length;
  if (given !== 1 || (absent !== undefined && absent !== true)) {
    throw invalid(
      'the body needs exactly one of "expectedModRevision", "expectedValue" or "expectedValueBase64", and "absent": true',
    );
  }
  if (value !== undefined) return { expectedValue: value };
  return { expectedModRevision: absent === true ? 0 : parseInteger(modRevision, 'expectedModRevision', 0) };
}

/** A field of bytes: as text under its name, or in base64 under its name with `Base64` at the end. */
function bytesField(document: object, name: string): Uint8Array | undefined {
  const text = fieldOf(document, name);
  const base64 = fieldOf(document, `${name}Base64`);
  if (text !== undefined && base64 !== undefined)
    throw invalid(`give one of "${name}" and "${name}Base64", not both`);
  if (text !== undefined) {
    if (typeof text !== 'string') throw invalid(`"${name}" must be text`);
    return Buffer.from(text, 'utf8');
  }
  if (base64 === undefined) return undefined;
  if (typeof base64 !== 'string') throw invalid(`"${name}Base64" must be text in base64`);
  return bytesOfBase64(base64, `"${name}Base64"`);
}

function flag(request: HttpRequest, name: string): boolean {
  const value = request.query.get(name);
  if (value === null || value === 'false') return false;
  if (value === 'true' || value === '') return true;
  throw invalid(`${name} is ${JSON.stringify(value.slice(0, 40))}: it must be true or false`);
}

/** `URLSearchParams` decodes to text, and a prefix is bytes. */
function rawParameter(request: HttpRequest, name: string): string {
  const query = request.target.slice(request.path.length + 1);
  const found = query.split('&').find((parameter) => parameter.startsWith(`${name}=`));
  return found === undefined ? '' : found.slice(name.length + 1).replaceAll('+', '%20');
}

function prefersOctets(request: HttpRequest): boolean {
  return (
    request
      .header('accept')
      ?.split(',')
      .some((type) => type.trim().startsWith(octets)) ?? false
  );
}

function preview(key: Uint8Array): string {
  const text = textOf(key.subarray(0, 60));
  return text === undefined ? `base64 ${base64Of(key.subarray(0, 60))}` : JSON.stringify(text);
}

function invalid(message: string): RestError {
  return new RestError({ code: 'INVALID_ARGUMENT', message });
}
