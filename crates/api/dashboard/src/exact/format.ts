import { exact, magnitude, minus, parts, plain, rounded, sign, times, type DecimalText, type Exact } from './decimal';

/** What stands where a figure is not known. Never a zero. */
export const NOT_TOLD = '–';

const MINUS = '\u2212';
const THIN = '\u202f';

/** `12345678.9` → `12 345 678.9`, with narrow no-break spaces that no locale mistakes for a decimal point. */
function grouped(whole: string): string {
  return whole.replace(/\B(?=(\d{3})+(?!\d))/g, THIN);
}

function written(value: Exact, signed: boolean, keepZeros: boolean): string {
  const [whole, fraction] = parts(value);
  const kept = keepZeros ? fraction : fraction.replace(/0+$/, '');
  const digits = kept === '' ? grouped(whole) : `${grouped(whole)}.${kept}`;
  const which = sign(value);
  return which < 0 ? `${MINUS}${digits}` : which > 0 && signed ? `+${digits}` : digits;
}

/** An amount, to `places`, half away from zero: `1 234.50`. */
export function amount(text: DecimalText | null | undefined, places = 2): string {
  const value = exact(text);
  return value ? written(rounded(value, places), false, true) : NOT_TOLD;
}

/** The same with its sign: `+12.30`. A zero has none. */
export function signedAmount(text: DecimalText | null | undefined, places = 2): string {
  const value = exact(text);
  return value ? written(rounded(value, places), true, true) : NOT_TOLD;
}

/** A price or a quantity with every digit that it came with. */
export function whole(text: DecimalText | null | undefined): string {
  const value = exact(text);
  return value ? written(value, false, false) : NOT_TOLD;
}

/** A price: every digit up to eight, longer ones (worked out, not quoted) to as many as their size bears. */
export function price(text: DecimalText | null | undefined): string {
  const value = exact(text);
  if (!value) return NOT_TOLD;
  const [before, after] = parts(value);
  if (after.replace(/0+$/, '').length <= 4) return written(value, false, false);
  const leading = before === '0' ? (/^0*/.exec(after)?.[0].length ?? 0) : 0;
  const places = before === '0' ? Math.min(leading + 5, 12) : Math.max(2, 7 - before.length);
  return written(rounded(value, places), false, false);
}

/** A share as per cent: `"0.0421"` → `4.21 %`. */
export function percent(text: DecimalText | null | undefined, places = 2): string {
  const value = hundredfold(text);
  return value ? `${written(rounded(value, places), false, true)}${THIN}%` : NOT_TOLD;
}

/** The same with its sign. */
export function signedPercent(text: DecimalText | null | undefined, places = 2): string {
  const value = hundredfold(text);
  return value ? `${written(rounded(value, places), true, true)}${THIN}%` : NOT_TOLD;
}

function hundredfold(text: DecimalText | null | undefined): Exact | null {
  const value = exact(text);
  return value ? times(value, { units: 100n, scale: 0 }) : null;
}

/** A multiple: `"3"` → `3×`. */
export function multiple(text: DecimalText | null | undefined, places = 2): string {
  const value = exact(text);
  return value ? `${written(rounded(value, places), false, false)}×` : NOT_TOLD;
}

/** `a` − `b` as a text, or `null` if one is not told. */
export function difference(a: DecimalText | null | undefined, b: DecimalText | null | undefined): DecimalText | null {
  const [left, right] = [exact(a), exact(b)];
  return left && right ? plain(minus(left, right)) : null;
}

/** A price's difference, with its sign and as many digits as tell something. */
export function signedPrice(text: DecimalText | null | undefined): string {
  const value = exact(text);
  if (!value) return NOT_TOLD;
  const which = sign(value);
  return which === 0 ? '0' : `${which < 0 ? MINUS : '+'}${price(plain(magnitude(value)))}`;
}

/** Which way a figure goes, for the word, the sign and the colour beside it. */
export type Trend = 'up' | 'down' | 'flat' | 'unknown';

/** The trend of what is shown: with `places`, what rounds to nothing goes nowhere. */
export function trend(text: DecimalText | null | undefined, places?: number): Trend {
  const value = exact(text);
  if (!value) return 'unknown';
  const which = sign(places === undefined ? value : rounded(value, places));
  return which > 0 ? 'up' : which < 0 ? 'down' : 'flat';
}
