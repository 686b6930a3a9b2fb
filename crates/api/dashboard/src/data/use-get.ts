import { useCallback, useEffect, useRef, useState } from 'react';
import { get, Problem } from './api';
import { usePart } from './live';

/** An answer and how it stands. `data` stays while a newer one cannot be read; `problem` then says why, and `at` how old it is. */
export interface Got<T> {
  data: T | null;
  problem: Problem | null;
  at: number | null;
  again: () => void;
}

/** News come in bursts: one reading answers to all of them. */
const BURST_MS = 1500;

/**
 * Reads `path` now, every `everyMs`, and soon after something happened. `null` reads nothing. What was asked of another
 * path is dropped when it comes.
 */
export function useGet<T>(path: string | null, everyMs = 15_000): Got<T> {
  const news = usePart((live) => live.news);
  const wire = usePart((live) => live.wire);
  const [state, setState] = useState<{ path: string | null; data: T | null; problem: Problem | null; at: number | null }>({ path, data: null, problem: null, at: null });
  const soon = useRef<(withinMs: number) => void>(() => undefined);
  const again = useCallback(() => soon.current(0), []);

  useEffect(() => {
    if (path === null) return;
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let due = Infinity;
    let isReading = false;
    const plan = (withinMs: number): void => {
      const at = Date.now() + withinMs;
      if (stop.signal.aborted || at >= due) return;
      due = at;
      clearTimeout(timer);
      timer = setTimeout(() => void read(), withinMs);
    };
    const read = async (): Promise<void> => {
      if (isReading) return;
      isReading = true;
      due = Infinity;
      let wait = everyMs;
      try {
        const data = await get<T>(path, stop.signal);
        if (!stop.signal.aborted) setState({ path, data, problem: null, at: Date.now() });
      } catch (error) {
        if (stop.signal.aborted) return;
        const problem = error instanceof Problem ? error : new Problem(0, 'failed', 'it could not be read', null, null);
        wait = Math.max(problem.status === 404 ? everyMs * 10 : everyMs, problem.retryAfterMs ?? 0);
        setState((it) => (it.path === path ? { ...it, problem } : { path, data: null, problem, at: null }));
      }
      isReading = false;
      const wanted = due;
      due = Infinity;
      clearTimeout(timer);
      plan(Math.min(wait, Math.max(0, wanted - Date.now())));
    };
    soon.current = plan;
    plan(0);
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [path, everyMs]);

  const isFirst = useRef(true);
  useEffect(() => {
    if (isFirst.current) isFirst.current = false;
    else soon.current(BURST_MS);
  }, [news, wire]);

  return state.path === path ? { data: state.data, problem: state.problem, at: state.at, again } : { data: null, problem: null, at: null, again };
}
