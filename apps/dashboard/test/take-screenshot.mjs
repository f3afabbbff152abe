// `npm run screenshot [FOLDER]`: runs screenshot.ts, which this Node cannot read by itself, through Vite. Build first.
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';

const docs = fileURLToPath(new URL('../../../docs/public', import.meta.url));
const folder = path.resolve(process.argv[2] ?? docs);

const loader = await createServer({
  configFile: false,
  appType: 'custom',
  logLevel: 'error',
  optimizeDeps: { noDiscovery: true },
  server: { middlewareMode: true, ws: false, hmr: false, watch: null },
});
try {
  const { takeScreenshots } = await loader.ssrLoadModule(
    fileURLToPath(new URL('screenshot.ts', import.meta.url)),
  );
  await takeScreenshots(folder);
} finally {
  await loader.close();
}
