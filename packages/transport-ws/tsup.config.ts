import { library } from '../../.config/tsup.preset.ts';

export default library({ entry: ['src/index.ts', 'src/browser.ts', 'src/certificates.ts'] });
