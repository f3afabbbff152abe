// `npm run release:dry`: what a release would do, without doing it. In a scratch clone of the last commit the
// waiting changesets become versions and changelogs, then every public package is built, packed and judged.
import { execFileSync, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { cleanEnvironment, root, say, setup } from './pm.mjs';

await setup();
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'synod-dry-'));
process.on('exit', () => fs.rmSync(scratch, { recursive: true, force: true }));
const clone = path.join(scratch, 'synod');

execFileSync('git', ['clone', '--quiet', '--no-hardlinks', root, clone]);
// Changesets compares with the branch called main, whatever is checked out here.
execFileSync('git', ['checkout', '--quiet', '-B', 'main'], { cwd: clone });
const uncommitted = execFileSync('git', ['status', '--porcelain'], { cwd: root, encoding: 'utf8' });
if (uncommitted !== '') say('there are uncommitted changes: the dry run shows the last commit, without them');
pnpmInClone('install', '--frozen-lockfile', '--prefer-offline', '--reporter=silent');

say('what the waiting changesets ask for');
pnpmInClone('exec', 'changeset', 'status', '--verbose');
say('the versions and changelogs they make');
pnpmInClone('exec', 'changeset', 'version');
// The new versions are part of what is packed and of the lock file that the next install wants.
pnpmInClone('install', '--no-frozen-lockfile', '--prefer-offline', '--reporter=silent');
execFileSync('git', ['add', '--all'], { cwd: clone });
execFileSync('git', ['--no-pager', 'diff', '--cached', '--stat'], { cwd: clone, stdio: 'inherit' });
say('the packages as they would be published');
pnpmInClone('exec', 'turbo', 'run', 'build', '--output-logs=errors-only');
pnpmInClone('run', 'declarations');
pnpmInClone('run', 'check:release');
say('the dry run is through; nothing was published and nothing here was changed');

function pnpmInClone(...args) {
  const { status } = spawnSync(process.execPath, [path.join(clone, '.config', 'pm.mjs'), ...args], {
    cwd: clone,
    stdio: 'inherit',
    env: cleanEnvironment(),
  });
  if (status === 0) return;
  say(`the dry run stopped: pnpm ${args.join(' ')} failed`);
  process.exit(1);
}
