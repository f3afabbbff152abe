// One test run for the whole repository. Workspace packages resolve to their source, so no build is needed;
// only `e2e` (whole programs as real processes) uses what was built.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('..', import.meta.url));
const sourceFirst = ['@synod/source', 'module', 'node', 'development|production'];
const never = ['**/node_modules/**', '**/dist/**', '**/coverage/**'];
const wholePrograms = [
  'apps/*/test/**/*.test.ts',
  '{packages,apps}/*/test/**/*.e2e.test.ts',
  'docs/test/**/*.test.ts',
];

export default defineConfig({
  root,
  cacheDir: '.config/.cache/vite',
  resolve: { conditions: sourceFirst },
  ssr: { resolve: { conditions: sourceFirst, externalConditions: sourceFirst } },
  test: {
    restoreMocks: true,
    server: { deps: { inline: [/^@synod\//] } },
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts', 'apps/cluster/src/**/*.ts'],
      exclude: ['**/*.test.ts'],
      reporter: ['text-summary', 'lcov'],
      reportsDirectory: 'coverage',
    },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          testTimeout: 20_000,
          maxWorkers: 2,
          include: ['{packages,apps}/*/src/**/*.test.{ts,tsx}', 'packages/*/test/**/*.test.ts'],
          exclude: [...never, ...wholePrograms],
        },
      },
      {
        // After the unit tests and one file at a time: a cluster of processes needs both cores for itself.
        extends: true,
        test: {
          name: 'e2e',
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 1,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          include: wholePrograms,
          exclude: never,
        },
      },
      {
        // The same clusters once more, on the other engine.
        extends: true,
        test: {
          name: 'e2e-paxos',
          env: { SYNOD_ENGINE: 'paxos' },
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 1,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
          include: ['apps/cluster/test/{cluster,faults,peer-port,recording,recovery}.test.ts'],
          exclude: never,
        },
      },
    ],
  },
});
