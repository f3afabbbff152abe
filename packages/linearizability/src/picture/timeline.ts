/**
 * Where everything in a picture goes. Time runs to the right, but only its order is kept: moments stand as far apart as
 * the labels between them need.
 */
import type { Actor, Scene } from './scene.js';

/** A bar: one operation from its call to its answer. */
export interface Bar {
  readonly actor: Actor;
  readonly lane: number;
  readonly fromX: number;
  readonly toX: number;
  /** Where on the bar it took effect; `undefined` if it is not in the order. */
  readonly pointX: number | undefined;
  /** Its label, shortened to fit. */
  readonly label: string;
}

/** A stretch of the order during which the state stays the same. */
export interface Stretch {
  readonly fromX: number;
  readonly toX: number;
  readonly state: string;
}

/** A picture, laid out. Lengths are in pixels. */
export interface Timeline {
  readonly width: number;
  /** Process of each lane, from top to bottom. */
  readonly lanes: readonly string[];
  readonly bars: readonly Bar[];
  readonly stretches: readonly Stretch[];
  /** Where linearization fails; `undefined` if it does not. */
  readonly failsAtX: number | undefined;
}

const characterWidth = 7.3;
const labelCharactersMax = 26;
const padding = 14;
const momentGap = 10;
const pointGap = 16;

interface Moment {
  readonly actor: number;
  readonly isReturn: boolean;
  readonly time: number;
}

/** Lays a scene out. */
export function layOut({ actors, stateBefore }: Scene): Timeline {
  const moments = momentsOf(actors);
  const labels = actors.map(({ label }) => shortened(label, labelCharactersMax));
  const pointsAfter = pointsByMoment(actors, moments);
  const { fromX, toX, pointX, width } = positions(actors, labels, moments, pointsAfter);
  const { lanes, laneOf } = lanesOf(actors);
  const bars = actors.map((actor, number) => ({
    actor,
    lane: laneOf[number] ?? 0,
    fromX: fromX[number] ?? 0,
    toX: toX[number] ?? width,
    pointX: pointX.get(number),
    label: labels[number] ?? '',
  }));
  const failsAtX = bars.find(({ actor }) => actor.fails)?.toX;
  const stretches = stretchesOf(bars, stateBefore, failsAtX ?? width - padding);
  return { width, lanes, bars, stretches, failsAtX };
}

/** Calls and answers in their order; at equal times, calls come first. */
function momentsOf(actors: readonly Actor[]): Moment[] {
  const moments: Moment[] = [];
  for (const [actor, { calledAt, returnedAt }] of actors.entries()) {
    moments.push({ actor, isReturn: false, time: calledAt });
    if (returnedAt !== Number.POSITIVE_INFINITY) moments.push({ actor, isReturn: true, time: returnedAt });
  }
  return moments.sort((one, other) => one.time - other.time || Number(one.isReturn) - Number(other.isReturn));
}

/** For each moment: the operations that take effect between it and the next, as early as the order allows. */
function pointsByMoment(actors: readonly Actor[], moments: readonly Moment[]): number[][] {
  const points: number[][] = moments.map(() => []);
  const callMoment = new Map<number, number>();
  for (const [moment, { actor, isReturn }] of moments.entries()) if (!isReturn) callMoment.set(actor, moment);
  const order = [...actors.keys()].filter((number) => actors[number]?.place !== undefined);
  order.sort((one, other) => (actors[one]?.place ?? 0) - (actors[other]?.place ?? 0));
  let latest = 0;
  for (const number of order) {
    latest = Math.max(latest, callMoment.get(number) ?? 0);
    points[latest]?.push(number);
  }
  return points;
}

interface Positions {
  readonly fromX: readonly number[];
  readonly toX: readonly (number | undefined)[];
  readonly pointX: ReadonlyMap<number, number>;
  readonly width: number;
}

function positions(
  actors: readonly Actor[],
  labels: readonly string[],
  moments: readonly Moment[],
  pointsAfter: readonly (readonly number[])[],
): Positions {
  const fromX: number[] = actors.map(() => 0);
  const toX: (number | undefined)[] = actors.map(() => undefined);
  const pointX = new Map<number, number>();
  let x = padding;
  let widest = 0;
  for (const [moment, { actor, isReturn }] of moments.entries()) {
    if (isReturn) {
      x = Math.max(x, (fromX[actor] ?? 0) + labelWidth(labels[actor] ?? ''));
      toX[actor] = x;
    } else {
      fromX[actor] = x;
      widest = Math.max(widest, x + labelWidth(labels[actor] ?? ''));
    }
    x += momentGap;
    for (const number of pointsAfter[moment] ?? []) {
      pointX.set(number, x);
      x += pointGap;
    }
  }
  return { fromX, toX, pointX, width: Math.ceil(Math.max(x, widest) + padding) };
}

function lanesOf(actors: readonly Actor[]): { readonly lanes: string[]; readonly laneOf: number[] } {
  const lanes: { readonly process: string; busyUntil: number }[] = [];
  const laneOf = actors.map(({ process, calledAt, returnedAt }) => {
    let lane = lanes.findIndex((each) => each.process === process && each.busyUntil < calledAt);
    if (lane < 0) lane = lanes.push({ process, busyUntil: returnedAt }) - 1;
    else lanes.splice(lane, 1, { process, busyUntil: returnedAt });
    return lane;
  });
  return { lanes: lanes.map(({ process }) => process), laneOf };
}

function stretchesOf(bars: readonly Bar[], stateBefore: string, endX: number): Stretch[] {
  const steps = bars.flatMap(({ pointX, actor }) => {
    return pointX === undefined ? [] : [{ x: pointX, state: actor.stateAfter ?? '' }];
  });
  steps.sort((one, other) => one.x - other.x);
  const stretches: Stretch[] = [];
  let current = { x: padding, state: stateBefore };
  for (const step of steps) {
    if (step.state === current.state) continue;
    stretches.push({ fromX: current.x, toX: step.x, state: current.state });
    current = step;
  }
  stretches.push({ fromX: current.x, toX: endX, state: current.state });
  return stretches;
}

/** A text of at most so many characters, with its end left out where it is longer. */
export function shortened(text: string, charactersMax: number): string {
  return text.length <= charactersMax ? text : `${text.slice(0, Math.max(0, charactersMax - 1))}…`;
}

/** How many characters of a label fit a width. */
export function charactersWithin(width: number): number {
  return Math.floor(width / characterWidth);
}

function labelWidth(label: string): number {
  return label.length * characterWidth + padding;
}
