// `npm run check:nodes [20 22 24]`: the unit tests, and `import` and `require()` of every built library, on each
// supported line of Node. The other Nodes come through the npm package called node.
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { cleanEnvironment, exitCode, pnpm, root, say, setup, workspaces } from './pm.mjs';

const lines = process.argv.length > 2 ? process.argv.slice(2) : ['20', '22', '24'];
const libraries = workspaces().filter(
  ({ manifest }) => manifest.private !== true && manifest.exports?.['.'] !== undefined,
);

await setup();
const built = await pnpm(['exec', 'turbo', 'run', 'build', '--output-logs=errors-only']);
if (built !== 0) process.exit(built);
const scratch = linkLibraries();
const failed = [];
for (const line of lines) {
  if ((await onNode(line, scratch, ['load.cjs'])) !== 0) failed.push(`loading the libraries on Node ${line}`);
  const vitest = [
    path.join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--config',
    '.config/vitest.config.ts',
  ];
  if ((await onNode(line, root, [...vitest, '--project', 'unit'])) !== 0)
    failed.push(`unit tests on Node ${line}`);
}
fs.rmSync(scratch, { recursive: true, force: true });
for (const what of failed) say(`FAILED: ${what}`);
if (failed.length === 0) say(`unit tests, import and require() pass on Node ${lines.join(', ')}`);
process.exitCode = failed.length > 0 ? 1 : 0;

function onNode(line, directory, args) {
  const command = ['--yes', '--loglevel=error', '-p', `node@${line}`, '--', 'node', ...args];
  const child = spawn('npx', command, { cwd: directory, stdio: 'inherit', env: cleanEnvironment() });
  return exitCode(child);
}

/** A folder from which the built libraries resolve by name, as they would in a user's project. */
function linkLibraries() {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'synod-nodes-'));
  fs.mkdirSync(path.join(directory, 'node_modules', '@synod'), { recursive: true });
  for (const library of libraries) {
    fs.symlinkSync(path.join(root, library.directory), path.join(directory, 'node_modules', library.name));
  }
  const names = JSON.stringify(libraries.map(({ name }) => name));
  const text = `(async () => {
  for (const name of ${names}) {
    const required = Object.keys(require(name)).filter((key) => key !== '__esModule').sort();
    const imported = Object.keys(await import(name)).sort();
    if (required.length === 0 || required.join() !== imported.join()) throw new Error(name + ': require() and import differ');
  }
  console.log('Node ' + process.version + ' loads ${libraries.length} libraries by import and by require()');
})();
`;
  fs.writeFileSync(path.join(directory, 'load.cjs'), text);
  return directory;
}
