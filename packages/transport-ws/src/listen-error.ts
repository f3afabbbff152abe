/** The one failure of starting: the address to listen on is not to be had. */
import { SynodError } from '@synod/core';

/**
 * The transport could not listen on the address it was given. Nothing was started; `start` may be called again.
 *
 * @remarks `code` is `LISTEN_FAILED`. `retryable` is `true` when the port is in use: it may become free.
 */
export class TransportListenError extends SynodError {
  /** Host that was asked for. */
  readonly host: string;
  /** Port that was asked for. */
  readonly port: number;

  /**
   * @param host - Host that was asked for.
   * @param port - Port that was asked for.
   * @param cause - What the platform said.
   */
  constructor(host: string, port: number, cause: Error) {
    const platformCode = 'code' in cause ? String(cause.code) : cause.message;
    super({
      code: 'LISTEN_FAILED',
      message: `cannot listen on ${host}:${port} (${platformCode}): ${remedy(platformCode)}`,
      retryable: platformCode === 'EADDRINUSE',
      cause,
    });
    this.host = host;
    this.port = port;
  }
}

function remedy(platformCode: string): string {
  switch (platformCode) {
    case 'EADDRINUSE':
      return 'another process listens there; stop it, or choose another port (0 takes any free one)';
    case 'EACCES':
      return 'this user may not open that port; choose one above 1023';
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return 'that host is not an address of this machine; use 127.0.0.1, 0.0.0.0 or one of its own addresses';
    default:
      return 'choose a host of this machine and a free port';
  }
}
