import { library } from '../../.config/tsup.preset.ts';

export default library({
  entry: {
    index: 'src/index.ts',
    'simulation/index': 'src/simulation/index.ts',
  },
});
