/** A TCP proxy that hands on every byte some time later, in its order: it makes a healthy node slow. */
import { once } from 'node:events';
import * as net from 'node:net';

/** A proxy that listens. */
export class DelayingProxy {
  /** Its port on 127.0.0.1. */
  readonly port: number;
  readonly #server: net.Server;
  readonly #sockets: Set<net.Socket>;

  private constructor(server: net.Server, sockets: Set<net.Socket>, port: number) {
    this.#server = server;
    this.#sockets = sockets;
    this.port = port;
  }

  /**
   * Opens one.
   *
   * @param target - Port on 127.0.0.1 that it stands before.
   * @param delayMs - What it adds to an answer.
   */
  static async open(target: number, delayMs: number): Promise<DelayingProxy> {
    const sockets = new Set<net.Socket>();
    const server = net.createServer({ noDelay: true }, (near) => {
      const far = net.connect({ port: target, host: '127.0.0.1', noDelay: true });
      for (const socket of [near, far]) {
        sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => {
          sockets.delete(socket);
          near.destroy();
          far.destroy();
        });
      }
      near.pipe(far);
      far.on('data', (bytes) => setTimeout(() => near.write(bytes), delayMs));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
    return new DelayingProxy(server, sockets, address.port);
  }

  /** Closes it and its connections. */
  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
