// Storms under V8's coverage, for .config/storm-coverage.mjs: no test run of its own.
import { mergeConfig } from 'vitest/config';
import base from './vitest.config.ts';

const { test, ...shared } = base;

export default mergeConfig(shared, {
  test: {
    server: test?.server,
    include: ['apps/simulate/src/storms.coverage.ts'],
    testTimeout: 3_600_000,
    coverage: {
      provider: 'v8',
      enabled: true,
      include: ['packages/raft/src/**/*.ts'],
      exclude: ['**/*.test.ts'],
      reporter: ['json'],
      reportsDirectory: '.config/.cache/storm-coverage',
    },
  },
});
