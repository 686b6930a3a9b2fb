import { drawn } from '../exact/decimal';
import { millis } from '../exact/time';
import type { CurvePoint } from '../data/types';

/** A point of a line: seconds since 1970, and a value for drawing. */
export interface Point {
  time: number;
  value: number;
}

/** Points with strictly rising times, as a chart asks for; of one second the last counts. What is not told is left out. */
export function line<T extends { time: string }>(points: readonly T[], of: (point: T) => string | null | undefined): Point[] {
  const found: Point[] = [];
  for (const point of points) {
    const [at, value] = [millis(point.time), drawn(of(point))];
    if (at === null || value === null) continue;
    const time = Math.floor(at / 1000);
    const last = found.at(-1);
    if (last && last.time === time) last.value = value;
    else if (!last || last.time < time) found.push({ time, value });
  }
  return found;
}

/** How far below the highest so far: zero or less. Of what was earned, so that a deposit is no recovery and a withdrawal no fall. */
export function drawdown(points: readonly CurvePoint[]): Point[] {
  let peak = -Infinity;
  return line(points, (point) => point.earned).map(({ time, value }) => {
    peak = Math.max(peak, value);
    return { time, value: value - peak };
  });
}
