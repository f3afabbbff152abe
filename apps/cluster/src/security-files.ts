/**
 * Keys, certificates and tokens as files. They are read when a program starts, so that a wrong path is told at once,
 * and looked at again from time to time: certificates are renewed by writing the files anew, without a restart.
 */
import * as fs from 'node:fs';
import { InvalidArgumentError } from '@synod/core';

/** Where a certificate and what belongs to it is. */
export interface TlsFiles {
  /** File of the certificate, in PEM, with those between it and the authority after it. */
  readonly cert: string;
  /** File of its private key, in PEM. */
  readonly key: string;
  /** File of the authorities that sign the other end's certificates, in PEM. */
  readonly ca?: string;
}

/** What stands in {@link TlsFiles}. */
export interface TlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca?: Buffer;
}

/**
 * Reads one file.
 *
 * @param file - Its path.
 * @param option - The option that names it, for the message.
 * @throws {@link InvalidArgumentError} when it cannot be read or is empty.
 */
export function readSecurityFile(file: string, option: string): Buffer {
  let bytes: Buffer;
  try {
    bytes = fs.readFileSync(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InvalidArgumentError(`${option} cannot be read: ${reason}`);
  }
  if (bytes.length > 0) return bytes;
  throw new InvalidArgumentError(`${option} names ${file}, which is empty`);
}

/**
 * Reads a certificate and what belongs to it.
 *
 * @param files - Where they are.
 * @param prefix - What the names of the options begin with, for messages: `--` or `--peer-`.
 * @throws {@link InvalidArgumentError} naming the first file that cannot be read.
 */
export function readTlsFiles(files: TlsFiles, prefix: string): TlsMaterial {
  return {
    cert: readSecurityFile(files.cert, `${prefix}cert`),
    key: readSecurityFile(files.key, `${prefix}key`),
    ...(files.ca === undefined ? {} : { ca: readSecurityFile(files.ca, `${prefix}ca`) }),
  };
}

/**
 * Reads the tokens in a file: one a line, the first to send or prove with, all accepted. Empty lines are passed over.
 *
 * @param file - Its path.
 * @param option - The option that names it, for the message.
 * @throws {@link InvalidArgumentError} when there is none, or one is not 16 to 1024 printable characters without spaces.
 */
export function readTokens(file: string, option: string): readonly string[] {
  const lines = readSecurityFile(file, option)
    .toString('utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const wrong = lines.find((line) => !/^[\x21-\x7e]{16,1024}$/.test(line));
  if (lines.length === 0 || wrong !== undefined)
    throw new InvalidArgumentError(
      `${option} names ${file}: it must hold tokens of 16 to 1024 printable characters without spaces, one a line; head -c 32 /dev/urandom | base64 makes one`,
    );
  return lines;
}

/** How often files are looked at, in milliseconds. */
export const renewalMs = 5_000;

/** Watches the files of a certificate. */
export class TlsRenewal {
  readonly #files: TlsFiles;
  readonly #prefix: string;
  readonly #onRenewed: (material: TlsMaterial) => void;
  readonly #onFailed: (reason: string) => void;
  readonly #timer: NodeJS.Timeout;
  #state: string;

  /**
   * @param files - Where they are.
   * @param prefix - As of {@link readTlsFiles}.
   * @param onRenewed - Told what stands in them now; throws when that cannot be used.
   * @param onFailed - Told when what stands in them cannot be used. What was before stays in force.
   */
  constructor(
    files: TlsFiles,
    prefix: string,
    onRenewed: (material: TlsMaterial) => void,
    onFailed: (reason: string) => void,
  ) {
    this.#files = files;
    this.#prefix = prefix;
    this.#onRenewed = onRenewed;
    this.#onFailed = onFailed;
    this.#state = this.#look();
    this.#timer = setInterval(() => this.#check(), renewalMs);
    this.#timer.unref();
  }

  /** Looks no more. */
  close(): void {
    clearInterval(this.#timer);
  }

  #check(): void {
    const state = this.#look();
    if (state === this.#state) return;
    this.#state = state;
    try {
      this.#onRenewed(readTlsFiles(this.#files, this.#prefix));
    } catch (error) {
      // Files are written one after the other: a key that does not fit its certificate yet is tried again.
      this.#state = '';
      this.#onFailed(error instanceof Error ? error.message : String(error));
    }
  }

  #look(): string {
    const { cert, key, ca } = this.#files;
    return [cert, key, ca].map((file) => (file === undefined ? '' : stateOf(file))).join(' ');
  }
}

function stateOf(file: string): string {
  try {
    const { mtimeMs, size, ino } = fs.statSync(file);
    return `${mtimeMs}/${size}/${ino}`;
  } catch {
    return 'missing';
  }
}
