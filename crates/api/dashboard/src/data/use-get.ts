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

/**
 * Reads `path` now, every `everyMs`, and soon after something happened. `null` reads nothing. An answer that was overtaken
 * by a later question is dropped.
 */
export function useGet<T>(path: string | null, everyMs = 15_000): Got<T> {
  const news = usePart((live) => live.news);
  const wire = usePart((live) => live.wire);
  const [state, setState] = useState<{ path: string | null; data: T | null; problem: Problem | null; at: number | null }>({ path, data: null, problem: null, at: null });
  const [turn, setTurn] = useState(0);
  const last = useRef({ path: null as string | null, turn: 0, at: 0 });
  const again = useCallback(() => setTurn((it) => it + 1), []);

  useEffect(() => {
    if (path === null) return;
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = async (): Promise<void> => {
      last.current.at = Date.now();
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
      if (!stop.signal.aborted) timer = setTimeout(() => void read(), wait);
    };
    // News come in bursts: one reading answers to all of it.
    const isNew = last.current.path !== path || last.current.turn !== turn;
    const pause = isNew ? 0 : Math.max(0, 1500 - (Date.now() - last.current.at));
    last.current = { ...last.current, path, turn };
    timer = setTimeout(() => void read(), pause);
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [path, everyMs, news, wire, turn]);

  return state.path === path ? { data: state.data, problem: state.problem, at: state.at, again } : { data: null, problem: null, at: null, again };
}
