import { library } from '../../.config/tsup.preset.ts';

export default library();
