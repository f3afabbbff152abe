import { ByteWriter } from '@synod/core';
import { encodeSegment } from '@synod/integrity';

/** Runs one end, a sender or a receiver, against real time: `send` takes bytes to the other end. */
export function runEnd(end, { send, onEffects = () => {} }) {
  const writer = new ByteWriter();
  let timer;

  function step(input) {
    end.step({ ...input, nowMs: performance.now() });
    for (let effects = end.takeEffects(); effects !== undefined; effects = end.takeEffects()) {
      onEffects(effects); // deliver, and make durable what must survive; only then send
      for (const segment of effects.send) {
        writer.clear();
        encodeSegment(segment, writer);
        send(writer.copy());
      }
    }
    clearTimeout(timer);
    if (end.wakeAtMs === undefined) return;
    timer = setTimeout(step, Math.max(0, end.wakeAtMs - performance.now()), { type: 'tick' });
  }

  return { step, stop: () => clearTimeout(timer) };
}
