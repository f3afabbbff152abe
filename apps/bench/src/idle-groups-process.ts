/** The measurement of idle groups as a program: prints its figures as JSON. */
import { runIdleGroups } from './idle-groups.js';

const [directory = '.', durationMs = '10000', over = 'memory', groups = '1000', sleep = 'true'] =
  process.argv.slice(2);
const result = await runIdleGroups(directory, Number(durationMs), {
  over: over === 'websocket' ? 'websocket' : 'memory',
  groups: Number(groups),
  sleep: sleep === 'true',
});
process.stdout.write(JSON.stringify(result), () => process.exit(0));
