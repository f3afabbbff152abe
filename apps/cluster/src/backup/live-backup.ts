/**
 * A backup taken from a running node. The state is that of one moment: the store freezes it without copying a key, and
 * it goes out piece by piece while writes go on.
 */
import type { ServerResponse } from 'node:http';
import type { EngineKind } from '@synod/core';
import type { HttpRequest } from '../http-request.js';
import type { HttpReply } from '../http-server.js';
import type { ReplicatedStore } from '../replicated-store.js';
import { readTimeoutMs } from '../request-timeout.js';
import { RestError } from '../rest-errors.js';
import { backupBytes } from './backup-writer.js';

/** Bounds of the backups that one node streams. */
export interface LiveBackupLimits {
  /** Most at one time: each keeps the state of its moment in memory, as far as it was changed since. */
  readonly backupsMax: number;
  /** A reader that takes nothing for so long is cut off. */
  readonly stallMs: number;
}

/** Defaults: 2 at one time, 30 seconds. */
const liveBackupLimits: LiveBackupLimits = { backupsMax: 2, stallMs: 30_000 };

/** Who makes the backups. */
export interface LiveBackupSource {
  /** The node. */
  readonly node: string;
  /** The cluster. */
  readonly cluster: string;
  /** Its engine. */
  readonly engine: EngineKind;
}

/** Streams backups of one node. */
export class LiveBackups {
  readonly #source: LiveBackupSource;
  readonly #limits: LiveBackupLimits;
  #running = 0;

  /**
   * @param source - Who makes them.
   * @param limits - Bounds.
   */
  constructor(source: LiveBackupSource, limits: LiveBackupLimits = liveBackupLimits) {
    this.#source = source;
    this.#limits = limits;
  }

  /**
   * Answers a request with a backup: linearizable, so it has every write that was acknowledged before the request.
   *
   * @param store - The store.
   * @param request - The request.
   * @param outgoing - Where to write.
   * @throws {@link RestError} `TOO_MANY_STREAMS` when too many are under way.
   */
  async stream(store: ReplicatedStore, request: HttpRequest, outgoing: ServerResponse): Promise<HttpReply> {
    const { backupsMax } = this.#limits;
    if (this.#running >= backupsMax) {
      const message = `${backupsMax} backups are under way here, the most that is allowed: try again when one is done`;
      throw new RestError({ code: 'TOO_MANY_STREAMS', message, retryable: true });
    }
    this.#running++;
    try {
      const { content, state } = await store.backup({ timeoutMs: readTimeoutMs(request) });
      const { node, cluster, engine } = this.#source;
      const header = { node, cluster, engine, ...state, createdMs: Date.now() };
      outgoing.writeHead(200, {
        'content-type': 'application/octet-stream',
        'cache-control': 'no-store',
        'synod-node': node,
        'synod-revision': String(state.revision),
      });
      if (request.method === 'HEAD') outgoing.end();
      else await this.#send(backupBytes(header, content), outgoing);
      return 'streamed';
    } finally {
      this.#running--;
    }
  }

  async #send(bytes: Iterable<Uint8Array>, outgoing: ServerResponse): Promise<void> {
    for (const piece of bytes) {
      const hasRoom = outgoing.write(piece);
      if (hasRoom) await new Promise((resolve) => setImmediate(resolve));
      else await this.#drained(outgoing);
      if (outgoing.destroyed) return;
    }
    outgoing.end();
  }

  /** Waits until the reader took something; one that takes nothing for too long is cut off. */
  async #drained(outgoing: ServerResponse): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => outgoing.destroy(), this.#limits.stallMs);
      const done = (): void => {
        clearTimeout(timer);
        outgoing.off('drain', done).off('close', done);
        resolve();
      };
      outgoing.on('drain', done).on('close', done);
      if (outgoing.destroyed) done();
    });
  }
}
