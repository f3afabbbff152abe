/** Checksums of bytes that arrive over time. */
import type { ChecksumName } from './algorithm.js';
import { checksumAlgorithm } from './registry.js';

/**
 * The digest of a stream: of a file, a request, or anything that gives bytes over time.
 *
 * @param name - Which checksum.
 * @param chunks - The bytes, cut anywhere. Their failure is the promise's.
 * @returns The digest, the most significant byte first.
 * @throws UnknownChecksumError when there is none of that name; InvalidArgumentError when a chunk is no `Uint8Array`.
 *
 * @example
 * ```ts
 * const digest = await digestStream('sha-256', createReadStream(path));
 * ```
 */
export async function digestStream(
  name: ChecksumName,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<Uint8Array> {
  const running = checksumAlgorithm(name).create();
  for await (const chunk of chunks) running.update(chunk);
  return running.digest();
}
