// The house style that no linter knows, as a check: purity of the protocol packages, sizes, names, doors,
// and nothing of one machine in any file. It reads syntax trees, so comments and strings never matter.
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import ts from 'typescript';
import { readJson, root, workspaces } from './pm.mjs';
import { builtList } from './sync.mjs';

const pure = [
  'core',
  'integrity',
  'balancer',
  'raft',
  'paxos',
  'kv',
  'linearizability',
  'simulator',
  'failure-detector',
];
/** What a file or folder of a pure package may use all the same, each with its reason. */
const allowedInPure = {
  // Reference implementations of the storage and transport contracts, which answer with promises.
  'packages/core/src/memory/': ['Promise'],
  // Looks up, without importing it, what a platform offers for checksums; a stream of bytes is over some time later.
  'packages/integrity/src/checksums/platform.ts': ['globalThis', 'node:'],
  'packages/integrity/src/checksums/digest-stream.ts': ['async', 'await'],
  // The transport contract answers with promises.
  'packages/core/src/compliance/transport/': ['async', 'await', 'Promise'],
  // The cases of the storage contract, which answers with promises.
  'packages/core/src/compliance/storage-': ['async', 'await', 'Promise'],
  // The storage and file system contracts answer with promises; the runner asks the platform for the end of a turn.
  'packages/simulator/src/storage/': ['async', 'await', 'Promise'],
  'packages/simulator/src/storage/run-on-storage.ts': ['globalThis'],
};
const worldly = new Set([
  'Date',
  'Promise',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'performance',
  'process',
  'crypto',
  'globalThis',
]);
const vagueNames = /(^|[-.])(utils?|helpers?|managers?|common|misc)([-.]|$)/;
const fileLinesMax = 400;
const functionLinesMax = 80;

const complaints = [];
const files = projectFiles();
for (const file of files) checkFile(file);
for (const workspace of workspaces()) checkWorkspace(workspace);
checkTurbo();
for (const complaint of complaints) console.error(complaint);
console.log(`tidy: ${files.length} files, ${complaints.length} complaints`);
process.exitCode = complaints.length > 0 ? 1 : 0;

function complain(file, line, text) {
  complaints.push(`${file}:${line}: ${text}`);
}

function projectFiles() {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  return listed.split('\0').filter((file) => file !== '' && fs.existsSync(path.join(root, file)));
}

function checkFile(file) {
  if (vagueNames.test(path.basename(file))) complain(file, 1, 'this name says nothing of what is inside');
  const content = fs.readFileSync(path.join(root, file));
  if (content.includes(0)) return;
  const text = content.toString('utf8');
  checkPlaces(file, text);
  const match = /^(packages|apps)\/([^/]+)\/src\/.*\.tsx?$/.exec(file);
  if (match === null || /\.test\.tsx?$/.test(file)) return;
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  checkSizes(file, text, source);
  if (match[1] === 'packages') {
    if (file === `packages/${match[2]}/src/index.ts`) checkDoor(file, text);
    if (pure.includes(match[2])) checkPurity(file, source);
  }
}

// Written in pieces, so that this file does not complain about itself.
function checkPlaces(file, text) {
  if (file === 'pnpm-lock.yaml') return;
  const machine = ['work', 'root', 'home', 'Users'].map((folder) => `/${folder}/`).join('|');
  const places = [
    [new RegExp(`(^|[\\s'"\`(=:])(${machine})[\\w.-]`), 'an absolute path of one machine'],
    [
      new RegExp(['registry[.]npmjs', 'registry[.]yarnpkg', 'npm[.]pkg[.]github'].join('|')),
      'the name of a registry host',
    ],
  ];
  for (const [index, line] of text.split('\n').entries()) {
    for (const [pattern, what] of places) {
      if (pattern.test(line) && file !== '.config/tidy.mjs')
        complain(file, index + 1, `${what} does not belong in a file`);
    }
  }
}

function checkSizes(file, text, source) {
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  if (lines > fileLinesMax) complain(file, 1, `${lines} lines: at most ${fileLinesMax}, one subject a file`);
  visit(source, (node) => {
    if (!ts.isFunctionLike(node) || node.body === undefined) return true;
    const first = lineOf(source, node.getStart());
    const length = lineOf(source, node.end) - first + 1;
    if (length > functionLinesMax)
      complain(file, first, `a function of ${length} lines: at most ${functionLinesMax}`);
    return true;
  });
}

