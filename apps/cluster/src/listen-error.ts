/** The one thing that often goes wrong at start-up, with what to do about it. */
import { SynodError } from '@synod/core';

/** An address cannot be listened at. */
export class ListenError extends SynodError {
  /** Whether another program holds the port. */
  readonly taken: boolean;

  /**
   * @param host - Address that was asked for.
   * @param port - Port that was asked for.
   * @param cause - What the system said.
   */
  constructor(host: string, port: number, cause: Error) {
    const code = 'code' in cause ? cause.code : undefined;
    super({ code: 'LISTEN_FAILED', message: listenMessage(host, port, code, cause), cause });
    this.taken = code === 'EADDRINUSE';
  }
}

function listenMessage(host: string, port: number, code: unknown, cause: Error): string {
  if (code === 'EADDRINUSE') {
    return `port ${port} on ${host} is taken: stop the program that holds it, or choose another port with --port`;
  }
  if (code === 'EACCES') return `port ${port} on ${host} is not allowed for this user: choose one above 1023`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return `${host} is not an address of this machine: use 127.0.0.1 or 0.0.0.0`;
  return `cannot listen at ${host}:${port}: ${cause.message}`;
}
