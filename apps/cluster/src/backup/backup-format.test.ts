import * as fs from 'node:fs/promises';
import * as http from 'node:http';
import * as os from 'node:os';
import * as path from 'node:path';
import { createMembership } from '@synod/core';
import { crc32c, sealFrame } from '@synod/integrity';
import { encodeOpenSession, encodePut, KvStateMachine } from '@synod/kv';
import { inspectWal, openWalDirectory, repairWal, useWalDirectory } from '@synod/storage-wal';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { partialSuffix, readBackupFile, verifyBackupFile, writeBackupFile } from './backup-file.js';
import { BackupDamagedError, type BackupHeader } from './backup-format.js';
import { BackupReader } from './backup-reader.js';
import { backupBytes } from './backup-writer.js';
import { fetchBackup } from './fetch-backup.js';
import { makeOfflineBackup } from './offline-backup.js';
import { restoreCluster } from './restore-cluster.js';

/** A store with three keys and a session, and the header that tells it. */
function smallState(): { readonly header: BackupHeader; readonly machine: KvStateMachine } {
  const machine = new KvStateMachine();
  machine.apply(2, encodePut({ key: 'color', value: 'green' }));
  const session = machine.apply(3, encodeOpenSession());
  expect(session).toEqual({ type: 'session', id: 3 });
  machine.apply(4, encodePut({ key: 'size', value: 'large' }, { session: 3, sequence: 1 }));
  machine.apply(5, encodePut({ key: Uint8Array.of(0xff, 0), value: Uint8Array.of(1, 2, 3) }));
  const { revision, keys } = machine.stats();
  const membership = createMembership(['n1', 'n2', 'n3']);
  const who = { cluster: 'synod-0a1b2c3d', node: 'n2', engine: 'raft' } as const;
  const header = { ...who, index: 5, term: 2, revision, keys, createdMs: 1_700_000_000_000, membership };
  return { header, machine };
}

function smallBackup(): Uint8Array {
  const { header, machine } = smallState();
  return new Uint8Array(Buffer.concat([...backupBytes(header, machine.snapshot())]));
}

function readWhole(bytes: Uint8Array): ReturnType<BackupReader['finish']> {
  const reader = new BackupReader();
  reader.write(bytes);
  return reader.finish();
}

function errorOf(run: () => unknown): unknown {
  try {
    run();
    return undefined;
  } catch (error) {
    return error;
  }
}

let folder: string;

beforeEach(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'synod-backup-'));
});

afterEach(async () => {
  await fs.rm(folder, { recursive: true, force: true });
});

/** The backup that is kept in the repository, as a file. */
async function keptBackup(): Promise<string> {
  const golden = await fs.readFile(new URL('../../test/golden/backup-v1.hex', import.meta.url), 'utf8');
  const file = path.join(folder, 'kept.backup');
  await fs.writeFile(file, Buffer.from(golden.replaceAll('\n', ''), 'hex'));
  return file;
}

