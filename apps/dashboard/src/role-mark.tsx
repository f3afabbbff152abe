/** A node's part as a shape: told apart without colour, and always beside the word. */
import type { Role } from '@synod/core';

/** What a mark can say: a role, or that the node does not take part. */
export type Standing = Role | 'starting' | 'failed' | 'down' | 'unknown';

/** The word for a standing. */
export const standingWords: Readonly<Record<Standing, string>> = {
  leader: 'Leader',
  follower: 'Follower',
  candidate: 'Candidate',
  'pre-candidate': 'Pre-candidate',
  learner: 'Learner',
  starting: 'Starting',
  failed: 'Failed',
  down: 'Down',
  unknown: 'Unknown',
};

/** The shape for a standing. Decorative: the word stands beside it. */
export function RoleMark({ standing }: { readonly standing: Standing }) {
  return (
    <svg class={`mark is-${standing}`} viewBox="0 0 32 32" aria-hidden="true">
      {shapeOf(standing)}
    </svg>
  );
}

function shapeOf(standing: Standing) {
  switch (standing) {
    case 'leader':
      return (
        <path
          class="mark-solid"
          d="M4 25V9.5l6.7 5.8L16 5l5.3 10.3L28 9.5V25a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2Z"
        />
      );
    case 'follower':
      return <circle class="mark-line" cx="16" cy="16" r="9.5" />;
    case 'candidate':
      return <path class="mark-line" d="M16 5.5 27 25.5H5Z" />;
    case 'pre-candidate':
      return <path class="mark-line is-dashed" d="M16 5.5 27 25.5H5Z" />;
    case 'learner':
      return <rect class="mark-line" x="7" y="7" width="18" height="18" rx="2" />;
    case 'failed':
    case 'down':
      return <path class="mark-line" d="M8 8l16 16M24 8 8 24" />;
    case 'starting':
    case 'unknown':
      return <circle class="mark-line is-dashed" cx="16" cy="16" r="9.5" />;
  }
}
