import { useSyncExternalStore } from 'react';

export type Theme = 'light' | 'dark';
const KEY = 'plimsoll.theme';
const dark = window.matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();

function chosen(): Theme | null {
  const held = localStorage.getItem(KEY);
  return held === 'light' || held === 'dark' ? held : null;
}

function current(): Theme {
  return chosen() ?? (dark.matches ? 'dark' : 'light');
}

/** Puts the theme on the page; before the first drawing, so that nothing flashes. */
export function applyTheme(): void {
  document.documentElement.dataset['theme'] = current();
  listeners.forEach((tell) => tell());
}

dark.addEventListener('change', applyTheme);

export function useTheme(): [Theme, () => void] {
  const theme = useSyncExternalStore((tell) => {
    listeners.add(tell);
    return () => listeners.delete(tell);
  }, current);
  const turn = (): void => {
    localStorage.setItem(KEY, theme === 'dark' ? 'light' : 'dark');
    applyTheme();
  };
  return [theme, turn];
}
