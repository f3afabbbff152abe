/**
 * The file `reserve`: nothing but zeros that take up room on the disk, so that there is some to give up when the disk is
 * full. What fills a disk is often not the log itself, and votes, the saves under way and the snapshot that lets the log
 * shrink must still find room then. It is kept again when room has come back: keeping it is the proof.
 */
import type { FileSystem } from '@synod/core';
import { isNoRoom } from './errors.js';

/** Path of the file. */
export const reservePath = 'reserve';

const zeros = new Uint8Array(1 << 20);

/** Room that can be given up. */
export class Reserve {
  readonly #fileSystem: FileSystem;
  readonly #bytes: number;
  #isKept = false;

  /**
   * @param fileSystem - Where.
   * @param bytes - How much; 0 for none.
   */
  constructor(fileSystem: FileSystem, bytes: number) {
    this.#fileSystem = fileSystem;
    this.#bytes = bytes;
  }

  /** Whether all of it is there. A reserve of nothing always is. */
  get isKept(): boolean {
    return this.#isKept || this.#bytes === 0;
  }

  /**
   * Takes up the room, unless it is taken up already.
   *
   * @returns Whether there is room for it.
   */
  async keep(): Promise<boolean> {
    // What an earlier process kept under other settings is of no use.
    if (this.#bytes === 0) await this.#fileSystem.remove(reservePath);
    if (this.isKept) return true;
    this.#isKept = (await this.#isThere()) || (await this.#fill());
    return this.#isKept;
  }

  /**
   * Gives the room up.
   *
   * @returns Whether there was any to give up.
   */
  async giveUp(): Promise<boolean> {
    if (!this.#isKept) return false;
    this.#isKept = false;
    await this.#fileSystem.remove(reservePath);
    return true;
  }

  async #isThere(): Promise<boolean> {
    if (!(await this.#fileSystem.list('.')).includes(reservePath)) return false;
    const file = await this.#fileSystem.open(reservePath, 'existing');
    try {
      return (await file.size()) === this.#bytes;
    } finally {
      await file.close();
    }
  }

  /** A process that ends on the way leaves a file of another length, which the next one writes anew. */
  async #fill(): Promise<boolean> {
    await this.#fileSystem.remove(reservePath);
    try {
      const file = await this.#fileSystem.open(reservePath, 'create');
      try {
        for (let at = 0; at < this.#bytes; at += zeros.length)
          await file.write([zeros.subarray(0, this.#bytes - at)], at);
      } finally {
        await file.close();
      }
      return true;
    } catch (error) {
      if (!isNoRoom(error)) throw error;
      await this.#fileSystem.remove(reservePath);
      return false;
    }
  }
}
