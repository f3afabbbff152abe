/** Servers whose answers a test decides. */
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a server does with a request. */
export type Answering = (request: http.IncomingMessage, response: http.ServerResponse, body: string) => void;

/** A server on the loopback interface. */
export class TestServer {
  /** Its address. */
  url = '';
  /** Requests so far, such as `GET /a`. */
  readonly seen: string[] = [];
  /** How it answers now. */
  answering: Answering = (_request, response) => void response.end(this.name);
  readonly name: string;
  readonly #server: http.Server;

  constructor(name: string) {
    this.name = name;
    this.#server = http.createServer((request, response) => {
      this.seen.push(`${request.method} ${request.url}`);
      let body = '';
      request.setEncoding('utf8').on('data', (part: string) => (body += part));
      request.on('end', () => this.answering(request, response, body));
    });
  }

  /** Listens, on the port that it had before if it had one. */
  async start(): Promise<void> {
    const port = this.url === '' ? 0 : Number(new URL(this.url).port);
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Ends all connections. */
  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Starts so many servers: a, b, c and so on. */
export async function startServers(count: number): Promise<readonly TestServer[]> {
  const servers = Array.from({ length: count }, (_, at) => new TestServer(String.fromCharCode(97 + at)));
  for (const server of servers) await server.start();
  return servers;
}

/** Answers with a status. */
export function status(code: number): Answering {
  return (_request, response) => void response.writeHead(code).end(`status ${code}`);
}
