import { describe, expect, it } from 'vitest';
import { foremost, moneyKey, moneyName } from './money';

describe('real money and play money', () => {
  const play = { currency: 'USDT', is_live: false };
  const real = { currency: 'USDT', is_live: true };

  it('are told apart where both are about', () => {
    expect([play, real].map((one) => moneyName(one, [play, real]))).toEqual(['USDT, play', 'USDT, real']);
    expect(moneyName(play, [play])).toBe('USDT');
    expect(moneyName({ currency: 'USDT' }, [{ currency: 'USDT' }])).toBe('USDT');
    expect(moneyKey(play)).not.toBe(moneyKey(real));
  });

  it('have the real first', () => {
    expect(foremost([play, real])).toBe(real);
    expect(foremost([play])).toBe(play);
    expect(foremost([])).toBeNull();
  });
});
