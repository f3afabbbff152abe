/** The register of incarnations on disk: one small file, replaced as a whole at each change. */
import {
  type FileSystem,
  type Incarnation,
  type IncarnationRegister,
  InvalidArgumentError,
  isIncarnation,
  type NodeId,
  parseNodeId,
} from '@synod/core';
import { isNoRoom, StorageClosedError, StorageFailedError } from './errors.js';
import { encodeIdentity, type Identity, identityPath } from './identity-file.js';
import { replaceFile } from './replace-file.js';

interface OwningStorage {
  readonly failure: Error | undefined;
  fail(error: Error): void;
  giveUpReserve(): Promise<boolean>;
}

/** Who is who, durably. */
export class IncarnationFile implements IncarnationRegister {
  readonly #fileSystem: FileSystem;
  readonly #storage: OwningStorage;
  #identity: Identity;
  /** Changes wait for one another: each replaces the file that the one before wrote. */
  #changes: Promise<void> = Promise.resolve();
  #closed = false;

  /**
   * @param fileSystem - Where.
   * @param identity - What the file says.
   * @param storage - The storage it belongs to: asked whether it has failed, and told when this file cannot be written.
   */
  constructor(fileSystem: FileSystem, identity: Identity, storage: OwningStorage) {
    this.#fileSystem = fileSystem;
    this.#identity = identity;
    this.#storage = storage;
  }

  /** See {@link IncarnationRegister.own}. */
  get own(): Incarnation {
    return this.#identity.own;
  }

  /** See {@link IncarnationRegister.admitted}. */
  get admitted(): boolean {
    return this.#identity.admitted;
  }

  /** See {@link IncarnationRegister.known}. */
  known(peer: NodeId): Incarnation | undefined {
    return this.#identity.peers.get(peer);
  }

  /** See {@link IncarnationRegister.record}. */
  async record(peer: NodeId, incarnation: Incarnation): Promise<void> {
    parseNodeId(peer, 'peer');
    if (!isIncarnation(incarnation)) {
      throw new InvalidArgumentError(
        `incarnation ${JSON.stringify(incarnation)} is not 32 lower-case hexadecimal digits`,
      );
    }
    await this.#change((identity) => {
      const known = identity.peers.get(peer);
      if (known === incarnation) return identity;
      if (known !== undefined) {
        throw new InvalidArgumentError(
          `peer ${peer} is known as ${known} already: it cannot become ${incarnation}`,
        );
      }
      return { ...identity, peers: new Map([...identity.peers, [peer, incarnation]]) };
    });
  }

  /** See {@link IncarnationRegister.admit}. */
  async admit(): Promise<void> {
    await this.#change((identity) => (identity.admitted ? identity : { ...identity, admitted: true }));
  }

  /** Takes no more changes, and waits for those under way. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#changes;
  }

  #change(alter: (identity: Identity) => Identity): Promise<void> {
    if (this.#closed)
      return Promise.reject(new StorageClosedError('a change of the register of incarnations'));
    const change = this.#changes.then(() => this.#write(alter));
    this.#changes = change.catch(() => undefined);
    return change;
  }

  async #write(alter: (identity: Identity) => Identity): Promise<void> {
    if (this.#storage.failure !== undefined) throw this.#storage.failure;
    const next = alter(this.#identity);
    if (next === this.#identity) return;
    try {
      await this.#replace(encodeIdentity(next));
    } catch (error) {
      const failure = new StorageFailedError('writing the register of incarnations', error);
      this.#storage.fail(failure);
      throw failure;
    }
    this.#identity = next;
  }

  async #replace(contents: Uint8Array): Promise<void> {
    try {
      await replaceFile(this.#fileSystem, identityPath, contents);
    } catch (error) {
      // The file that found no room is thrown away and written anew, so nothing of it is relied on.
      if (!isNoRoom(error) || !(await this.#storage.giveUpReserve())) throw error;
      await replaceFile(this.#fileSystem, identityPath, contents);
    }
  }
}
