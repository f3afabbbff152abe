/** When a long-running command has to end: Ctrl-C, SIGTERM, or the loss of the process that started it. */

/** Exit code of a program that Ctrl-C ended, by the custom of shells: 128 and the number of the signal. */
const exitInterrupted = 130;

/**
 * Resolves when the process is asked to end. A second Ctrl-C ends it at once.
 *
 * @remarks Ctrl-C in a terminal reaches every process there. One that has a parent leaves it to the parent, which asks
 * each of its children once, and to the end of the channel between them, should the parent be killed.
 */
export async function shutdownRequested(): Promise<void> {
  await new Promise<void>((resolve) => {
    let asked = false;
    const ask = (): void => {
      asked = true;
      resolve();
    };
    const interrupt = (): void => {
      if (asked) process.exit(exitInterrupted);
      ask();
    };
    const hasParent = process.channel !== undefined;
    process.on('SIGINT', hasParent ? () => {} : interrupt);
    process.on('SIGTERM', ask);
    process.on('SIGHUP', hasParent ? () => {} : ask);
    if (hasParent) process.once('disconnect', ask);
  });
}
