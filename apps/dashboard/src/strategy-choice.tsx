/** How the gateway spreads reads, and the choice of another way. */
import { useState } from 'preact/hooks';
import type { ClusterView } from './cluster-view.js';
import { chooseStrategy } from './gateway-requests.js';

interface StrategyChoiceProperties {
  readonly cluster: ClusterView;
}

/** A list to choose from, where the gateway offers one; else the name of what it does. */
export function StrategyChoice({ cluster: { strategy, strategies } }: StrategyChoiceProperties) {
  const [problem, setProblem] = useState<string>();
  if (strategy === undefined) return null;
  if (strategies.length === 0) return <span class="panel-note">the gateway spreads reads by {strategy}</span>;
  return (
    <span class="panel-note">
      <label>
        the gateway spreads reads by{' '}
        <select
          value={strategy}
          onChange={(event) => void chooseStrategy(event.currentTarget.value).then(setProblem)}
        >
          {strategies.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      {problem !== undefined && <span role="alert"> {problem}</span>}
    </span>
  );
}
