import { library } from '../../.config/tsup.preset.ts';

export default library({
  entry: {
    index: 'src/index.ts',
    'memory/index': 'src/memory/index.ts',
    'compliance/index': 'src/compliance/index.ts',
    'recording/index': 'src/recording/index.ts',
  },
});
