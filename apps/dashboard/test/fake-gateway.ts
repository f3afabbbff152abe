// A gateway without a cluster: serves the built page under a stricter policy than the real one does, and answers the
// REST interface from a small model that a test sets as it likes. Its documents are those of apps/cluster.
import * as fs from 'node:fs';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../dist', import.meta.url));

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'";

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** A node of the model. */
export interface FakeNode {
  readonly id: string;
  isUp: boolean;
  role: string;
  term: number;
  leader: string | undefined;
  commitIndex: number;
  lastIndex: number;
  snapshotIndex: number;
  explanation: string;
  startedAtMs: number;
}

/** The model and its server. */
export class FakeGateway {
  readonly nodes: FakeNode[] = ['n1', 'n2', 'n3'].map((id) => fakeNode(id));
  readonly values = new Map<string, string>();
  readonly entries: unknown[] = [];
  /** Faults that the page ordered, such as `kill n2`. */
  readonly orders: string[] = [];
  faultsEnabled = true;
  strategy = 'round-robin';
  offersEvents = true;
  /** While set, every request for a key fails with it. */
  keyProblem: { readonly status: number; readonly error: unknown } | undefined;
  /** While set, GET /v1/cluster answers with this text. */
  clusterText: string | undefined;
  revision = 1;

  readonly #server = http.createServer((request, response) => void this.#answer(request, response));
  readonly #streams = new Set<http.ServerResponse>();
  #eventId = 0;

  /** Listens on a free port of the loopback interface; resolves to the address of the page. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** Ends every connection; harmless when done already. */
  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Sends an event to every page. */
  tell(node: string, event: Readonly<Record<string, unknown>>, timeMs = Date.now()): void {
    this.#eventId += 1;
    const data = JSON.stringify({ id: this.#eventId, node, timeMs, event });
    for (const stream of this.#streams) stream.write(`id: ${this.#eventId}\ndata: ${data}\n\n`);
  }

  /** Makes one node the leader of a term, and the others that are up its followers. */
  elect(id: string, term: number): void {
    for (const node of this.nodes.filter((other) => other.isUp)) {
      const role = node.id === id ? 'leader' : 'follower';
      Object.assign(node, { role, term, leader: id, explanation: explanationOf(role, id) });
    }
  }

  /** Makes the cluster larger. */
  addNodes(...ids: readonly string[]): void {
    for (const id of ids) this.nodes.push(fakeNode(id));
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'http://gateway');
    const body = await bodyOf(request);
    if (pathname === '/v1/cluster') return this.#sendCluster(response);
    if (pathname === '/v1/cluster/log')
      return sendJson(response, 200, { node: this.nodes[0]?.id, entries: this.entries });
    if (pathname === '/v1/cluster/events') return this.#openStream(response);
    if (pathname.startsWith('/v1/kv/'))
      return this.#answerKey(request.method ?? 'GET', pathname, body, response);
    if (pathname === '/v1/balancer') {
      this.strategy = JSON.parse(body).strategy;
      return sendJson(response, 200, { strategy: this.strategy });
    }
    if (pathname.startsWith('/v1/faults/')) return this.#fault(pathname, response);
    return sendFile(response, pathname);
  }

  #sendCluster(response: http.ServerResponse): void {
    if (this.clusterText !== undefined) {
      response.writeHead(200, { 'content-type': 'application/json' }).end(this.clusterText);
      return;
    }
    const nodes = this.nodes.map((node, at) => nodeDocument(node, at, this.nodes));
    const strategies = ['round-robin', 'peak-ewma'];
    const gateway = { strategy: this.strategy, strategies, faultsEnabled: this.faultsEnabled };
    sendJson(response, 200, { cluster: 'demo', term: 4, nodes, gateway });
  }

  #openStream(response: http.ServerResponse): void {
    if (!this.offersEvents)
      return sendJson(response, 503, { error: { code: 'TOO_MANY_STREAMS', message: 'too many' } });
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write(': hello\n\n');
    this.#streams.add(response);
    response.on('close', () => this.#streams.delete(response));
  }

  #answerKey(method: string, pathname: string, body: string, response: http.ServerResponse): void {
    if (this.keyProblem !== undefined)
      return sendJson(response, this.keyProblem.status, { error: this.keyProblem.error });
    const key = decodeURIComponent(pathname.slice('/v1/kv/'.length));
    const value = this.values.get(key);
    if (method === 'PUT') {
      this.revision += 1;
      this.values.set(key, body);
      return sendJson(response, 200, { revision: this.revision });
    }
    if (method === 'DELETE') {
      this.values.delete(key);
      return sendJson(response, 200, { revision: this.revision, deleted: value === undefined ? 0 : 1 });
    }
    if (value === undefined) {
      const error = {
        code: 'KEY_NOT_FOUND',
        message: `there is no key ${key}`,
        effect: 'none',
        retryable: false,
      };
      return sendJson(response, 404, { error });
    }
    return sendJson(response, 200, {
      key,
      value,
      modRevision: this.revision,
      version: 1,
      revision: this.revision,
    });
  }

