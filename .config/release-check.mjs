// What a user gets: every public package is packed, its tarball is judged by publint and attw, then installed
// into an empty folder with npm, where the first example of its README runs as an ES module, as CommonJS and
// as TypeScript, and must print the same each time.
import { execFile } from 'node:child_process';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import * as os from 'node:os';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { cleanEnvironment, root, workspaces } from './pm.mjs';

const run = promisify(execFile);
const { resolve } = createRequire(import.meta.url);
const compiler = resolve('typescript/bin/tsc');
const nodeTypes = path.dirname(resolve('@types/node/package.json'));
const publicPackages = workspaces().filter(({ manifest }) => manifest.private !== true);
const exampleTimeoutMs = 60_000;

// The tests may run beside this and have deadlines; this has none.
os.setPriority(10);
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'synod-release-'));
process.on('exit', () => fs.rmSync(scratch, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

let failures = 0;
checkLockFile();
const tarballs = await packAll();
for (const subject of publicPackages) await checkPackage(subject);
console.log(`release: ${publicPackages.length} packages, ${failures} failures`);
process.exitCode = failures > 0 ? 1 : 0;

function fail(name, text) {
  failures += 1;
  console.error(`${name}: ${text.trim()}`);
}

function checkLockFile() {
  const lines = fs.readFileSync(path.join(root, 'pnpm-lock.yaml'), 'utf8').split('\n');
  for (const [index, line] of lines.entries()) {
    if (/https?:|tarball:/.test(line))
      fail('pnpm-lock.yaml', `line ${index + 1} names where a package is downloaded: ${line}`);
  }
}

async function packAll() {
  const chosen = publicPackages.flatMap(({ name }) => ['--filter', name]);
  const args = ['--recursive', ...chosen, 'pack', '--pack-destination', scratch];
  await run('pnpm', args, { cwd: root, env: cleanEnvironment(), maxBuffer: 1 << 26 });
  return new Map(publicPackages.map((subject) => [subject.name, path.join(scratch, tarballName(subject))]));
}

function tarballName({ name, manifest }) {
  return `${name.replace('@', '').replace('/', '-')}-${manifest.version}.tgz`;
}

async function checkPackage({ name, directory, manifest }) {
  const before = failures;
  const tarball = tarballs.get(name);
  await attempt(name, 'publint', () => tool('publint', ['run', tarball, '--strict']));
  const isLibrary = manifest.exports?.['.'] !== undefined;
  if (isLibrary) {
    const attw = ['--profile', 'esm-only', '--no-emoji', '--no-color', '--format', 'ascii', tarball];
    await attempt(name, 'attw', () => tool('@arethetypeswrong/cli', attw));
  }
  const consumer = path.join(scratch, path.basename(directory));
  const installed = await attempt(name, 'install', () => install(consumer, name));
  let said = '';
  if (installed && isLibrary) {
    said = (await attempt(name, 'README example', () => runExample(consumer, directory))) ?? '';
  }
  for (const command of installed ? Object.keys(manifest.bin ?? {}) : []) {
    const file = path.join(consumer, 'node_modules/.bin', command);
    await attempt(name, `${command} --help`, () => run(file, ['--help'], { cwd: consumer }));
  }
  if (failures === before) console.log(`${name}: ok${said}`);
}

async function attempt(name, what, action) {
  try {
    return await action();
  } catch (error) {
    const output = `${error.stdout ?? ''}${error.stderr ?? ''}`;
    fail(name, `${what} failed: ${output.trim() === '' ? error.message : output}`);
    return undefined;
  }
}

/** Runs the one command of an installed tool. */
async function tool(name, args) {
  const file = path.join(root, 'node_modules', name, 'package.json');
  const { bin } = JSON.parse(fs.readFileSync(file, 'utf8'));
  const entry = typeof bin === 'string' ? bin : Object.values(bin)[0];
  return run(process.execPath, [path.join(path.dirname(file), entry), ...args], {
    cwd: scratch,
    maxBuffer: 1 << 26,
  });
}

async function install(consumer, name) {
  const dependencies = Object.fromEntries(
    [...neededByExample(name)].map((one) => [one, `file:${tarballs.get(one)}`]),
  );
  fs.mkdirSync(consumer);
  // Overrides, as the tarballs ask for each other by versions that are not published yet.
  const manifest = { name: 'consumer', private: true, type: 'module', dependencies, overrides: dependencies };
  fs.writeFileSync(path.join(consumer, 'package.json'), JSON.stringify(manifest));
  const args = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm', args, { cwd: consumer, env: cleanEnvironment(), maxBuffer: 1 << 26 });
  return true;
}

/** The package with its dependencies, and with what its example imports beside it, as its README says to install. */
function neededByExample(name) {
  const { directory } = publicPackages.find((subject) => subject.name === name);
  const example = exampleOf(directory) ?? '';
  const found = withDependencies(name);
  for (const [, imported] of example.matchAll(/from '(@synod\/[a-z-]+)/g)) withDependencies(imported, found);
  return found;
}

function withDependencies(name, found = new Set()) {
  if (found.has(name) || !tarballs.has(name)) return found;
  found.add(name);
  const { manifest } = publicPackages.find((subject) => subject.name === name);
  for (const dependency of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })) {
    withDependencies(dependency, found);
  }
  return found;
}

/** What stands in the first ```js fence of a package's README. */
function exampleOf(directory) {
  const file = path.join(root, directory, 'README.md');
  if (!fs.existsSync(file)) return undefined;
  return /^```js\n([\s\S]*?)^```/m.exec(fs.readFileSync(file, 'utf8'))?.[1];
}

async function runExample(consumer, directory) {
  const example = exampleOf(directory);
  if (example === undefined) throw new Error('there is no README.md with a ```js fence that could be run');
  const outputs = {
    'an ES module': await runFile(consumer, 'example.mjs', example),
    CommonJS: await runFile(consumer, 'example.cjs', asCommonJs(example)),
    TypeScript: await runTypeScript(consumer, example),
  };
  const [expected] = Object.values(outputs);
  if (expected.trim() === '') throw new Error('the example prints nothing');
  for (const [kind, output] of Object.entries(outputs)) {
    if (output !== expected)
      throw new Error(`as ${kind} the example prints\n${output}instead of\n${expected}`);
  }
  return `, its example prints ${JSON.stringify(expected.trim().split('\n')[0].slice(0, 60))}`;
}

async function runFile(consumer, file, text) {
  fs.writeFileSync(path.join(consumer, file), text);
  const args = ['--disable-warning=ExperimentalWarning', file];
  const { stdout } = await run(process.execPath, args, { cwd: consumer, timeout: exampleTimeoutMs });
  return stdout;
}

/** The example with its imports as require calls; the rest runs in an async function, for top-level await. */
function asCommonJs(example) {
  const imports = [];
  const body = example.replace(
    /^import\s*\{([^}]*)\}\s*from\s*('[^']+'|"[^"]+");?[ \t]*\n/gm,
    (_, names, from) => {
      imports.push(`const {${names.replace(/(\w+)\s+as\s+(\w+)/g, '$1: $2')}} = require(${from});`);
      return '';
    },
  );
  if (/^import\b/m.test(body)) throw new Error('the example may only use `import { names } from "package"`');
  return `'use strict';\n${imports.join('\n')}\n(async () => {\n${body}\n})();\n`;
}

async function runTypeScript(consumer, example) {
  fs.writeFileSync(path.join(consumer, 'example.mts'), example);
  const compilerOptions = {
    target: 'ES2022',
    module: 'nodenext',
    moduleResolution: 'nodenext',
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    outDir: 'out',
    types: ['node'],
    typeRoots: [path.dirname(nodeTypes)],
  };
  fs.writeFileSync(
    path.join(consumer, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: ['example.mts'] }),
  );
  await run(process.execPath, [compiler, '-p', '.'], { cwd: consumer });
  const { stdout } = await run(process.execPath, ['out/example.mjs'], {
    cwd: consumer,
    timeout: exampleTimeoutMs,
  });
  return stdout;
}
