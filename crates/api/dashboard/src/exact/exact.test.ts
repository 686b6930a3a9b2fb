import { describe, expect, it, test } from 'vitest';
import { compared, divided, drawn, exact, minus, plain, plus, rounded, times, total, type Exact } from './decimal';
import { amount, difference, multiple, NOT_TOLD, percent, price, signedAmount, signedPercent, trend, whole } from './format';
import { clock, countdown, lasting, millis, relative, utc } from './time';

const of = (text: string): Exact => {
  const value = exact(text);
  if (!value) throw new Error(`${text} is no decimal`);
  return value;
};

/** Spaces between groups and minus signs as one types them. */
const typed = (text: string): string => text.replaceAll('\u202f', ' ').replaceAll('\u2212', '-');

describe('a decimal text', () => {
  test.each([
    ['0', '0'],
    ['-0.00', '0'],
    ['12.50', '12.5'],
    ['+7', '7'],
    ['.5', '0.5'],
    ['1e-8', '0.00000001'],
    ['1.5E3', '1500'],
    ['123456789012345678901234567890.123456789', '123456789012345678901234567890.123456789'],
  ])('%s is read as %s', (text, read) => expect(plain(of(text))).toBe(read));

  test.each(['', ' ', '.', '-', '1,5', '0x10', 'NaN', 'Infinity', '1e', '--1', '1.2.3'])('%j is no decimal', (text) =>
    expect(exact(text)).toBeNull());

  it('keeps what a float would lose', () => {
    expect(plain(plus(of('0.1'), of('0.2')))).toBe('0.3');
    expect(plain(minus(of('9007199254740993'), of('1')))).toBe('9007199254740992');
    expect(plain(times(of('1.1'), of('1.1')))).toBe('1.21');
  });

  it('divides to places, half away from zero', () => {
    expect(plain(divided(of('1'), of('3'), 4) as Exact)).toBe('0.3333');
    expect(plain(divided(of('-1'), of('8'), 2) as Exact)).toBe('-0.13');
    expect(divided(of('1'), of('0'), 2)).toBeNull();
  });

  test.each([
    ['2.345', 2, '2.35'],
    ['2.344999', 2, '2.34'],
    ['-2.345', 2, '-2.35'],
    ['0.005', 2, '0.01'],
    ['-0.004', 2, '0'],
    ['99.999', 2, '100'],
  ])('%s to %i places is %s', (text, places, to) => expect(plain(rounded(of(text), places))).toBe(to));

  it('compares across scales', () => {
    expect(compared(of('1.0'), of('1'))).toBe(0);
    expect(compared(of('-1'), of('0.5'))).toBe(-1);
    expect(compared(of('10'), of('9.99'))).toBe(1);
  });

  it('has no sum where a part is not told', () => {
    expect(total(['1.1', '2.2'])).toBe('3.3');
    expect(total(['1.1', null])).toBeNull();
    expect(total([])).toBe('0');
  });

  it('is a number for drawing alone', () => {
    expect(drawn('40160.70949799')).toBeCloseTo(40160.70949799);
    expect(drawn('none')).toBeNull();
  });
});

describe('a figure', () => {
  test.each([
    [amount('1234567.891'), '1 234 567.89'],
    [amount('-0.001'), '0.00'],
    [amount('999.995'), '1 000.00'],
    [amount('12', 0), '12'],
    [signedAmount('12.3'), '+12.30'],
    [signedAmount('-12.3'), '-12.30'],
    [signedAmount('0'), '0.00'],
    [whole('0.00100000'), '0.001'],
    [price('60000.10'), '60 000.1'],
    [price('40160.70949799'), '40 160.71'],
    [price('0.000012345678'), '0.000012346'],
    [percent('0.0421'), '4.21 %'],
    [percent('0.0001', 4), '0.0100 %'],
    [signedPercent('-0.05'), '-5.00 %'],
    [multiple('3.50'), '3.5×'],
  ])('%s', (shown, expected) => expect(typed(shown)).toBe(expected));

  it('says so where it is not told, and is never a zero', () => {
    for (const shown of [amount(null), signedAmount(undefined), whole('?'), price(''), percent(null), multiple(null)]) {
      expect(shown).toBe(NOT_TOLD);
    }
  });

  it('has a trend, and a difference', () => {
    expect([trend('1'), trend('-1'), trend('0.00'), trend(null)]).toEqual(['up', 'down', 'flat', 'unknown']);
    expect(difference('40160.71', '40160.70949799')).toBe('0.00050201');
    expect(difference('1', null)).toBeNull();
  });
});

describe('a moment', () => {
  const at = Date.UTC(2026, 0, 31, 8, 5, 9);

  it('is told in UTC', () => {
    expect(utc(at)).toBe('2026-01-31 08:05:09');
    expect(utc('2026-01-31T09:05:09+01:00')).toBe('2026-01-31 08:05:09');
    expect(clock(at)).toBe('08:05:09');
    expect(utc(null)).toBe('–');
    expect(millis('soon')).toBeNull();
  });

  it('is told from now', () => {
    expect(relative(at - 14_000, at)).toBe('14 s ago');
    expect(relative(at + 7_500_000, at)).toBe('in 2 h 05 min');
    expect(relative(at, at)).toBe('now');
    expect(lasting(3 * 86_400_000)).toBe('3 d 0 h');
  });

  it('is counted down to', () => {
    expect(countdown(at + 28_752_000, at)).toBe('07:59:12');
    expect(countdown(at + 1, at)).toBe('00:00:01');
    expect(countdown(at, at)).toBe('due');
  });
});
