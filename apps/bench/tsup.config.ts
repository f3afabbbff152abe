import { library } from '../../.config/tsup.preset.ts';

export default library({
  entry: ['src/main.ts', 'src/liferaft-process.ts', 'src/idle-groups-process.ts', 'src/transport-process.ts'],
});
