import { cp } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { library } from '../../.config/tsup.preset.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default library({
  entry: ['src/main.ts'],
  // The gateway serves the dashboard from this package, so that one installed package is all a user needs.
  onSuccess: () => cp(here('../dashboard/dist'), here('dist/dashboard'), { recursive: true }),
});
