/** All folders of a simulated drive. Folders themselves are durable at once: their loss is that of the names in them. */
import type { DriveFile } from './drive-file.js';
import { DriveFolder } from './drive-folder.js';

/** An error as the platform gives it, with its code. */
export function driveError(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what}`), { code });
}

/** Folders by their paths. */
export class DriveContents {
  readonly #folders = new Map<string, DriveFolder>([['.', new DriveFolder()]]);

  get folders(): Iterable<DriveFolder> {
    return this.#folders.values();
  }

  find(path: string): DriveFolder | undefined {
    return this.#folders.get(path);
  }

  folder(path: string): DriveFolder {
    const folder = this.#folders.get(path);
    if (folder === undefined) throw driveError('ENOENT', path);
    return folder;
  }

  /** The folder of a path, and the name in it. */
  locate(path: string): { readonly folder: DriveFolder; readonly name: string } {
    const end = path.lastIndexOf('/');
    return { folder: this.folder(end === -1 ? '.' : path.slice(0, end)), name: path.slice(end + 1) };
  }

  /** Makes a folder and those above it. */
  makeFolder(path: string): void {
    const parts = path.split('/');
    for (let length = 1; length <= parts.length; length++) {
      const part = parts.slice(0, length).join('/');
      if (!this.#folders.has(part)) this.#folders.set(part, new DriveFolder());
    }
  }

  /** Names in a folder. */
  list(path: string): readonly string[] {
    const prefix = path === '.' ? '' : `${path}/`;
    const folders = [...this.#folders.keys()]
      .filter((folder) => folder !== '.' && folder.startsWith(prefix))
      .map((folder) => folder.slice(prefix.length))
      .filter((name) => !name.includes('/'));
    return [...this.folder(path).names, ...folders].reverse();
  }

  /** Paths of files, in order. */
  paths(namesOf: (folder: DriveFolder) => Iterable<string>): string[] {
    const paths: string[] = [];
    for (const [path, folder] of this.#folders) {
      for (const name of namesOf(folder)) paths.push(path === '.' ? name : `${path}/${name}`);
    }
    return paths.sort();
  }

  file(path: string): DriveFile {
    const { folder, name } = this.locate(path);
    const file = folder.find(name);
    if (file === undefined) throw driveError('ENOENT', path);
    return file;
  }

  /** Other contents in the same state: what is not durable here is not durable there. */
  copy(): DriveContents {
    const contents = new DriveContents();
    const copies = new Map<DriveFile, DriveFile>();
    const copyOf = (file: DriveFile) => {
      const copy = copies.get(file) ?? file.copy();
      copies.set(file, copy);
      return copy;
    };
    for (const [path, folder] of this.#folders) contents.#folders.set(path, folder.copy(copyOf));
    return contents;
  }
}
