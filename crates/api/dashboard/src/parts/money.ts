/** Something in a currency, of real money or of play money: the two are never added up. */
export interface OfMoney {
  currency: string;
  /** Absent where the program does not tell. */
  is_live?: boolean;
}

/** What tells one sum from another. */
export const moneyKey = (it: OfMoney): string => `${it.currency} ${it.is_live ?? ''}`;

/** The currency; and whether it is real, where both kinds are about. */
export function moneyName(it: OfMoney, among: readonly OfMoney[]): string {
  const kinds = new Set(among.map((one) => one.is_live ?? null));
  if (kinds.size < 2 || it.is_live === undefined) return it.currency;
  return it.is_live ? `${it.currency}, real` : `${it.currency}, play`;
}

/** The sum that counts most: the first of real money, else the first. */
export function foremost<T extends OfMoney>(of: readonly T[]): T | null {
  return of.find((it) => it.is_live === true) ?? of[0] ?? null;
}
