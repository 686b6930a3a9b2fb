import type { EventLine, Overview, Position } from './types';

/** How this page stands to the program. */
export type Wire = 'connecting' | 'live' | 'cut';

/** What the stream has told, and whether it still does. */
export interface Live {
  wire: Wire;
  /** Why it is cut, for people. */
  why: string | null;
  /** By this machine's clock: when the stream was last heard of. */
  heardAt: number | null;
  /** When it is tried again. */
  retryAt: number | null;
  overview: Overview | null;
  positions: Position[] | null;
  /** Newest first. */
  events: EventLine[];
  epoch: string | null;
  /** Marks heard while this page was open, by account and symbol: `[ms, price]`. */
  marks: Record<string, [number, string][]>;
  /** Counts what may have changed what other answers say: pages read again when it moves. */
  news: number;
}

export const BEGUN: Live = {
  wire: 'connecting',
  why: null,
  heardAt: null,
  retryAt: null,
  overview: null,
  positions: null,
  events: [],
  epoch: null,
  marks: {},
  news: 0,
};

export type Heard =
  | { kind: 'alive'; at: number }
  | { kind: 'hello'; at: number; epoch: string }
  | { kind: 'overview'; at: number; overview: Overview }
  | { kind: 'positions'; at: number; positions: Position[] }
  | { kind: 'event'; at: number; event: EventLine }
  | { kind: 'past'; events: EventLine[]; epoch: string }
  | { kind: 'cut'; why: string; retryAt: number | null }
  | { kind: 'retry' };

const EVENTS_KEPT = 1000;
const MARKS_KEPT = 3600;

export const markKey = (account: string, symbol: string): string => `${account} ${symbol}`;

/** What is so after something was heard. Pure. */
export function after(live: Live, heard: Heard): Live {
  switch (heard.kind) {
    case 'alive':
      return { ...live, heardAt: heard.at };
    case 'hello': {
      const restarted = live.epoch !== null && live.epoch !== heard.epoch;
      return { ...live, wire: 'live', why: null, retryAt: null, heardAt: heard.at, epoch: heard.epoch, events: restarted ? [] : live.events, news: live.news + 1 };
    }
    case 'overview':
      return { ...live, heardAt: heard.at, overview: heard.overview };
    case 'positions':
      return { ...live, heardAt: heard.at, positions: heard.positions, marks: remembered(live.marks, heard.at, heard.positions) };
    case 'event':
      return { ...live, heardAt: heard.at, events: joined(live.events, [heard.event]), news: live.news + 1 };
    case 'past':
      return live.epoch !== null && live.epoch !== heard.epoch ? live : { ...live, events: joined(live.events, heard.events) };
    case 'cut':
      return { ...live, wire: 'cut', why: heard.why, retryAt: heard.retryAt };
    case 'retry':
      return { ...live, retryAt: null };
  }
}

/** Each event once, newest first. */
function joined(known: readonly EventLine[], more: readonly EventLine[]): EventLine[] {
  const bySeq = new Map(known.map((event) => [event.seq, event]));
  for (const event of more) bySeq.set(event.seq, event);
  return [...bySeq.values()].sort((a, b) => b.seq - a.seq).slice(0, EVENTS_KEPT);
}

function remembered(marks: Live['marks'], at: number, positions: readonly Position[]): Live['marks'] {
  const next = { ...marks };
  for (const position of positions) {
    if (position.mark_price === null || position.mark_price === undefined) continue;
    const key = markKey(position.account, position.symbol);
    const known = next[key] ?? [];
    const last = known.at(-1);
    if (last && at - last[0] < 1000) continue;
    next[key] = [...known.slice(-MARKS_KEPT + 1), [at, position.mark_price]];
  }
  return next;
}

/** How long the stream may be silent before it is taken for cut: figures come every 10 s, whether they have changed or not. */
export const SILENCE_MS = 20_000;

/** How long to wait before the n-th try in a row: 1, 2, 4 … 30 s. */
export function backoff(tries: number): number {
  return Math.min(30_000, 1000 * 2 ** Math.min(tries, 5));
}
