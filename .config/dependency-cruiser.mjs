// The floors of the house: imports go downwards only, the packages of the middle floor never import each
// other, and a package is entered only through the doors its package.json opens. Tests may compose anything.
import * as path from 'node:path';
import { root, workspaces } from './pm.mjs';

const ground = ['core', 'integrity', 'balancer', 'failure-detector', 'linearizability'];
const libraries = workspaces().filter(({ directory }) => directory.startsWith('packages/'));
const tests = ['[.]test[.]tsx?$', '^(packages|apps)/[^/]+/test/', '^docs/'];
const doors = libraries.flatMap(({ directory, manifest }) =>
  Object.values(manifest.exports ?? {})
    .map((target) => target['@synod/source'])
    .filter((source) => source !== undefined)
    .map((source) => path.posix.join(directory, source)),
);
const inGround = `^packages/(${ground.join('|')})/`;

export default {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      comment:
        'Two files that need each other are one subject: put them together, or pull the shared part out.',
      from: { pathNot: tests },
      to: { circular: true },
    },
    {
      name: 'core-stands-alone',
      severity: 'error',
      comment: '@synod/core is the ground everything stands on: it imports no other package.',
      from: { path: '^packages/core/', pathNot: tests },
      to: { path: '^(packages|apps)/', pathNot: '^packages/core/' },
    },
    {
      name: 'ground-floor-imports-core-only',
      severity: 'error',
      comment: 'A ground-floor package may import @synod/core and nothing else of Synod.',
      from: { path: `^packages/(${ground.join('|')})/`, pathNot: ['^packages/core/', ...tests] },
      to: { path: '^(packages|apps)/', pathNot: ['^packages/core/', '^packages/$1/'] },
    },
    {
      name: 'middle-floor-imports-ground-floor-only',
      severity: 'error',
      comment:
        'Middle-floor packages meet through the contracts in @synod/core; only the top floor composes them.',
      from: { path: '^packages/([^/]+)/', pathNot: [...tests, inGround] },
      to: { path: '^(packages|apps)/', pathNot: [inGround, '^packages/$1/'] },
    },
    {
      name: 'through-the-door',
      severity: 'error',
      comment: 'Import another package by its name, at an entry point that its package.json exports.',
      from: { path: '^(packages|apps|docs)/([^/]+)/' },
      to: {
        path: '^packages/',
        pathNot: ['^$1/$2/', ...doors.map((file) => `^${file.replaceAll('.', '[.]')}$`)],
      },
    },
    {
      name: 'by-name-not-by-path',
      severity: 'error',
      comment: 'A relative path into another package breaks once it is published: import it by its name.',
      from: { path: '^(packages|apps)/([^/]+)/' },
      to: { path: '^(packages|apps)/', pathNot: '^$1/$2/', dependencyTypes: ['local'] },
    },
    {
      name: 'resolvable',
      severity: 'error',
      comment: 'The imported file or package is not there, or its package does not export it.',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'declared',
      severity: 'error',
      comment: 'What a package imports stands in its own package.json.',
      from: { path: '^(packages|apps)/[^/]+/src/', pathNot: tests },
      // A peer that is optional counts as one that no package.json knows, besides.
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['npm-peer'] },
    },
    {
      name: 'no-dev-dependency-at-run-time',
      severity: 'error',
      comment: 'What the published code imports is a dependency, not a devDependency.',
      from: { path: '^packages/[^/]+/src/', pathNot: tests },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    baseDir: root,
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|coverage|[.]vitepress/cache)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@synod/source', 'import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.mts', '.js', '.mjs', '.json'],
    },
    tsConfig: { fileName: path.join(root, '.config/tsconfig.json') },
  },
};
