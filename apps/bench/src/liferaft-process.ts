/** The peer's measurement as a program: prints commits a second, or nothing, and ends at once. */
import { runLifeRaft } from './liferaft-peer.js';

const [durationMs = '3000', commandBytes = '64'] = process.argv.slice(2);
const commitsPerSecond = await runLifeRaft(Number(durationMs), Number(commandBytes));
process.stdout.write(String(commitsPerSecond ?? ''), () => process.exit(0));
