import { describe, expect, it } from 'vitest';
import { Problem } from './api';
import { AT_FORM, moved, type Deed } from './action';
import { Frames } from './sse';
import { after, backoff, BEGUN, markKey, type Heard, type Live } from './state';
import type { EventLine, Outcome, Overview, Position, Prepared } from './types';
import { volatility } from './volatility';

const event = (seq: number): EventLine => ({ seq, time: '2026-01-01T00:00:00Z', severity: 'info', kind: 'pass', account: null, symbol: null, text: String(seq) });
const overview = { mode: 'paper' } as Overview;
const position = (mark: string): Position => ({ account: 'main', symbol: 'BTC/USDT:USDT', mark_price: mark }) as Position;

describe('what the stream has told', () => {
  const begun: Heard[] = [
    { kind: 'hello', at: 1, epoch: 'a' },
    { kind: 'overview', at: 2, overview },
    { kind: 'event', at: 3, event: event(2) },
  ];
  const live: Live = begun.reduce(after, BEGUN);

  it('is live with the greeting, not before', () => {
    expect(after(BEGUN, { kind: 'alive', at: 1 }).wire).toBe('connecting');
    expect(live.wire).toBe('live');
  });

  it('is kept when the stream is cut, and marked as cut', () => {
    const cut = after(live, { kind: 'cut', why: 'the connection was cut', retryAt: 9 });
    expect(cut.wire).toBe('cut');
    expect(cut.overview).toBe(overview);
    expect(after(cut, { kind: 'retry' }).wire).toBe('cut');
    expect(after(cut, { kind: 'alive', at: 10 }).wire).toBe('cut');
    expect(after(cut, { kind: 'hello', at: 11, epoch: 'a' })).toMatchObject({ wire: 'live', why: null });
  });

  it('has each event once, newest first, also when the past comes after the present', () => {
    const joined = after(live, { kind: 'past', epoch: 'a', events: [event(1), event(2), event(3)] });
    expect(joined.events.map((it) => it.seq)).toEqual([3, 2, 1]);
  });

  it('forgets the events of another epoch, and takes none of an old one', () => {
    const restarted = after(live, { kind: 'hello', at: 9, epoch: 'b' });
    expect(restarted.events).toEqual([]);
    expect(after(restarted, { kind: 'past', epoch: 'a', events: [event(7)] }).events).toEqual([]);
  });

  it('remembers a mark a second', () => {
    const key = markKey('main', 'BTC/USDT:USDT');
    const told: Heard[] = [1000, 1500, 2000].map((at, i) => ({ kind: 'positions', at, positions: [position(String(i + 1))] }));
    const heard = told.reduce(after, live);
    expect(heard.marks[key]).toEqual([
      [1000, '1'],
      [2000, '3'],
    ]);
    expect(heard.positions?.[0]?.mark_price).toBe('3');
  });

  it('moves the news with events alone', () => {
    expect(after(live, { kind: 'event', at: 4, event: event(3) }).news).toBe(live.news + 1);
    expect(after(live, { kind: 'overview', at: 4, overview }).news).toBe(live.news);
  });

  it('waits longer with every try, and never long', () => {
    expect([0, 1, 2, 3, 4, 5, 50].map(backoff)).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  });
});

describe('frames', () => {
  it('come whole, however they are cut', () => {
    const text = ': alive\n\nevent: event\nid: a-1\ndata: {"seq":1}\n\nevent: overview\r\ndata: {\r\ndata: }\r\n\r\n';
    const expected = [
      { event: 'event', id: 'a-1', data: '{"seq":1}' },
      { event: 'overview', id: null, data: '{\n}' },
    ];
    for (let size = 1; size <= text.length; size++) {
      const frames = new Frames();
      const found = [];
      for (let at = 0; at < text.length; at += size) found.push(...frames.feed(text.slice(at, at + size)));
      expect(found).toEqual(expected);
    }
  });

  it('are none while one is not ended', () => {
    expect(new Frames().feed('event: hello\ndata: {}\n')).toEqual([]);
  });
});

describe('a deed', () => {
  const action = { action: 'close', account: 'main', symbol: 'BTC/USDT:USDT' };
  const prepared = { nonce: 'n', expires_in_ms: 60_000 } as Prepared;
  const key = 'k'.repeat(32);
  const preparing = moved(AT_FORM, { move: 'prepare', action });
  const preview = moved(preparing, { move: 'prepared', prepared, now: 1000 });
  const confirming = moved(preview, { move: 'confirm', key, now: 2000 });

  it('goes over a preview to its outcome', () => {
    expect([preparing.step, preview.step, confirming.step]).toEqual(['preparing', 'preview', 'confirming']);
    expect(moved(confirming, { move: 'answered', outcome: { outcome: 'done' } as Outcome }).step).toBe('outcome');
  });

  it('is confirmed from a preview alone', () => {
    expect(moved(AT_FORM, { move: 'confirm', key, now: 0 })).toBe(AT_FORM);
    expect(moved(confirming, { move: 'confirm', key: 'other', now: 3000 })).toBe(confirming);
  });

  it('expires with its preview, whether anybody clicks or not', () => {
    expect(moved(preview, { move: 'tick', now: 60_999 }).step).toBe('preview');
    expect(moved(preview, { move: 'tick', now: 61_000 }).step).toBe('expired');
    expect(moved(preview, { move: 'confirm', key, now: 61_000 }).step).toBe('expired');
    const late = moved(confirming, { move: 'problem', problem: new Problem(410, 'nonce_expired', 'expired', null, null) });
    expect(late.step).toBe('expired');
    expect(moved(late, { move: 'prepare', action }).step).toBe('preparing');
  });

  it('cannot be confirmed where it is refused', () => {
    const refused = moved(preparing, { move: 'prepared', prepared: { ...prepared, nonce: null, expires_in_ms: null }, now: 0 });
    expect(moved(refused, { move: 'confirm', key, now: 1 })).toBe(refused);
    expect(moved(refused, { move: 'tick', now: 1e9 })).toBe(refused);
  });

  it('is asked for again under the same key where no answer came', () => {
    for (const problem of [new Problem(0, 'offline', 'away', null, null), new Problem(504, 'timed_out', 'slow', null, null), new Problem(429, 'too_many_requests', 'slower', null, null)]) {
      const open = moved(confirming, { move: 'problem', problem });
      expect(open).toMatchObject({ step: 'unanswered', key });
      expect(moved(open, { move: 'back' })).toBe(open);
      expect(moved(open, { move: 'ask again' })).toMatchObject({ step: 'confirming', key });
    }
  });

  it('is refused where the program would not look at it', () => {
    expect(moved(confirming, { move: 'problem', problem: new Problem(403, 'forbidden', 'no', null, null) }).step).toBe('refused');
    const back: Deed = moved(preparing, { move: 'problem', problem: new Problem(422, 'wrong_word', 'no', null, null) });
    expect(back).toMatchObject({ step: 'form', problem: { code: 'wrong_word' } });
  });
});

describe('volatility', () => {
  const flat = (count: number) => Array.from({ length: count }, (_, i) => ({ time: String(i), open: '100', high: '101', low: '100', close: '100', volume: '1' }));

  it('is that of the ranges', () => {
    expect(volatility(flat(100))).toEqual({ atr: 1, p99: expect.closeTo(0.01) });
  });

  it('is not told of too few candles', () => {
    expect(volatility(flat(14))).toBeNull();
  });
});
