/** A decimal as the program sends it: a text, never a number. `"-12.50"`, `"0"`, `"1e-8"`. */
export type DecimalText = string;

/** `units` × 10^-`scale`, exactly. */
export interface Exact {
  readonly units: bigint;
  readonly scale: number;
}

const SHAPE = /^([+-]?)(\d+)?(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/;

/** What a text says, or `null` if it is no decimal. Nothing is rounded. */
export function exact(text: DecimalText | null | undefined): Exact | null {
  if (text === null || text === undefined) return null;
  const found = SHAPE.exec(text.trim());
  if (!found) return null;
  const [, sign = '', whole = '', fraction = '', power = '0'] = found;
  if (whole === '' && fraction === '') return null;
  const digits = BigInt(whole + fraction);
  const units = sign === '-' ? -digits : digits;
  const scale = fraction.length - Number(power);
  return scale >= 0 ? { units, scale } : { units: units * 10n ** BigInt(-scale), scale: 0 };
}

/** The same value with at least `scale` places. */
function widened(value: Exact, scale: number): bigint {
  return value.units * 10n ** BigInt(scale - value.scale);
}

/** Both on one scale. */
function aligned(a: Exact, b: Exact): [bigint, bigint, number] {
  const scale = Math.max(a.scale, b.scale);
  return [widened(a, scale), widened(b, scale), scale];
}

export function plus(a: Exact, b: Exact): Exact {
  const [left, right, scale] = aligned(a, b);
  return { units: left + right, scale };
}

export function minus(a: Exact, b: Exact): Exact {
  const [left, right, scale] = aligned(a, b);
  return { units: left - right, scale };
}

export function times(a: Exact, b: Exact): Exact {
  return { units: a.units * b.units, scale: a.scale + b.scale };
}

/** `a` ÷ `b`, rounded half away from zero to `places`; `null` if `b` is zero. */
export function divided(a: Exact, b: Exact, places: number): Exact | null {
  if (b.units === 0n) return null;
  const [left, right] = aligned(a, b);
  return { units: halved(left * 10n ** BigInt(places), right), scale: places };
}

export function negated(a: Exact): Exact {
  return { units: -a.units, scale: a.scale };
}

export function magnitude(a: Exact): Exact {
  return a.units < 0n ? negated(a) : a;
}

/** −1, 0 or 1, as `a` is less than, equal to or more than `b`. */
export function compared(a: Exact, b: Exact): -1 | 0 | 1 {
  const [left, right] = aligned(a, b);
  return left < right ? -1 : left > right ? 1 : 0;
}

export function sign(a: Exact): -1 | 0 | 1 {
  return a.units < 0n ? -1 : a.units > 0n ? 1 : 0;
}

/** Rounded half away from zero. A value that has fewer places is given more. */
export function rounded(a: Exact, places: number): Exact {
  if (a.scale <= places) return { units: widened(a, places), scale: places };
  return { units: halved(a.units, 10n ** BigInt(a.scale - places)), scale: places };
}

/** `a` ÷ `b`, half away from zero. */
function halved(a: bigint, b: bigint): bigint {
  const negative = a < 0n !== b < 0n;
  const [top, bottom] = [a < 0n ? -a : a, b < 0n ? -b : b];
  const quotient = (top * 2n + bottom) / (bottom * 2n);
  return negative ? -quotient : quotient;
}

/** Digits without groups and without needless zeros: `-12.5`. */
export function plain(a: Exact): DecimalText {
  const [whole, fraction] = parts(a);
  const kept = fraction.replace(/0+$/, '');
  const text = kept === '' ? whole : `${whole}.${kept}`;
  return a.units < 0n ? `-${text}` : text;
}

/** The digits before and after the point, without a sign. */
export function parts(a: Exact): [string, string] {
  const digits = (a.units < 0n ? -a.units : a.units).toString().padStart(a.scale + 1, '0');
  const point = digits.length - a.scale;
  return [digits.slice(0, point), digits.slice(point)];
}

/** For geometry alone: where something is drawn. Never shown, never sent. */
export function drawn(text: DecimalText | null | undefined): number | null {
  const value = exact(text);
  if (!value) return null;
  const number = Number(plain(value));
  return Number.isFinite(number) ? number : null;
}

/** The sum of texts, or `null` if one of them is not told. */
export function total(texts: readonly (DecimalText | null | undefined)[]): DecimalText | null {
  let sum: Exact = { units: 0n, scale: 0 };
  for (const text of texts) {
    const value = exact(text);
    if (!value) return null;
    sum = plus(sum, value);
  }
  return plain(sum);
}
