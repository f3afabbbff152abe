/** Version of the program, from its package.json. */
import { readFileSync } from 'node:fs';
import { fieldOf, parseJson } from './rest-errors.js';

// Both `src` and `dist` stand directly below the package.
const manifest = parseJson(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** Such as `0.1.0`. */
export const version = String(fieldOf(manifest, 'version') ?? 'unknown');