describe('the format of backups', () => {
  it('is what it was: the golden file', async () => {
    // When this differs, the version must be another one.
    const content = [new Uint8Array(70).fill(1), Uint8Array.of(2, 3)];
    const bytes = Buffer.concat([...backupBytes(smallState().header, content)]);
    const lines = bytes.toString('hex').match(/.{1,64}/g) ?? [];
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('../../test/golden/backup-frames-v1.hex');
  });

  it('stays readable: a backup that was made once is restored with all that was in it', async () => {
    const file = await keptBackup();
    const { header, sessions } = await verifyBackupFile(file);
    expect(header).toEqual(smallState().header);
    expect(sessions).toBe(1);
    const machine = new KvStateMachine();
    const restore = machine.restore();
    await readBackupFile(file, { chunk: (bytes) => restore.write(bytes) });
    restore.finish();
    expect(machine.get('color')).toMatchObject({ createRevision: 2, modRevision: 2, version: 1 });
    expect(machine.get(Uint8Array.of(0xff, 0))?.value).toEqual(Uint8Array.of(1, 2, 3));
    // The session goes on: its last command is answered again and not applied again.
    const again = machine.apply(9, encodePut({ key: 'size', value: 'large' }, { session: 3, sequence: 1 }));
    expect(again).toMatchObject({ type: 'transaction', revision: 3 });
    expect(machine.revision).toBe(4);
  });

  it('gives back what was put in, whatever the pieces it comes in', () => {
    const { header, machine } = smallState();
    const whole = smallBackup();
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: whole.length }), { maxLength: 12 }), (cuts) => {
        const heard: BackupHeader[] = [];
        const chunks: Uint8Array[] = [];
        const reader = new BackupReader({
          header: (read) => heard.push(read),
          chunk: (bytes) => chunks.push(bytes.slice()),
        });
        const ends = [...cuts, whole.length].sort((left, right) => left - right);
        let start = 0;
        for (const end of ends) {
          // The same buffer again and again, as a file is read.
          const buffer = whole.slice(start, end);
          reader.write(buffer);
          buffer.fill(0xee);
          start = end;
        }
        const { trailer, fileBytes } = reader.finish();
        expect(heard).toEqual([header]);
        expect(fileBytes).toBe(whole.length);
        const content = Buffer.concat([...machine.snapshot()]);
        expect(Buffer.concat(chunks)).toEqual(content);
        expect(trailer).toEqual({ chunks: 1, bytes: content.length, checksum: crc32c(content) });
      }),
      { numRuns: 100 },
    );
  });

  it('refuses every flipped bit, with an offset in the frame where it is', () => {
    const whole = smallBackup();
    for (let position = 0; position < whole.length; position++) {
      for (let bit = 0; bit < 8; bit++) {
        const damaged = whole.slice();
        damaged[position] = (damaged[position] ?? 0) ^ (1 << bit);
        const error = errorOf(() => readWhole(damaged));
        expect(error, `bit ${bit} of byte ${position}`).toBeInstanceOf(BackupDamagedError);
        if (error instanceof BackupDamagedError) expect(error.offset).toBeLessThanOrEqual(position);
      }
    }
  });

  it('refuses every shorter file, and one with anything behind its end', () => {
    const whole = smallBackup();
    for (let length = 0; length < whole.length; length++)
      expect(errorOf(() => readWhole(whole.slice(0, length)))).toBeInstanceOf(BackupDamagedError);
    expect(String(errorOf(() => readWhole(Buffer.concat([whole, Uint8Array.of(0)]))))).toContain(
      `offset ${whole.length}: bytes follow the end`,
    );
  });

  it('refuses chunks that are left out, doubled, in another order or of another backup', () => {
    const { header } = smallState();
    const pieces = [1, 2, 3].map((byte) => new Uint8Array(70_000).fill(byte));
    const frames = [...backupBytes(header, pieces)];
    const others = [...backupBytes({ ...header, createdMs: 1 }, pieces)];
    expect(frames).toHaveLength(8);
    expect(readWhole(Buffer.concat(frames)).trailer.bytes).toBe(210_000);
    const [first, second, third, ...rest] = frames;
    const mixed = [
      [first, third, ...rest],
      [first, second, second, third, ...rest],
      [first, third, second, ...rest],
      [first, others[1], third, ...rest],
      [first, second, third, ...rest.slice(0, -1), others.at(-1)],
      [others[0], second, third, ...rest],
    ];
    for (const parts of mixed) {
      const bytes = Buffer.concat(parts.filter((part) => part !== undefined));
      expect(errorOf(() => readWhole(bytes))).toBeInstanceOf(BackupDamagedError);
    }
  });

  it('says what it is when it is no backup, or one of a later release', () => {
    expect(String(errorOf(() => readWhole(Buffer.from('hello, this is something else'))))).toContain(
      'damaged at offset 0: no frame begins there',
    );
    expect(String(errorOf(() => readWhole(sealFrame(Buffer.from('some other file of Synod')))))).toContain(
      'this is no backup of Synod',
    );
    const later = sealFrame(Buffer.concat([Buffer.from('synod-backup'), Buffer.of(9)]));
    expect(String(errorOf(() => readWhole(later)))).toContain(
      'format version 9, but this release knows 1: use the release that made it',
    );
  });

  it('does not reserve memory by an announced length', () => {
    const giant = sealFrame(new Uint8Array(400_000)).slice(0, 16);
    expect(String(errorOf(() => readWhole(giant)))).toContain('longer than any of a backup');
  });
});

