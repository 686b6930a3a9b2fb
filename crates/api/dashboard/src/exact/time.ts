/** A moment as the program sends it: milliseconds since 1970, or an RFC 3339 text. */
export type Moment = number | string;

export function millis(moment: Moment | null | undefined): number | null {
  if (moment === null || moment === undefined) return null;
  if (typeof moment === 'number') return Number.isFinite(moment) ? moment : null;
  if (/^\d+$/.test(moment)) return Number(moment);
  const read = Date.parse(moment);
  return Number.isNaN(read) ? null : read;
}

const two = (value: number): string => String(value).padStart(2, '0');

/** `2026-01-31 08:15:02` in UTC. */
export function utc(moment: Moment | null | undefined): string {
  const at = millis(moment);
  if (at === null) return '–';
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return '–';
  return `${date.getUTCFullYear()}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())} ${clock(at)}`;
}

/** `08:15:02` in UTC. */
export function clock(moment: Moment | null | undefined): string {
  const at = millis(moment);
  if (at === null) return '–';
  const date = new Date(at);
  return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
}

/** A length of time, in its two largest units: `2 h 05 min`, `14 s`. */
export function lasting(ms: number): string {
  const seconds = Math.floor(Math.abs(ms) / 1000);
  if (seconds < 1) return '< 1 s';
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${two(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${two(minutes % 60)} min`;
  const days = Math.floor(hours / 24);
  return `${days} d ${hours % 24} h`;
}

/** `14 s ago`, `in 2 h 05 min`, `now`. */
export function relative(moment: Moment | null | undefined, now: number): string {
  const at = millis(moment);
  if (at === null) return 'never';
  const away = at - now;
  if (Math.abs(away) < 1000) return 'now';
  return away < 0 ? `${lasting(-away)} ago` : `in ${lasting(away)}`;
}

/** `07:59:12` until then, `due` after; for settlements. */
export function countdown(moment: Moment | null | undefined, now: number): string {
  const at = millis(moment);
  if (at === null) return '–';
  const left = Math.ceil((at - now) / 1000);
  if (left <= 0) return 'due';
  return `${two(Math.floor(left / 3600))}:${two(Math.floor(left / 60) % 60)}:${two(left % 60)}`;
}
