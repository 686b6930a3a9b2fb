import { drawn } from '../exact/decimal';
import type { Candles } from './types';

/** How far prices go, from hourly candles: estimates, drawn with floats and shown with a “≈”. */
export interface Volatility {
  /** Wilder's average true range of 14. */
  atr: number;
  /** The move of an hour, low to high as a share, that 99 of 100 hours do not exceed. */
  p99: number;
}

const PERIOD = 14;

export function volatility(candles: Candles['candles']): Volatility | null {
  const told = candles.flatMap((it) => {
    const [high, low, close] = [drawn(it.high), drawn(it.low), drawn(it.close)];
    return high === null || low === null || close === null || low <= 0 ? [] : [{ high, low, close }];
  });
  if (told.length <= PERIOD) return null;
  const ranges = told.slice(1).map((it, i) => {
    const before = told[i]?.close ?? it.close;
    return Math.max(it.high - it.low, Math.abs(it.high - before), Math.abs(it.low - before));
  });
  let atr = ranges.slice(0, PERIOD).reduce((sum, it) => sum + it, 0) / PERIOD;
  for (const range of ranges.slice(PERIOD)) atr += (range - atr) / PERIOD;
  const moves = told.map((it) => it.high / it.low - 1).sort((a, b) => a - b);
  const p99 = moves[Math.min(moves.length - 1, Math.ceil(moves.length * 0.99) - 1)] ?? 0;
  return { atr, p99 };
}
