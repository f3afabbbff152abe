/** A part that scrolls on its own, also by keyboard. */
import type { ComponentChildren } from 'preact';

interface ScrollBoxProperties {
  /** Id of the heading that names it. */
  readonly labelledBy: string;
  readonly children: ComponentChildren;
}

/** Scrolls what it holds. */
export function ScrollBox({ labelledBy, children }: ScrollBoxProperties) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: not every browser lets the keyboard scroll a box without it.
    <section class="scroll" tabIndex={0} aria-labelledby={labelledBy}>
      {children}
    </section>
  );
}
