// `tsc -b` for everything: writes each library's declarations, then checks all tests and config files against
// them. A workspace whose own tsconfig.json says noEmit (a web page) checks its tests itself.
// `node .config/check-types.mjs libraries` stops after the declarations, which are what a release needs.
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import * as path from 'node:path';
import ts from 'typescript';
import { exitCode, root, workspaces } from './pm.mjs';

const cache = path.join(root, '.config', '.cache', 'types');
const typed = workspaces()
  .filter(({ directory }) => fs.existsSync(path.join(root, directory, 'tsconfig.json')))
  .map((workspace) => ({ ...workspace, config: readConfig(workspace.directory) }));
const libraries = typed.filter(({ config }) => config.compilerOptions?.noEmit !== true);
const pages = typed.filter(({ config }) => config.compilerOptions?.noEmit === true);

const wrong = typed.flatMap(wrongReferences);
for (const complaint of wrong) console.error(complaint);
for (const { directory } of libraries) forgetLostDeclarations(directory);
const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const justLibraries = process.argv[2] === 'libraries';
const projects = justLibraries
  ? libraries.map(({ directory }) => directory)
  : [...typed.map(({ directory }) => directory), writeTestsConfig()];
const code = await exitCode(
  spawn(process.execPath, [compiler, '-b', ...projects], { cwd: root, stdio: 'inherit' }),
);
process.exitCode = code || (wrong.length > 0 ? 1 : 0);

function readConfig(directory) {
  const file = path.join(root, directory, 'tsconfig.json');
  const { config, error } = ts.readConfigFile(file, ts.sys.readFile);
  if (error !== undefined)
    throw new Error(`${file}: ${ts.flattenDiagnosticMessageText(error.messageText, '\n')}`);
  return config;
}

// A project without a reference would be compiled a second time, from source, inside its user.
function wrongReferences({ directory, manifest, config }) {
  const used = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
  const importable = libraries.filter(
    ({ name, manifest: { exports } }) => used.includes(name) && exports?.['.'],
  );
  const wanted = importable.map((library) => library.directory);
  const actual = (config.references ?? []).map((reference) => path.posix.join(directory, reference.path));
  const file = `${directory}/tsconfig.json`;
  return [
    ...wanted
      .filter((project) => !actual.includes(project))
      .map((project) => `${file}: reference ${project} is missing`),
    ...actual
      .filter((project) => !wanted.includes(project))
      .map((project) => `${file}: ${project} is no dependency`),
  ];
}

// With its record but without its output, tsc would believe that a project is up to date.
function forgetLostDeclarations(directory) {
  const dist = path.join(root, directory, 'dist');
  const hasDeclarations =
    fs.existsSync(dist) &&
    fs.readdirSync(dist, { recursive: true }).some((file) => String(file).endsWith('.d.ts'));
  if (!hasDeclarations) fs.rmSync(path.join(root, directory, '.tsbuildinfo'), { force: true });
}

function writeTestsConfig() {
  const file = path.join(cache, 'tsconfig.json');
  const up = (target) => path.posix.join('../../..', target);
  const content = {
    extends: up('.config/tsconfig.tests.json'),
    exclude: ['**/node_modules', '**/dist', ...pages.map(({ directory }) => directory)].map(up),
    references: libraries.map(({ directory }) => ({ path: up(directory) })),
  };
  fs.mkdirSync(cache, { recursive: true });
  fs.writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`);
  return file;
}
