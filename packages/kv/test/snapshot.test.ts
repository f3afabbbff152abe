import { DecodeError, encodeUtf8 } from '@synod/core';
import { describe, expect, it } from 'vitest';
import { encodePut, encodeTransaction, KvStateMachine, LimitsDifferError } from '../src/index.js';
import { joined, restoreFrom, TestStore } from './support/machine.js';

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function everyKind(): TestStore {
  const store = new TestStore();
  const [first, second] = [store.openSession(), store.openSession()];
  store.openSession();
  store.put('a', '1');
  store.put('b', Uint8Array.of(0, 255));
  store.put('a', '2');
  const success = [
    { type: 'put', key: 'c', value: '', prevKv: true },
    { type: 'deleteRange', key: 'b', prevKv: true },
    { type: 'transaction', success: [{ type: 'range', key: 'a' }] },
  ] as const;
  store.apply(encodeTransaction({ success }, { session: first, sequence: 9 }));
  store.apply(encodePut({ key: 'x', ignoreValue: true }, { session: second, sequence: 1 }));
  return store;
}

describe('snapshots', () => {
  it('keep their bytes from version to version: they are on disks', () => {
    const lines = [
      '73796e6f642d6b7601', // name and version
      '16000000' + '0107' + '8020' + '808040' + '808060' + '8001' + 'a08d06' + '904e' + '8020', // header: 7 limits
      '050302', // revision 5, 3 sessions, 2 keys
      '04000000' + '02030000', // session 3: no command yet
      '29000000' + '020109' + '0201050003', // session 1: sequence 9, a transaction, 3 responses
      '020500', // a put at 5, no previous key
      '03050101' + '0162' + '03030100' + '0200ff', // a deletion at 5 of 1 key, which was b
      '04050101' + '0105010001' + '0161' + '02040200' + '0132', // a transaction with a range that found a
      '05000000' + '0202010108', // session 2: sequence 1, refused for KEY_NOT_FOUND
      '09000000' + '030161' + '02040200' + '0132', // a
      '08000000' + '030163' + '05050100' + '00', // c
    ];
    const { machine } = everyKind();
    expect(machine.hash()).toBe('e8183466a193703d');
    const end = `120000000410${hex(encodeUtf8('e8183466a193703d'))}`;
    expect(hex(joined(machine.snapshot()))).toBe(lines.join('') + end);
  });

  it('restores keys, revision and sessions, so that a retry is still recognised', () => {
    const store = everyKind();
    const restored = new KvStateMachine();
    restoreFrom(restored, joined(store.machine.snapshot()), 1);
    expect(restored.hash()).toBe(store.machine.hash());
    expect(restored.stats()).toEqual(store.machine.stats());
    const retry = encodePut({ key: 'x', ignoreValue: true }, { session: 2, sequence: 1 });
    expect(restored.apply(100, retry)).toEqual(store.machine.apply(100, retry));
    const other = encodeTransaction({}, { session: 1, sequence: 9 });
    expect(restored.apply(101, other)).toEqual(store.machine.apply(101, other));
    expect(restored.apply(101, other)).toMatchObject({ type: 'transaction', revision: 5, succeeded: true });
  });

  it('an empty store has a snapshot too', () => {
    const restored = everyKind().machine;
    restoreFrom(restored, joined(new KvStateMachine().snapshot()));
    expect(restored.stats()).toEqual({ revision: 1, keys: 0, bytes: 0, sessions: 0 });
  });

  it('comes in pieces of at most 64 KiB that stay as they are, and is read from pieces of any size', () => {
    const store = new TestStore();
    for (let number = 0; number < 500; number++) store.put(`key ${number}`, 'v'.repeat(number % 100));
    store.put('large', new Uint8Array(150_000).fill(7));
    const pieces = [...store.machine.snapshot()];
    expect(Math.max(...pieces.map((piece) => piece.length))).toBe(64 * 1024);
    expect(pieces.length).toBe(Math.ceil(joined(pieces).length / (64 * 1024)));
    for (const size of [7, 4096, 1_000_000]) {
      const restored = new KvStateMachine();
      restoreFrom(restored, joined(pieces), size);
      expect(restored.hash()).toBe(store.machine.hash());
    }
  });

  it('can be read twice', () => {
    const store = everyKind();
    const snapshot = store.machine.snapshot();
    const first = joined(snapshot);
    store.put('z', 'later');
    expect(joined(snapshot)).toEqual(first);
  });

  it('a listener hears that the state was replaced, once it is', () => {
    const heard: number[] = [];
    const machine = new KvStateMachine({ onRestore: (revision) => heard.push(revision, machine.revision) });
    const restore = machine.restore();
    restore.write(joined(everyKind().machine.snapshot()));
    expect([heard, machine.revision]).toEqual([[], 1]);
    restore.finish();
    expect(heard).toEqual([5, 5]);
  });

  it('listeners of changes hear of writes after a restore', () => {
    const heard: number[] = [];
    const machine = new KvStateMachine({ onChange: (revision) => heard.push(revision) });
    restoreFrom(machine, joined(everyKind().machine.snapshot()));
    machine.apply(50, encodePut({ key: 'n', value: '' }));
    expect(heard).toEqual([6]);
  });
});