  #fault(pathname: string, response: http.ServerResponse): void {
    const [id, fault] = pathname.slice('/v1/faults/'.length).split('/');
    this.orders.push(`${fault} ${id}`);
    const node = this.nodes.find((other) => other.id === id);
    if (node === undefined)
      return sendJson(response, 404, { error: { code: 'NODE_NOT_FOUND', message: 'no such node' } });
    node.isUp = fault === 'restart';
    if (node.isUp) node.startedAtMs = Date.now();
    return sendJson(response, 200, { node: id, action: fault });
  }
}

function fakeNode(id: string): FakeNode {
  const startedAtMs = Date.now() - 130_000;
  const indexes = { commitIndex: 128, lastIndex: 128, snapshotIndex: 100 };
  const role = id === 'n2' ? 'leader' : 'follower';
  return {
    id,
    isUp: true,
    role,
    term: 4,
    leader: 'n2',
    ...indexes,
    explanation: explanationOf(role, 'n2'),
    startedAtMs,
  };
}

function explanationOf(role: string, leader: string): string {
  return role === 'leader'
    ? 'leads with 3 voters; every entry is committed'
    : `follows ${leader}; waits for nothing`;
}

function nodeDocument(node: FakeNode, at: number, all: readonly FakeNode[]): unknown {
  const others = all.filter((other) => other !== node);
  const peers = others.map(({ id, lastIndex, isUp }) => {
    return {
      id,
      matchIndex: lastIndex,
      nextIndex: lastIndex + 1,
      state: isUp ? 'replicate' : 'probe',
      inFlight: 0,
    };
  });
  const engine = {
    kind: 'raft',
    id: node.id,
    role: node.role,
    term: node.term,
    leader: node.leader,
    commitIndex: node.commitIndex,
    appliedIndex: node.commitIndex,
    firstIndex: node.snapshotIndex + 1,
    lastIndex: node.lastIndex,
    snapshot: { index: node.snapshotIndex, term: 3 },
    peers: node.role === 'leader' ? peers : [],
    explanation: node.explanation,
  };
  const running = { state: 'running', pid: 4711 + at, startedAtMs: node.startedAtMs };
  const stopped = {
    state: 'stopped',
    startedAtMs: node.startedAtMs,
    exit: { signal: 'SIGKILL', message: 'killed by SIGKILL' },
  };
  return {
    id: node.id,
    url: `http://127.0.0.1:${8711 + at}`,
    reachable: node.isUp,
    healthy: node.isUp,
    ...(node.isUp ? {} : { reason: 'connect ECONNREFUSED' }),
    picks: 12,
    inFlight: 0,
    process: node.isUp ? running : stopped,
    status: { id: node.id, cluster: 'demo', pid: 4711 + at, uptimeMs: 1000, state: 'running', engine },
  };
}

function sendJson(response: http.ServerResponse, status: number, document: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'synod-node': 'n2' });
  response.end(JSON.stringify(document));
}

function sendFile(response: http.ServerResponse, pathname: string): void {
  const file = path.join(dist, path.normalize(pathname === '/' ? '/index.html' : pathname));
  if (!file.startsWith(dist) || !fs.existsSync(file)) {
    response.writeHead(404).end();
    return;
  }
  const type = contentTypes[path.extname(file)] ?? 'application/octet-stream';
  response.writeHead(200, { 'content-type': type, 'content-security-policy': policy });
  response.end(fs.readFileSync(file));
}

async function bodyOf(request: http.IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces).toString('utf8');
}
