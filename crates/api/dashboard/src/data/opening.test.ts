import { describe, expect, it } from 'vitest';
import { EMPTY, marginOf, notionalOf, opening, type Opening } from './opening';

const filled: Opening = { ...EMPTY, account: 'main', symbol: 'BTC/USDT:USDT', size: '500', leverage: '5', stop: '58000' };

describe('what is asked for to open', () => {
  it('is worth what was typed, or its margin times its leverage, to the last digit', () => {
    expect(notionalOf(filled)).toBe('500');
    expect(notionalOf({ ...filled, sizeBy: 'margin', size: '0.1', leverage: '3' })).toBe('0.3');
    expect(notionalOf({ ...filled, sizeBy: 'margin', size: '33.333333333333333333', leverage: '3' })).toBe('99.999999999999999999');
    expect(marginOf(filled)).toBe('100');
    expect(marginOf({ ...filled, leverage: '3' })).toBe('166.67');
    expect(marginOf({ ...filled, leverage: '0' })).toBeNull();
  });

  it('has one stop, a distance being a share, or the reason why there is none', () => {
    const base = { action: 'open', account: 'main', symbol: 'BTC/USDT:USDT', direction: 'long', notional: '500', leverage: 5 };
    expect(opening(filled)).toEqual({ ...base, stop_loss: '58000' });
    expect(opening({ ...filled, stopBy: 'distance', stop: '2.5' })).toEqual({ ...base, stop_distance: '0.025' });
    expect(opening({ ...filled, stopBy: 'none', waiver: ' a hedge ' })).toEqual({ ...base, no_stop: 'a hedge' });
    expect(opening({ ...filled, target: '64000' })).toEqual({ ...base, stop_loss: '58000', take_profit: '64000' });
  });

  it('is nothing while something is missing', () => {
    for (const missing of [{ account: '' }, { symbol: '' }, { size: '' }, { size: 'much' }, { leverage: '' }, { leverage: '2.5' }, { leverage: '0' }, { stop: '' }, { stopBy: 'none' as const, waiver: ' ' }]) {
      expect(opening({ ...filled, ...missing })).toBeNull();
    }
  });
});
