/**
 * The part of a file system that durable storage needs, as a contract: a real disk in production, a simulated one with
 * torn writes and lost syncs in tests. Paths use `/` and are relative to a root that the implementation was given; `.` is
 * that root.
 */

/** One open file. */
export interface FileHandle {
  /**
   * Writes bytes at a position. Not durable before {@link FileHandle.dataSync}.
   *
   * @param bytes - What to write, in this order, as one.
   * @param position - Offset of the first byte.
   */
  write(bytes: readonly Uint8Array[], position: number): Promise<void>;
  /**
   * Reads bytes.
   *
   * @param position - Offset of the first byte.
   * @param length - Most bytes wanted; fewer come only at the end of the file.
   */
  read(position: number, length: number): Promise<Uint8Array>;
  /** Length of the file in bytes. */
  size(): Promise<number>;
  /**
   * Cuts or lengthens (with zeros) the file.
   *
   * @param length - New length in bytes.
   */
  truncate(length: number): Promise<void>;
  /** Makes contents and length durable (fdatasync). A failure is final: what is on disk is unknown from then on. */
  dataSync(): Promise<void>;
  /** Lets go of the file. */
  close(): Promise<void>;
}

/** A folder tree. Failures reject with the platform's error, whose `code` is kept (`ENOENT`, `ENOSPC` and so on). */
export interface FileSystem {
  /**
   * Opens a file for reading and writing.
   *
   * @param path - Which.
   * @param mode - `create` makes it and fails when it exists; `existing` fails when it does not.
   */
  open(path: string, mode: 'create' | 'existing'): Promise<FileHandle>;
  /**
   * Names in a folder, in no order.
   *
   * @param path - The folder.
   */
  list(path: string): Promise<readonly string[]>;
  /**
   * Makes a folder and those above it; no error when it exists.
   *
   * @param path - The folder.
   */
  makeDirectory(path: string): Promise<void>;
  /**
   * Renames a file, replacing another; atomic, but durable only after {@link FileSystem.syncDirectory}.
   *
   * @param from - Old path.
   * @param to - New path.
   */
  rename(from: string, to: string): Promise<void>;
  /**
   * Removes a file; no error when there is none.
   *
   * @param path - Which.
   */
  remove(path: string): Promise<void>;
  /**
   * Makes the names in a folder durable.
   *
   * @param path - The folder.
   */
  syncDirectory(path: string): Promise<void>;
}