describe('damaged snapshots', () => {
  const whole = joined(everyKind().machine.snapshot());

  function failsAndKeeps(bytes: Uint8Array): void {
    const store = new TestStore();
    store.put('old', 'state');
    const before = store.machine.hash();
    expect(() => restoreFrom(store.machine, bytes, 16)).toThrow(DecodeError);
    expect(store.machine.hash()).toBe(before);
    expect(store.show('old')).toEqual(['state', 2, 2, 1]);
  }

  it('every single flipped bit is found, and the old state stays', () => {
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const damaged = whole.slice();
      damaged[bit >>> 3] = (damaged[bit >>> 3] ?? 0) ^ (1 << (bit & 7));
      failsAndKeeps(damaged);
    }
  });

  it('every cut is found, and the old state stays', () => {
    for (let length = 0; length < whole.length; length++) failsAndKeeps(whole.subarray(0, length));
  });

  it('bytes after the end are found', () => {
    failsAndKeeps(Uint8Array.of(...whole, 0));
  });

  it('a snapshot of something else, or of a later format, is named as such', () => {
    const machine = new KvStateMachine();
    expect(() => restoreFrom(machine, encodeUtf8('something else'))).toThrow(/no snapshot of a key-value/);
    const later = whole.slice();
    later[8] = 2;
    expect(() => restoreFrom(machine, later)).toThrow(/snapshot format 2 is unknown/);
  });

  it('a snapshot of a store with other limits is refused by name, damaged or not is told first', () => {
    const store = new TestStore({ sessionsMax: 9 });
    store.put('old', 'state');
    expect(() => restoreFrom(store.machine, whole)).toThrow(LimitsDifferError);
    expect(() => restoreFrom(store.machine, whole)).toThrow(
      /4096, 1048576, .*10000.* and this store has .* 9,/,
    );
    expect(() => restoreFrom(store.machine, whole.subarray(0, -1))).toThrow(DecodeError);
    expect(store.show('old')).toEqual(['state', 2, 2, 1]);
    expect(store.machine.hash()).not.toBe(new KvStateMachine().hash());
    expect(new KvStateMachine({ sessionsMax: 9 }).hash()).not.toBe(new KvStateMachine().hash());
  });

  it('a record that claims a great length is not made room for', () => {
    const claims = whole.slice();
    claims.set([0xff, 0xff, 0xff, 0x3f], 9);
    failsAndKeeps(claims);
    claims.set([0xff, 0xff, 0xff, 0xff], 9);
    failsAndKeeps(claims);
  });

  it('after the first damage nothing makes the restore succeed', () => {
    const machine = new KvStateMachine();
    const restore = machine.restore();
    expect(() => restore.write(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9))).toThrow(DecodeError);
    expect(() => restore.write(whole)).toThrow(DecodeError);
    expect(() => restore.finish()).toThrow(DecodeError);
    expect(machine.revision).toBe(1);
  });
});
