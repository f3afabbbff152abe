/** Cases about the register of incarnations. */
import { isIncarnation } from '../ids.js';
import { demand } from './contract-watch.js';
import { nextLife } from './storage-trial.js';
import type { StorageCase, StorageUnderTest } from './storage-under-test.js';

/** Cases about who is who. */
export function storageRegisterCases(storage: StorageUnderTest): readonly StorageCase[] {
  return [
    { name: 'has an incarnation of its own, and the same in every life', run: () => staysItself(storage) },
    {
      name: 'remembers that it was admitted, and peers by their incarnations',
      run: () => remembers(storage),
    },
  ];
}

async function staysItself({ newDisk }: StorageUnderTest): Promise<void> {
  const owns = new Set<string>();
  for (let count = 0; count < 2; count++) {
    const disk = await newDisk();
    let storage = await disk.open();
    const { own } = storage.incarnations;
    demand(isIncarnation(own), `an incarnation is 32 lower-case hexadecimal digits, not ${own}`);
    for (const end of ['closed', 'crashed'] as const) {
      storage = await nextLife(disk, storage, end);
      demand(storage.incarnations.own === own, `it is ${own} in every life, not ${storage.incarnations.own}`);
    }
    await storage.close();
    owns.add(own);
  }
  demand(owns.size === 2, 'storages on two disks have two incarnations');
}

async function remembers({ newDisk }: StorageUnderTest): Promise<void> {
  const disk = await newDisk();
  let storage = await disk.open();
  const peers = ['n2', 'n3', 'a-third.node'];
  const incarnationOf = (position: number) => String(position + 1).repeat(32);
  demand(!storage.incarnations.admitted, 'it was not admitted at first');
  await Promise.all(peers.map((peer, at) => storage.incarnations.record(peer, incarnationOf(at))));
  storage = await nextLife(disk, storage, 'crashed');
  demand(!storage.incarnations.admitted, 'peers that are recorded admit nobody');
  await storage.incarnations.admit();
  demand(storage.incarnations.admitted, 'it knows at once that it was admitted');
  storage = await nextLife(disk, storage, 'crashed');
  demand(storage.incarnations.admitted, 'it remembers that it was admitted');
  for (const [at, peer] of peers.entries())
    demand(storage.incarnations.known(peer) === incarnationOf(at), `it remembers ${peer}`);
  demand(storage.incarnations.known('n9') === undefined, 'it knows nobody who was not recorded');
  await storage.close();
}
