// The package manager without any set-up: runs the pnpm that package.json names, fetched through npx.
// `node .config/pm.mjs [--setup] ARGS...` runs `pnpm ARGS...`; --setup first installs, when that is due.
// Needs nothing but Node, and its syntax stays old enough for an old Node to read it and say so.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const lockDirectory = path.join(root, '.config', '.cache', 'setup.lock');
const stampFile = path.join(root, 'node_modules', '.setup-hash');

const manifest = readJson(path.join(root, 'package.json'));
requireNode(manifest.engines.node);

/** Every workspace as { name, directory (relative to the root), manifest }, read from pnpm-workspace.yaml. */
export function workspaces() {
  const found = [];
  for (const pattern of workspacePatterns()) {
    const parent = pattern.replace(/\/\*$/, '');
    const directories = pattern === parent ? [parent] : childDirectories(parent);
    for (const directory of directories) {
      const file = path.join(root, directory, 'package.json');
      if (fs.existsSync(file)) {
        const workspace = readJson(file);
        found.push({ name: workspace.name, directory, manifest: workspace });
      }
    }
  }
  return found;
}

/** Installs the dependencies unless the last install is still good; resolves when they are in place. */
export async function setup() {
  const wanted = setupHash();
  if (isInstalled(wanted)) return;
  const release = await lockSetup();
  try {
    if (isInstalled(wanted)) return;
    fs.rmSync(stampFile, { force: true });
    say(`installing dependencies with ${manifest.packageManager} (about 20 seconds the first time)`);
    const code = await pnpm(['install', '--frozen-lockfile', '--reporter=append-only']);
    if (code !== 0) {
      say(`the install failed with exit code ${code}; run the same command again once the cause is gone`);
      process.exit(code);
    }
    fs.writeFileSync(stampFile, `${wanted}\n`);
  } finally {
    release();
  }
}

/** Runs pnpm from the root with this terminal; resolves with its exit code. */
export function pnpm(args, environment = {}) {
  const npx = process.platform === 'win32' ? 'npx.cmd' : 'npx';
  const child = spawn(npx, ['--yes', '--loglevel=error', manifest.packageManager, ...args], {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
    env: { ...cleanEnvironment(), ...environment },
  });
  return exitCode(child);
}

/** Resolves with a child's exit code, passing on the signals that this process gets meanwhile. */
export function exitCode(child) {
  // A terminal sends Ctrl-C to the whole process group, so the child has it already.
  const onInterrupt = () => {
    if (!process.stdin.isTTY) child.kill('SIGINT');
  };
  const onTerminate = () => child.kill('SIGTERM');
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onTerminate);
  process.on('SIGHUP', onTerminate);
  return new Promise((resolve) => {
    const settle = (code) => {
      process.off('SIGINT', onInterrupt);
      process.off('SIGTERM', onTerminate);
      process.off('SIGHUP', onTerminate);
      resolve(code);
    };
    child.on('error', (error) => {
      say(`cannot start ${child.spawnfile}: ${error.message}`);
      settle(127);
    });
    child.on('exit', (code, signal) => settle(signal === null ? code : 128 + signalNumber(signal)));
  });
}

/** The environment without the npm settings a caller's `npm run` adds, which pnpm would take for its own. */
export function cleanEnvironment() {
  const kept = /^npm_config_(registry|cafile|ca|cert|key|https?_proxy|proxy|noproxy|userconfig)$|_auth/i;
  const environment = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (!/^npm_config_/i.test(name) || kept.test(name)) environment[name] = value;
  }
  environment.TURBO_TELEMETRY_DISABLED = '1';
  environment.DO_NOT_TRACK = '1';
  environment.npm_config_update_notifier = 'false';
  return environment;
}

/** One line about what these scripts do, apart from what the tools they start print. */
export function say(text) {
  process.stderr.write(`synod: ${text}\n`);
}

export function readJson(file) {
  return JSON.parse(fs.readFileSync(file, 'utf8'));
}

function requireNode(range) {
  const least = range.replace('>=', '').split('.').map(Number);
  const actual = process.versions.node.split('.').map(Number);
  if (actual[0] > least[0] || (actual[0] === least[0] && actual[1] >= (least[1] || 0))) return;
  say(`this is Node ${process.versions.node}, but Synod needs Node ${range}`);
  process.exit(1);
}

function workspacePatterns() {
  const text = fs.readFileSync(path.join(root, 'pnpm-workspace.yaml'), 'utf8');
  const list = /^packages:\n((?: +- .*\n)+)/m.exec(text);
  if (list === null) throw new Error('pnpm-workspace.yaml has no list called packages');
  return list[1].match(/[^\s-][^\s]*/g).map((pattern) => pattern.replace(/['"]/g, ''));
}

function childDirectories(parent) {
  const absolute = path.join(root, parent);
  if (!fs.existsSync(absolute)) return [];
  const entries = fs.readdirSync(absolute, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => `${parent}/${entry.name}`);
}

function setupHash() {
  const hash = createHash('sha256').update(`${process.version}\n${manifest.packageManager}\n`);
  const manifests = workspaces().map(({ directory }) => `${directory}/package.json`);
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json', ...manifests.sort()]) {
    hash.update(`${file}\n`).update(fs.readFileSync(path.join(root, file)));
  }
  return hash.digest('hex');
}

function isInstalled(wanted) {
  if (!fs.existsSync(stampFile) || fs.readFileSync(stampFile, 'utf8').trim() !== wanted) return false;
  return workspaces().every(({ directory, manifest: { dependencies, devDependencies } }) => {
    const needed = Object.keys({ ...dependencies, ...devDependencies });
    return needed.every((name) => fs.existsSync(path.join(root, directory, 'node_modules', name)));
  });
}

// Two commands started together must not install into the same folder. The owner's process id tells a
// running owner from one that was killed.
async function lockSetup() {
  fs.mkdirSync(path.dirname(lockDirectory), { recursive: true });
  let said = false;
  for (;;) {
    try {
      fs.mkdirSync(lockDirectory);
      fs.writeFileSync(path.join(lockDirectory, 'pid'), String(process.pid));
      const release = () => fs.rmSync(lockDirectory, { recursive: true, force: true });
      process.on('exit', release);
      return release;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (!isLockHeld()) {
      fs.rmSync(lockDirectory, { recursive: true, force: true });
      continue;
    }
    if (!said) say(`waiting for another command that is installing (if none is, remove ${lockDirectory})`);
    said = true;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

function isLockHeld() {
  try {
    process.kill(Number(fs.readFileSync(path.join(lockDirectory, 'pid'), 'utf8')), 0);
    return true;
  } catch (error) {
    if (error.code === 'EPERM') return true;
    // No process id in it yet: its owner is between making the folder and writing it, or died there.
    if (error.code !== 'ENOENT') return false;
    return fs.existsSync(lockDirectory) && Date.now() - fs.statSync(lockDirectory).mtimeMs < 5000;
  }
}

function signalNumber(signal) {
  return { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }[signal] || 0;
}

async function main(args) {
  if (args[0] === '--setup') {
    await setup();
    args = args.slice(1);
  }
  process.exitCode = args.length === 0 ? 0 : await pnpm(args);
}

if (process.argv[1] !== undefined && fs.realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await main(process.argv.slice(2));
}
