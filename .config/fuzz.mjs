// `npm run fuzz -- 1000000` hands so many forged frames to what reads them (test/fuzz.test.ts of @synod/transport-ws).
import { pnpm, setup } from './pm.mjs';

await setup();
process.env.SYNOD_FUZZ_INPUTS = process.argv[2] ?? '1000000';
const vitest = ['exec', 'vitest', 'run', '--config', '.config/vitest.config.ts', '--project', 'unit'];
process.exitCode = await pnpm([...vitest, 'packages/transport-ws/test/fuzz.test.ts']);
