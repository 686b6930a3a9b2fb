import { clockTold } from '../parts/now';
import { millis } from '../exact/time';

/** Why an answer is not there, in words for whoever looks, with a code to act on. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly detail: string | null,
    readonly remedy: string | null,
    /** When it may be tried again, if the program said so. */
    readonly retryAfterMs: number | null = null,
  ) {
    super(detail ? `${title}: ${detail}` : title);
  }

  get isOffline(): boolean {
    return this.code === 'offline';
  }
}

const PLAIN: Record<number, [string, string, string]> = {
  401: ['unauthorized', 'this token is not accepted', 'Enter a token that the program knows.'],
  403: ['forbidden', 'this token may not do that', 'Use a token with the scope “act”.'],
  404: ['not_found', 'there is no such thing', 'It may have ended meanwhile.'],
  421: ['wrong_host', 'the program does not answer to this address', 'Open it under a name that it was configured with.'],
  429: ['too_many_requests', 'too many requests', 'Wait a little; it goes on by itself.'],
};

const TOKEN = 'plimsoll.token';

/** The bearer token. It lives as long as the tab, and nowhere else. */
export const token = {
  get: (): string | null => sessionStorage.getItem(TOKEN),
  set: (value: string): void => sessionStorage.setItem(TOKEN, value),
  clear: (): void => sessionStorage.removeItem(TOKEN),
};

/** The headers of a request: a token goes nowhere but into this one. */
export function headers(more: Record<string, string> = {}): Record<string, string> {
  const held = token.get();
  return held ? { ...more, Authorization: `Bearer ${held}` } : more;
}

/** A problem out of an answer that is none. */
export async function problem(response: Response): Promise<Problem> {
  const [code, title, remedy] = PLAIN[response.status] ?? ['failed', `the program answered ${response.status}`, ''];
  const after = Number(response.headers.get('Retry-After'));
  const retry = response.headers.has('Retry-After') && Number.isFinite(after) ? after * 1000 : null;
  let said: Record<string, unknown> = {};
  try {
    said = (await response.json()) as Record<string, unknown>;
  } catch {
    // An intermediary's page, say. The status is what there is.
  }
  const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
  return new Problem(response.status, text(said['code']) ?? code, text(said['title']) ?? title, text(said['detail']), text(said['remedy']) ?? (remedy || null), retry);
}

const locked = new Set<(problem: Problem) => void>();

/** Told whenever the program does not know the token any more. */
export function onLocked(tell: (problem: Problem) => void): () => void {
  locked.add(tell);
  return () => locked.delete(tell);
}

async function asked<T>(path: string, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(`api/${path}`, { cache: 'no-store', credentials: 'omit', redirect: 'error', ...init });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new Problem(0, 'offline', 'the program cannot be reached', null, 'See whether it runs, and whether this machine is connected.');
  }
  if (!response.ok) {
    const why = await problem(response);
    if (response.status === 401) locked.forEach((tell) => tell(why));
    throw why;
  }
  let answer: T & { time?: string };
  try {
    answer = (await response.json()) as T & { time?: string };
  } catch {
    throw new Problem(response.status, 'not_json', 'the answer cannot be read', null, 'Something else may answer at this address.');
  }
  const at = millis(answer.time);
  if (at !== null) clockTold(at);
  return answer;
}

export function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return asked<T>(path, { headers: headers({ Accept: 'application/json' }), ...(signal ? { signal } : {}) });
}

export function post<T>(path: string, body: unknown): Promise<T> {
  return asked<T>(path, { method: 'POST', headers: headers({ 'Content-Type': 'application/json', Accept: 'application/json' }), body: JSON.stringify(body) });
}

/** A query string of what is given. */
export function query(of: Record<string, string | number | null | undefined>): string {
  const told = Object.entries(of).filter(([, value]) => value !== null && value !== undefined && value !== '');
  return told.length === 0 ? '' : `?${told.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join('&')}`;
}

/** What a click is known by, so that it is done once. Also where a page has no `randomUUID`: over plain HTTP. */
export function clickKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
