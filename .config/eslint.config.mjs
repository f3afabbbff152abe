// The three rules that need the type checker across package borders. All other linting is Biome's: its own
// versions of these do not see a promise that comes out of a map, an array or another package.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { parser, plugin } from 'typescript-eslint';
import { root, workspaces } from './pm.mjs';

const pages = workspaces()
  .map(({ directory }) => `${directory}/tsconfig.json`)
  .filter((file) => fs.existsSync(path.join(root, file)))
  .filter((file) => /"noEmit":\s*true/.test(fs.readFileSync(path.join(root, file), 'utf8')));

export default [
  {
    ignores: [
      '**/dist/**',
      '**/coverage/**',
      '**/*.d.ts',
      '**/*.config.ts',
      'docs/.vitepress/**',
      'docs/api/**',
    ],
  },
  {
    files: ['{packages,apps,docs}/**/*.{ts,tsx}'],
    languageOptions: {
      parser,
      parserOptions: { project: ['.config/tsconfig.json', ...pages], tsconfigRootDir: root },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    plugins: { typed: plugin },
    rules: {
      'typed/no-floating-promises': 'error',
      'typed/no-misused-promises': 'error',
      'typed/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: false },
      ],
    },
  },
];