describe('backup files', () => {
  it('have their name only when they are whole', async () => {
    const file = path.join(folder, 'a.backup');
    const [first, ...rest] = [...backupBytes(smallState().header, smallState().machine.snapshot())];
    async function* cutOff(): AsyncGenerator<Uint8Array> {
      if (first !== undefined) yield first;
      expect(await fs.readdir(folder)).toEqual([`a.backup${partialSuffix}`]);
    }
    await expect(writeBackupFile(file, cutOff())).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
    expect(await fs.readdir(folder)).toEqual([]);
    async function* broken(): AsyncGenerator<Uint8Array> {
      if (first !== undefined) yield first;
      throw new Error('the other side went away');
    }
    await expect(writeBackupFile(file, broken())).rejects.toThrow('the other side went away');
    expect(await fs.readdir(folder)).toEqual([]);
    await writeBackupFile(file, [first ?? new Uint8Array(0), ...rest]);
    expect(await fs.readdir(folder)).toEqual(['a.backup']);
    await expect(writeBackupFile(file, [smallBackup()])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('are verified down to the state in them', async () => {
    const { header, machine } = smallState();
    const file = path.join(folder, 'a.backup');
    await writeBackupFile(file, backupBytes(header, machine.snapshot()));
    const verified = await verifyBackupFile(file);
    expect(verified).toMatchObject({ header, sessions: 1, hash: machine.hash() });
    // Sound frames around a state that is none: made wrong, not damaged later.
    const wrong = path.join(folder, 'wrong.backup');
    await writeBackupFile(wrong, backupBytes(header, [Buffer.from('synod-kv, but not really')]));
    await expect(verifyBackupFile(wrong)).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
    const other = path.join(folder, 'other.backup');
    await writeBackupFile(other, backupBytes({ ...header, revision: 77 }, machine.snapshot()));
    await expect(verifyBackupFile(other)).rejects.toThrow(
      'revision 77 and 3 keys, but the state has 4 and 3',
    );
  });

  it('that are damaged restore nothing, wherever the damage is', async () => {
    const whole = smallBackup();
    const file = path.join(folder, 'a.backup');
    const options = {
      file,
      directory: path.join(folder, 'new'),
      ids: ['n1'],
      engine: undefined,
      cluster: undefined,
    };
    for (let position = 0; position < whole.length; position++) {
      const damaged = whole.slice();
      damaged[position] = (damaged[position] ?? 0) ^ (1 << (position % 8));
      await fs.writeFile(file, damaged);
      await expect(restoreCluster(options), `byte ${position}`).rejects.toMatchObject({
        code: 'BACKUP_DAMAGED',
      });
      expect(await fs.readdir(folder)).toEqual(['a.backup']);
    }
  });
});

describe('a restored cluster', () => {
  const restoredOn = async (file: string, engine: 'raft' | 'paxos', ids: readonly string[]) => {
    const directory = path.join(folder, `on-${engine}`);
    await restoreCluster({ file, directory, ids, engine, cluster: undefined });
    return directory;
  };

  it.each(['raft', 'paxos'] as const)('on %s holds the state of the backup on every disk', async (engine) => {
    const file = await keptBackup();
    const ids = ['a', 'b', 'c', 'd', 'e'];
    const directory = await restoredOn(file, engine, ids);
    const before = await verifyBackupFile(file);
    // The engines themselves elect a leader of these disks, and any three of the five are enough.
    for (const id of ids.slice(3)) await fs.rm(path.join(directory, id), { recursive: true });
    const again = path.join(folder, 'again.backup');
    const made = await makeOfflineBackup({ data: directory, file: again, nowMs: 1 });
    expect(made.confirmed).toBe(true);
    expect(made.header).toMatchObject({ engine, revision: 4, keys: 3 });
    expect(made.header.membership.members.map(({ id }) => id)).toEqual(ids);
    expect(made.header.index).toBeGreaterThanOrEqual(before.header.index);
    expect((await verifyBackupFile(again)).hash).toBe(before.hash);
    // A repair that gave something up takes the vote of a disk away.
    await useWalDirectory(path.join(directory, 'a'), async (files) => {
      await files.remove('identity');
      await repairWal(files, { discardAcknowledged: true });
    });
    const retired = await makeOfflineBackup({ data: directory, file: `${again}.retired`, nowMs: 1 });
    expect(retired).toMatchObject({ confirmed: false, header: { keys: 3 } });
    expect(retired.unreadable.get('a')).toContain('acknowledged data was given up on it');
    for (const id of ids.slice(1, 3)) {
      const verdict = await useWalDirectory(path.join(directory, id), async (files) => inspectWal(files));
      expect(verdict).toMatchObject({ verdict: 'whole', identity: { admitted: true } });
      expect([...(verdict.identity?.peers.keys() ?? [])].sort()).toEqual(ids.filter((peer) => peer !== id));
    }
    // Two of five prove nothing about the other three.
    await fs.rm(path.join(directory, 'c'), { recursive: true });
    const few = await makeOfflineBackup({ data: directory, file: `${again}.few`, nowMs: 1 });
    expect(few.confirmed).toBe(false);
    expect([...few.unreadable.keys()].sort()).toEqual(['a', 'c', 'd', 'e']);
  });

  it('does not count a disk that was wiped, though it calls itself by the same name', async () => {
    const directory = await restoredOn(await keptBackup(), 'raft', ['n1', 'n2', 'n3']);
    for (const id of ['n2', 'n3']) {
      await fs.rm(path.join(directory, id), { recursive: true });
      const storage = await openWalDirectory(path.join(directory, id));
      await storage.incarnations.admit();
      await storage.close();
    }
    const made = await makeOfflineBackup({ data: directory, file: path.join(folder, 'x.backup'), nowMs: 1 });
    expect(made.confirmed).toBe(false);
    expect(made.unreadable.get('n2')).toContain('n1 knows another disk of it');
    expect(made.header).toMatchObject({ node: 'n1', revision: 4 });
  });

  it('is not made where something is already, and an unfinished one has not its name', async () => {
    const file = await keptBackup();
    const directory = path.join(folder, 'occupied');
    await fs.mkdir(directory);
    const options = { file, directory, ids: ['n1'], engine: undefined, cluster: undefined };
    await restoreCluster(options);
    await expect(restoreCluster(options)).rejects.toThrow('is not empty');
    const twice = { ...options, directory: path.join(folder, 'twice'), ids: ['n1', 'n1'] };
    await expect(restoreCluster(twice)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect((await fs.readdir(folder)).sort()).toEqual(['kept.backup', 'occupied']);
  });
});

describe('a live backup', () => {
  it('that stops in the middle leaves nothing, and says so', async () => {
    const whole = smallBackup();
    const server = http.createServer((_, outgoing) => {
      outgoing.writeHead(200, { 'content-type': 'application/octet-stream' });
      outgoing.write(whole.slice(0, 150));
      setTimeout(() => outgoing.destroy(), 50);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const bytes = fetchBackup(`http://127.0.0.1:${port}`, 1_000);
      await expect(writeBackupFile(path.join(folder, 'a.backup'), bytes)).rejects.toMatchObject({
        code: 'NODE_UNREACHABLE',
        effect: 'none',
      });
    } finally {
      server.close();
    }
    expect(await fs.readdir(folder)).toEqual([]);
  });
});
