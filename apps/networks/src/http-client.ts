/** Requests over connections that stay open. */
import * as http from 'node:http';

/** An answer, whatever its status; 0 when none came. */
export interface Answer {
  /** Its status. */
  readonly status: number;
  /** Its text, or why there was none. */
  readonly body: string;
}

/** Sends requests. */
export class HttpClient {
  readonly #agent = new http.Agent({ keepAlive: true });

  /** Sends one request and reads the whole answer. */
  async send(method: string, url: string, body: string | undefined, timeoutMs: number): Promise<Answer> {
    return await new Promise((resolve) => {
      const outgoing = http.request(url, {
        agent: this.#agent,
        method,
        headers: body === undefined ? {} : { 'content-length': Buffer.byteLength(body) },
        signal: AbortSignal.timeout(timeoutMs),
      });
      outgoing.on('error', (error) => resolve({ status: 0, body: error.message }));
      outgoing.on('response', (incoming) => {
        let text = '';
        incoming.setEncoding('utf8').on('data', (part: string) => (text += part));
        incoming.on('error', (error) => resolve({ status: 0, body: error.message }));
        incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, body: text }));
      });
      outgoing.end(body);
    });
  }

  /** Closes all connections. */
  close(): void {
    this.#agent.destroy();
  }
}
