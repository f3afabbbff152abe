// `node .config/start.mjs NAME ARGS...` builds the workspace whose package.json has a script NAME of the form
// `node FILE ...`, then runs that file in this very process: no shell or npm stands between it and Ctrl-C.
import * as path from 'node:path';
import { pathToFileURL } from 'node:url';
import { pnpm, root, say, setup, workspaces } from './pm.mjs';

await main(process.argv.slice(2));

async function main(args) {
  const [name, ...rest] = args;
  const owner = workspaces().find(({ manifest }) => /^node \S+/.test(manifest.scripts?.[name] ?? ''));
  if (owner === undefined) {
    say(`no workspace has a script called ${name} that starts with "node FILE"`);
    process.exit(1);
  }
  await setup();
  say(`building ${owner.name}`);
  const quietly = ['--output-logs=errors-only', '--log-prefix=none', '--log-order=grouped'];
  const code = await pnpm(['exec', 'turbo', 'run', 'build', `--filter=${owner.name}`, ...quietly]);
  if (code !== 0) process.exit(code);
  const [file, ...own] = owner.manifest.scripts[name].split(/\s+/).slice(1);
  const program = path.join(root, owner.directory, file);
  endWithParent();
  process.argv = [process.argv[0], program, ...own, ...rest];
  await import(pathToFileURL(program).href);
}

// `kill` of npm ends npm and its shell but not what they started: without this, a demo would live on unseen.
function endWithParent() {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, 500);
  watch.unref();
}
