/** A raw TCP proxy that can hold back the bytes of either direction, as a broken network does. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export class NetworkProxy {
  readonly url: string;
  readonly #close: () => void;
  readonly #pairs: { readonly client: Socket; readonly server: Socket }[];

  private constructor(
    url: string,
    close: () => void,
    pairs: { readonly client: Socket; readonly server: Socket }[],
  ) {
    this.url = url;
    this.#close = close;
    this.#pairs = pairs;
  }

  static async before(port: number): Promise<NetworkProxy> {
    const pairs: { readonly client: Socket; readonly server: Socket }[] = [];
    const listener = createServer((client) => {
      const server = connect(port, '127.0.0.1');
      pairs.push({ client, server });
      for (const [from, to] of [
        [client, server],
        [server, client],
      ] as const) {
        from.on('error', () => {});
        from.on('data', (chunk) => to.write(chunk));
        from.on('close', () => to.destroy());
      }
    });
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port: own } = listener.address() as AddressInfo;
    return new NetworkProxy(`ws://127.0.0.1:${own}`, () => listener.close(), pairs);
  }

  /** Forwards nothing more in these directions, and tells nobody; the connections stay open. */
  swallow({ fromClient = true, fromServer = true } = {}): void {
    for (const { client, server } of this.#pairs) {
      if (fromClient) client.removeAllListeners('data').on('data', () => {});
      if (fromServer) server.removeAllListeners('data').on('data', () => {});
    }
  }

  /** Stops reading in these directions: what is sent there piles up at the sender. */
  hold({ fromClient = false, fromServer = false }): void {
    for (const { client, server } of this.#pairs) {
      if (fromClient) client.pause();
      if (fromServer) server.pause();
    }
  }

  /** Reads again. */
  release(): void {
    for (const { client, server } of this.#pairs) {
      client.resume();
      server.resume();
    }
  }

  /** Passes the client's bytes on no faster than this. */
  throttle(bytesPerMs: number): void {
    for (const { client, server } of this.#pairs) {
      client.removeAllListeners('data').on('data', (chunk: Buffer) => {
        client.pause();
        setTimeout(() => {
          server.write(chunk);
          client.resume();
        }, chunk.length / bytesPerMs);
      });
    }
  }

  /** Passes bytes of the client on with one bit flipped, once, in the next chunk of at least this length. */
  flipBit(chunkBytesLeast: number): void {
    for (const { client, server } of this.#pairs) {
      client.removeAllListeners('data').on('data', (chunk: Buffer) => {
        if (chunk.length >= chunkBytesLeast) chunk[chunk.length - 5] = (chunk[chunk.length - 5] ?? 0) ^ 4;
        server.write(chunk);
      });
    }
  }

  /** What the clients send from now on, as it comes. */
  listen(): Buffer[] {
    const chunks: Buffer[] = [];
    for (const { client } of this.#pairs)
      client.on('data', (chunk: Buffer) => chunks.push(Buffer.from(chunk)));
    return chunks;
  }

  /** Cuts every connection with a reset. */
  cut(): void {
    for (const { client } of this.#pairs) client.resetAndDestroy();
  }

  close(): void {
    this.#close();
    for (const { client, server } of this.#pairs) {
      client.destroy();
      server.destroy();
    }
  }
}
