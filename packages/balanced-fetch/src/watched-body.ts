/**
 * A request is in flight until its answer's body has ended, not only until its head came: a server that streams to many
 * clients is busy.
 */
import type { Outcome } from '@synod/balancer';

/** How a body ended. */
type BodyEnd = Outcome['result'];

const forgotten = new FinalizationRegistry<(end: BodyEnd) => void>((ended) => ended('cancelled'));

/**
 * The same answer, whose body tells when it ends.
 *
 * @param response - The answer.
 * @param ended - Called once: at the end, when the body breaks or is cancelled, or when nobody can read it any more.
 */
export function watchBody(response: Response, ended: (end: BodyEnd) => void): Response {
  const { body } = response;
  if (body === null) {
    ended('success');
    return response;
  }
  const reader = body.getReader();
  let isOver = false;
  const over = (end: BodyEnd): void => {
    if (isOver) return;
    isOver = true;
    forgotten.unregister(reader);
    if (end !== 'success') void reader.cancel().catch(() => {});
    ended(end);
  };
  const watched = new Response(
    new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          try {
            const { done, value } = await reader.read();
            if (!done) return controller.enqueue(value);
            over('success');
            controller.close();
          } catch (error) {
            over('failure');
            controller.error(error);
          }
        },
        async cancel(reason) {
          isOver = true;
          forgotten.unregister(reader);
          ended('cancelled');
          await reader.cancel(reason);
        },
      },
      { highWaterMark: 0 },
    ),
    response,
  );
  Object.defineProperties(watched, {
    url: { value: response.url },
    redirected: { value: response.redirected },
    type: { value: response.type },
  });
  forgotten.register(watched, over, reader);
  return watched;
}
