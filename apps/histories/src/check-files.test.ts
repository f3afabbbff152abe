import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkFiles, type FileOptions } from './check-files.js';

const jepsen = (read: number) =>
  ['0 :invoke :write 1', '0 :ok :write 1', '1 :invoke :read nil', `1 :ok :read ${read}`]
    .map((event) => `INFO  jepsen.util - ${event}\n`)
    .join('');
const keyValue = (read: string) =>
  '{:process 0, :type :invoke, :f :append, :key "1", :value "x"}\n' +
  '{:process 0, :type :ok, :f :append, :key "1", :value "x"}\n' +
  '{:process 0, :type :invoke, :f :get, :key "1", :value nil}\n' +
  `{:process 0, :type :ok, :f :get, :key "1", :value "${read}"}\n`;

describe('checkFiles', () => {
  let folder = '';
  let printed: string[] = [];
  let warned: string[] = [];

  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'synod-histories-'));
    printed = [];
    warned = [];
  });

  afterEach(() => fs.rm(folder, { recursive: true, force: true }));

  async function write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, text] of Object.entries(files)) {
      await fs.mkdir(path.dirname(path.join(folder, name)), { recursive: true });
      await fs.writeFile(path.join(folder, name), text);
    }
  }

  function check(place: string, options: Partial<FileOptions> = {}): Promise<boolean> {
    const print = (line: string) => printed.push(line);
    const warn = (line: string) => warned.push(line);
    return checkFiles(place, { seconds: 60, print, warn, ...options });
  }

  it('says of each file of either format what it is, in the order of names, and how long it took', async () => {
    await write({
      'b.log': jepsen(1),
      'a.log': jepsen(2),
      'kv/ok.txt': keyValue('x'),
      'kv/bad.txt': keyValue(''),
      'README.md': '# no history',
    });
    expect(await check(folder)).toBe(true);
    expect(printed.slice(0, -1)).toEqual([
      'a.log: not linearizable',
      'b.log: linearizable',
      'kv/bad.txt: not linearizable',
      'kv/ok.txt: linearizable',
    ]);
    expect(printed.at(-1)).toMatch(/^4 histories in \d+\.\d{3} s$/);
    expect(warned).toEqual([]);
  });

  it('checks one file', async () => {
    await write({ 'a.log': jepsen(1), 'b.log': jepsen(1) });
    expect(await check(path.join(folder, 'a.log'))).toBe(true);
    expect(printed[0]).toBe('a.log: linearizable');
    expect(printed).toHaveLength(2);
  });

  it('says unknown when a limit ends the check', async () => {
    await write({ 'a.log': jepsen(1) + jepsen(1) });
    expect(await check(folder, { stepsMax: 1 })).toBe(true);
    expect(printed[0]).toBe('a.log: unknown');
  });

  it('says unknown of what it cannot read, why, and fails; the others are checked', async () => {
    await write({ 'a.log': 'something else\n', 'b.log': jepsen(1), 'c.txt': '{:process 0\n' });
    expect(await check(folder)).toBe(false);
    expect(printed.slice(0, -1)).toEqual(['a.log: unknown', 'b.log: linearizable', 'c.txt: unknown']);
    expect(warned).toEqual([
      'a.log cannot be read as a history: it is neither a Jepsen log of a register nor a log of EDN maps of a key-value store',
      'c.txt cannot be read as a history: line 1: it is no map of keywords to values',
    ]);
  });

  it('warns of an empty history, which is linearizable but shows nothing, and of a folder without any', async () => {
    await write({ 'empty.log': '' });
    expect(await check(folder)).toBe(true);
    expect(printed[0]).toBe('empty.log: linearizable');
    expect(warned).toEqual(['empty.log has no operations']);
    await fs.rm(path.join(folder, 'empty.log'));
    expect(await check(folder)).toBe(false);
  });

  it('draws the histories that are not linearizable', async () => {
    await write({ 'a.log': jepsen(2), 'b.log': jepsen(1), 'kv/c.txt': keyValue('y') });
    const pictures = path.join(folder, 'pictures', 'new');
    expect(await check(folder, { pictures })).toBe(true);
    expect((await fs.readdir(pictures)).sort()).toEqual(['a.log.html', 'kv-c.txt.html']);
    expect(await fs.readFile(path.join(pictures, 'a.log.html'), 'utf8')).toContain('read 2');
  });
});
