// `npm run sync` brings turbo.json's list of builds up to date: turbo has no way to say "the build of every
// workspace" in a task of the root, so the list stands there by name, and tidy.mjs checks it.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import { readJson, root, say, workspaces } from './pm.mjs';

/** The build task of every workspace that has one, as turbo.json lists them. */
export function builtList() {
  const building = workspaces().filter(({ manifest }) => manifest.scripts?.build !== undefined);
  return building.map(({ name }) => `${name}#build`).sort();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = path.join(root, 'turbo.json');
  const turbo = readJson(file);
  turbo.tasks['//#built'].dependsOn = builtList();
  fs.writeFileSync(file, `${JSON.stringify(turbo, null, 2)}\n`);
  say(`turbo.json waits for ${turbo.tasks['//#built'].dependsOn.length} builds`);
}