function checkDoor(file, text) {
  const comment = /^\/\*\*[\s\S]*?\*\//.exec(text);
  if (comment === null || !comment[0].includes('@packageDocumentation')) {
    complain(
      file,
      1,
      'opens with a /** ... @packageDocumentation */ comment that says what the package is for',
    );
  }
}

function checkPurity(file, source) {
  const allowed = Object.keys(allowedInPure)
    .filter((place) => file.startsWith(place))
    .flatMap((place) => allowedInPure[place]);
  const own = declaredNames(source);
  const impure = (node, name, text) => {
    if (!allowed.includes(name)) complain(file, lineOf(source, node.getStart()), `${text} in a pure package`);
  };
  visit(source, (node) => {
    if (ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node)) return false;
    if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return false;
    if (node.kind === ts.SyntaxKind.AsyncKeyword) impure(node, 'async', 'async');
    if (ts.isAwaitExpression(node) || node.awaitModifier !== undefined) impure(node, 'await', 'await');
    if (isModuleName(node) && /^node:/.test(node.text)) impure(node, 'node:', `an import of ${node.text}`);
    if (ts.isIdentifier(node) && worldly.has(node.text) && isReference(node) && !own.has(node.text)) {
      impure(node, node.text, node.text);
    }
    if (ts.isIdentifier(node) && node.text === 'Math' && isReference(node) && !isHarmlessMath(node.parent)) {
      impure(node, 'Math.random', 'Math.random, or a way to it,');
    }
    return true;
  });
}

function isModuleName(node) {
  if (!ts.isStringLiteral(node)) return false;
  const { parent } = node;
  return ts.isImportDeclaration(parent) || ts.isExportDeclaration(parent) || ts.isCallExpression(parent);
}

function isHarmlessMath(parent) {
  return ts.isPropertyAccessExpression(parent) && parent.name.text !== 'random';
}

// An identifier that is looked up in scope, as against the name of a member, a key or a label.
function isReference(node) {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node;
  if (ts.isImportSpecifier(parent) || ts.isExportSpecifier(parent)) return false;
  return !(ts.isClassElement(parent) && parent.name === node);
}

function declaredNames(source) {
  const names = new Set();
  visit(source, (node) => {
    const binds =
      ts.isParameter(node) ||
      ts.isVariableDeclaration(node) ||
      ts.isBindingElement(node) ||
      ts.isImportSpecifier(node);
    if ((binds || ts.isFunctionDeclaration(node)) && node.name !== undefined && ts.isIdentifier(node.name)) {
      names.add(node.name.text);
    }
    return true;
  });
  return names;
}

function checkWorkspace({ name, directory, manifest }) {
  const file = `${directory}/package.json`;
  if (!directory.startsWith('packages/')) return;
  const short = path.basename(directory);
  if (name !== `@synod/${short}`) complain(file, 1, `is called ${name}, but its folder says @synod/${short}`);
  if (manifest.type !== 'module') complain(file, 1, 'needs "type": "module"');
  if (manifest.engines?.node !== '>=20.19') complain(file, 1, 'needs "engines": { "node": ">=20.19" }');
  for (const [entry, target] of Object.entries(manifest.exports ?? {})) {
    if (entry === './package.json') continue;
    const order = Object.keys(target).join(' ');
    if (order !== '@synod/source types default') {
      complain(
        file,
        1,
        `exports "${entry}" must have the conditions @synod/source, types and default, in this order`,
      );
    }
  }
  for (const needed of ['README.md', 'typedoc.json', 'tsconfig.json', 'tsup.config.ts']) {
    if (!fs.existsSync(path.join(root, directory, needed)))
      complain(file, 1, `${needed} is missing beside it`);
  }
}

function checkTurbo() {
  const listed = readJson(path.join(root, 'turbo.json')).tasks['//#built'].dependsOn;
  if (JSON.stringify(listed) !== JSON.stringify(builtList())) {
    complain('turbo.json', 1, 'the list of builds under //#built is out of date: run `npm run sync`');
  }
}

function lineOf(source, position) {
  return source.getLineAndCharacterOfPosition(position).line + 1;
}

function visit(node, see) {
  if (see(node)) ts.forEachChild(node, (child) => visit(child, see));
}
