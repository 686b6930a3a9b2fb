import { divided, exact, plain, times, type DecimalText } from '../exact/decimal';
import type { Action, Direction } from './types';

/** What is filled in to open a position, as it was typed. */
export interface Opening {
  account: string;
  symbol: string;
  direction: Direction;
  sizeBy: 'notional' | 'margin';
  size: string;
  leverage: string;
  stopBy: 'price' | 'distance' | 'none';
  /** A price, or per cent of the mark. */
  stop: string;
  /** Why there is to be none. */
  waiver: string;
  target: string;
}

export const EMPTY: Omit<Opening, 'account'> = { symbol: '', direction: 'long', sizeBy: 'notional', size: '', leverage: '', stopBy: 'price', stop: '', waiver: '', target: '' };

/** What it would be worth: of a margin that times its leverage. `null` while one of them is not typed. */
export function notionalOf(of: Opening): DecimalText | null {
  const size = exact(of.size);
  if (!size) return null;
  if (of.sizeBy === 'notional') return plain(size);
  const leverage = exact(of.leverage);
  return leverage ? plain(times(size, leverage)) : null;
}

/** What it would tie up, to the hundredth: for show alone. */
export function marginOf(of: Opening): DecimalText | null {
  const size = exact(of.size);
  if (!size) return null;
  if (of.sizeBy === 'margin') return plain(size);
  const leverage = exact(of.leverage);
  const margin = leverage ? divided(size, leverage, 2) : null;
  return margin ? plain(margin) : null;
}

/** What is asked of the program; nothing of it is judged here. `null` while something is missing. */
export function opening(of: Opening): Action | null {
  const notional = notionalOf(of);
  const stop = stopOf(of);
  if (!of.account || !of.symbol || notional === null || !/^[1-9][0-9]{0,2}$/.test(of.leverage) || stop === null) return null;
  const target = of.target === '' ? {} : { take_profit: of.target };
  return { action: 'open', account: of.account, symbol: of.symbol, direction: of.direction, notional, leverage: Number(of.leverage), ...stop, ...target };
}

function stopOf(of: Opening): { stop_loss: string } | { stop_distance: string } | { no_stop: string } | null {
  if (of.stopBy === 'none') return of.waiver.trim() === '' ? null : { no_stop: of.waiver.trim() };
  const value = exact(of.stop);
  if (!value) return null;
  return of.stopBy === 'price' ? { stop_loss: plain(value) } : { stop_distance: plain({ ...value, scale: value.scale + 2 }) };
}
