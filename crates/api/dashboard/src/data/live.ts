import { useSyncExternalStore } from 'react';
import { clockTold } from '../parts/now';
import { millis } from '../exact/time';
import { get, headers, Problem, problem } from './api';
import { Frames, type Frame } from './sse';
import { after, backoff, BEGUN, SILENCE_MS, type Heard, type Live } from './state';
import type { EventLine, Events, Overview, Positions } from './types';

let live: Live = BEGUN;
let lastId: string | null = null;
let running: AbortController | null = null;
let refused: ((problem: Problem) => void) | null = null;
const listeners = new Set<() => void>();

function tell(heard: Heard): void {
  live = after(live, heard);
  listeners.forEach((listener) => listener());
}

/** All that the stream has told. */
export function useLive(): Live {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => live,
  );
}

/** A part of it, for whoever needs no more. */
export function usePart<T>(part: (live: Live) => T): T {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => part(live),
  );
}

/** Follows the stream until told to stop, connecting again whenever it is cut. */
export function follow(onRefused: (problem: Problem) => void): () => void {
  const stop = new AbortController();
  refused = onRefused;
  running?.abort();
  running = stop;
  live = BEGUN;
  lastId = null;
  void keepFollowing(stop.signal);
  return () => stop.abort();
}

/** Connects at once instead of after the wait. */
export function retryNow(): void {
  hurry?.();
}

let hurry: (() => void) | null = null;

async function keepFollowing(stop: AbortSignal): Promise<void> {
  let tries = 0;
  while (!stop.aborted) {
    let why = 'the stream has ended';
    let wait: number | null = null;
    try {
      await once(stop, () => {
        tries = 0;
      });
    } catch (error) {
      if (stop.aborted) return;
      if (error instanceof Problem) {
        if (error.status === 401) {
          refused?.(error);
          return;
        }
        why = error.message;
        wait = error.retryAfterMs;
      }
    }
    if (stop.aborted) return;
    const pause = wait ?? backoff(tries);
    tries += 1;
    tell({ kind: 'cut', why, retryAt: Date.now() + pause });
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, pause);
      hurry = () => {
        clearTimeout(timer);
        resolve();
      };
      window.addEventListener('online', hurry, { once: true });
    });
    hurry = null;
    tell({ kind: 'retry' });
  }
}

/** One connection, to its end. Silence is an end. */
async function once(stop: AbortSignal, connected: () => void): Promise<void> {
  const cut = new AbortController();
  const end = (): void => cut.abort();
  stop.addEventListener('abort', end);
  let heard = Date.now();
  const watch = setInterval(() => {
    if (Date.now() - heard > SILENCE_MS) end();
  }, 1000);
  try {
    const more: Record<string, string> = { Accept: 'text/event-stream' };
    if (lastId) more['Last-Event-ID'] = lastId;
    let response: Response;
    try {
      response = await fetch('api/stream', { headers: headers(more), cache: 'no-store', credentials: 'omit', signal: cut.signal });
    } catch {
      throw new Problem(0, 'offline', 'the program cannot be reached', null, null);
    }
    if (!response.ok || !response.body) throw await problem(response);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    const frames = new Frames();
    for (;;) {
      let piece: ReadableStreamReadResult<string>;
      try {
        piece = await reader.read();
      } catch {
        throw new Problem(0, 'cut', Date.now() - heard > SILENCE_MS ? 'the stream has fallen silent' : 'the connection was cut', null, null);
      }
      if (piece.done) return;
      heard = Date.now();
      tell({ kind: 'alive', at: heard });
      for (const frame of frames.feed(piece.value)) {
        if (frame.event === 'hello') connected();
        take(frame, heard);
      }
    }
  } finally {
    clearInterval(watch);
    stop.removeEventListener('abort', end);
    end();
  }
}

function take(frame: Frame, at: number): void {
  let said: unknown;
  try {
    said = JSON.parse(frame.data);
  } catch {
    throw new Problem(0, 'not_json', 'the stream cannot be read', null, null);
  }
  if (frame.id !== null) lastId = frame.id;
  const theirs = millis((said as { time?: string }).time);
  switch (frame.event) {
    case 'hello': {
      if (theirs !== null) clockTold(theirs);
      tell({ kind: 'hello', at, epoch: (said as { epoch: string }).epoch });
      void past();
      return;
    }
    case 'overview':
      if (theirs !== null) clockTold(theirs);
      tell({ kind: 'overview', at, overview: said as Overview });
      return;
    case 'positions':
      tell({ kind: 'positions', at, positions: (said as Positions).positions ?? [] });
      return;
    case 'event':
      tell({ kind: 'event', at, event: said as EventLine });
      return;
    case 'gap':
      void past();
  }
}

/** What happened before this page was there. */
async function past(): Promise<void> {
  try {
    const answer = await get<Events>('events?limit=500');
    tell({ kind: 'past', events: answer.events ?? [], epoch: answer.epoch });
  } catch {
    // The stream goes on; the events page says what it cannot read.
  }
}
