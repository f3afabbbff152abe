/**
 * Loaded before a node's program: its disk does what the file that SYNOD_BROKEN_DISK names says, as long as it is there:
 * `n2 EIO datasync` lets every datasync of node n2 fail with EIO.
 */
import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const orders = process.env.SYNOD_BROKEN_DISK ?? '';
const file = await open(fileURLToPath(import.meta.url));
const handles = Object.getPrototypeOf(file);
await file.close();

function order() {
  try {
    return readFileSync(orders, 'utf8').split(' ');
  } catch {
    return [];
  }
}

for (const operation of ['write', 'datasync']) {
  const sound = handles[operation];
  handles[operation] = async function (...args) {
    const [node, code, broken] = order();
    if (broken === operation && process.argv.includes(node))
      throw Object.assign(new Error(`${code}: ${operation}`), { code });
    return sound.apply(this, args);
  };
}
