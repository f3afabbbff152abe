/**
 * What theory says of the three ways to repeat what was lost (automatic repeat request), as a share of what the link
 * could carry. Bertsekas and Gallager, "Data Networks", 2nd edition (1992), section 2.4, in the notation of Stallings: p is
 * the chance that a frame is lost, a the way to the other end in frames, so that an answer comes 1 + 2a frames after a
 * frame began.
 */

/** A way to repeat. */
export type Scheme = 'stopAndWait' | 'goBackN' | 'selectiveRepeat';

/** All of them, from the plainest on. */
export const schemes: readonly Scheme[] = ['stopAndWait', 'goBackN', 'selectiveRepeat'];

/** Their names. */
export const schemeNames: Readonly<Record<Scheme, string>> = {
  stopAndWait: 'stop-and-wait',
  goBackN: 'go-back-N',
  selectiveRepeat: 'selective repeat',
};

/**
 * The share of a link that useful frames take.
 *
 * @param scheme - How losses are repeated.
 * @param loss - p, for frames and acknowledgements alike.
 * @param delayFrames - a.
 */
export function theoreticalGoodput(scheme: Scheme, loss: number, delayFrames: number): number {
  switch (scheme) {
    case 'stopAndWait':
      // One frame a round trip, and a round trip succeeds when neither the frame nor its acknowledgement is lost.
      return (1 - loss) ** 2 / (1 + 2 * delayFrames);
    case 'goBackN':
      // Each loss costs the frames of a whole round trip. Later acknowledgements stand for lost ones.
      return (1 - loss) / (1 + 2 * delayFrames * loss);
    case 'selectiveRepeat':
      // A frame is sent 1 / (1 - p) times on average, and nothing else is.
      return 1 - loss;
  }
}
