// The one way a library is built: JavaScript by tsup, one ES module an entry point, with source maps.
// Declarations are not made here but by `tsc -b` (see check-types.mjs), so a build leaves them where they are.
import type { Options } from 'tsup';

/** Options for a package's `tsup.config.ts`; `overrides` win, for example `{ entry: ['src/index.ts', 'src/memory.ts'] }`. */
export function library(overrides: Options = {}): Options {
  return {
    entry: ['src/index.ts'],
    format: ['esm'],
    target: 'node20',
    platform: 'node',
    removeNodeProtocol: false,
    dts: false,
    sourcemap: true,
    splitting: true,
    clean: ['!**/*.d.ts', '!**/*.d.ts.map'],
    silent: true,
    ...overrides,
  };
}
