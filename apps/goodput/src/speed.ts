/**
 * Blocks a second of processor time through sender, bytes, receiver and back over a link that does nothing, beside the same blocks only
 * sealed and opened: what the checks of the frames alone would cost.
 */
import { ByteWriter } from '@synod/core';
import {
  DeliveryReceiver,
  DeliverySender,
  encodeSegment,
  openFrame,
  type Segment,
  sealFrame,
} from '@synod/integrity';

/** What was measured. */
export interface Speed {
  readonly blockBytes: number;
  readonly blocksPerProcessorSecond: number;
  /** The blocks sealed into frames and opened again, and nothing else. */
  readonly framesPerProcessorSecond: number;
}

const offerBlocks = 64;
const rounds = 4;

/** Measures blocks of one size; each in turn, the best of some rounds. */
export function measureSpeed(blockBytes: number, blocks: number): Speed {
  let [delivery, frames] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; round < rounds; round++) {
    delivery = Math.min(
      delivery,
      secondsOf(() => deliver(blockBytes, blocks)),
    );
    frames = Math.min(
      frames,
      secondsOf(() => sealAndOpen(blockBytes, blocks)),
    );
  }
  return {
    blockBytes,
    blocksPerProcessorSecond: blocks / delivery,
    framesPerProcessorSecond: blocks / frames,
  };
}

/** Processor time, the garbage collector's included: other programs on the machine do not count. */
function secondsOf(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

function deliver(blockBytes: number, blocks: number): void {
  const sender = new DeliverySender({ epoch: 1, seed: 1 });
  const receiver = new DeliveryReceiver({ epoch: 1 });
  const offer = Array.from({ length: offerBlocks }, () => new Uint8Array(blockBytes));
  const [there, back] = [new ByteWriter(1 << 20), new ByteWriter(1 << 16)];
  let delivered = 0;
  sender.step({ type: 'connect', nowMs: 0 });
  for (let nowMs = 0; delivered < blocks; nowMs++) {
    if (sender.status().state === 'open') sender.step({ type: 'offer', nowMs, blocks: offer });
    receiver.step({ type: 'receive', nowMs, bytes: bytesOf(sender.takeEffects()?.send ?? [], there) });
    const effects = receiver.takeEffects();
    delivered += effects?.deliver.length ?? 0;
    sender.step({ type: 'receive', nowMs, bytes: bytesOf(effects?.send ?? [], back) });
  }
}

function bytesOf(segments: readonly Segment[], writer: ByteWriter): Uint8Array {
  writer.clear();
  for (const segment of segments) encodeSegment(segment, writer);
  return writer.view();
}

function sealAndOpen(blockBytes: number, blocks: number): void {
  const block = new Uint8Array(blockBytes);
  const limits = { frameBytesMax: blockBytes + 64 };
  for (let count = 0; count < blocks; count++) openFrame(sealFrame(block), 0, limits);
}
