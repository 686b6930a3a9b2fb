import { useSyncExternalStore } from 'react';

let now = Date.now();
/** The venue side's clock less this machine's, in milliseconds, as the program's answers tell. */
let ahead = 0;
const heard = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function follow(listener: () => void): () => void {
  heard.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    heard.forEach((tell) => tell());
  }, 1000);
  return () => {
    heard.delete(listener);
    if (heard.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** The program's clock, once a second. Ages and countdowns are by its clock, not by that of whoever looks. */
export function useNow(): number {
  return useSyncExternalStore(follow, () => now) + ahead;
}

/** What the program's clock said just now. Differences below a second are those of the way. */
export function clockTold(theirs: number): void {
  const apart = theirs - Date.now();
  ahead = Math.abs(apart) < 1000 ? 0 : apart;
}

/** How far this machine's clock is from the program's, in milliseconds. */
export function clockOffset(): number {
  return ahead;
}

export function nowMs(): number {
  return Date.now() + ahead;
}
