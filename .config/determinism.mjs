// `npm run determinism [-- 20 22 24]`: the same seeds on several lines of Node. Each prints one hash a seed over
// everything that happened in its run; one different hash fails. The other Nodes come through the npm package node.
import { spawn } from 'node:child_process';
import * as path from 'node:path';
import { cleanEnvironment, exitCode, pnpm, root, say, setup } from './pm.mjs';

const lines = process.argv.length > 2 ? process.argv.slice(2) : ['20', '22', '24'];
const storm = ['--hashes', '--seeds', '1..20', '--ticks', '600'];
const program = path.join(root, 'apps/simulate/dist/main.js');

await setup();
const built = await pnpm([
  'exec',
  'turbo',
  'run',
  'build',
  '--filter=@synod/simulate',
  '--output-logs=errors-only',
]);
if (built !== 0) process.exit(built);

const runs = [];
for (const line of lines) {
  const version = await onNode(line, ['--version']);
  if (version.code !== 0) {
    say(`Node ${line} is not to be had: the package registry gives no node@${line}, or cannot be reached`);
    process.exit(1);
  }
  const { code, stdout } = await onNode(line, [program, ...storm]);
  if (code !== 0) process.exit(code);
  say(`${version.stdout.trim()}: ${stdout.trim().split('\n').length} seeds`);
  runs.push({ version: version.stdout.trim(), hashes: stdout.trim().split('\n') });
}
process.exitCode = compare(runs);

function compare([first, ...others]) {
  let differing = 0;
  for (const [at, line] of first.hashes.entries()) {
    const unlike = others.filter(({ hashes }) => hashes[at] !== line);
    if (unlike.length > 0) differing++;
    process.stdout.write(`${line}\n`);
    for (const { version, hashes } of unlike)
      process.stdout.write(`  DIFFERS on Node ${version}: ${hashes[at]}\n`);
  }
  const versions = runs.map(({ version }) => version).join(', ');
  say(
    differing === 0
      ? `${first.hashes.length} seeds have the same hashes on Node ${versions}`
      : `FAILED: ${differing} of ${first.hashes.length} seeds differ between Node ${versions}`,
  );
  return differing === 0 ? 0 : 1;
}

async function onNode(line, args) {
  const command = ['--yes', '--loglevel=error', '-p', `node@${line}`, '--', 'node', ...args];
  const child = spawn('npx', command, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: cleanEnvironment(),
  });
  let stdout = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  return { code: await exitCode(child), stdout };
}
