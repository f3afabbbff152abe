import { library } from '../../.config/tsup.preset.ts';

export default library({ entry: ['src/main.ts'] });
