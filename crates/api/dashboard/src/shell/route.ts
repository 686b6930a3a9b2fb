import { useSyncExternalStore } from 'react';
import type { IconName } from '../parts/mark';

export const PAGES = [
  { path: 'overview', name: 'Overview', icon: 'overview' },
  { path: 'positions', name: 'Positions', icon: 'positions' },
  { path: 'risk', name: 'Risk', icon: 'risk' },
  { path: 'funding', name: 'Funding', icon: 'funding' },
  { path: 'strategies', name: 'Strategies', icon: 'strategies' },
  { path: 'orders', name: 'Orders', icon: 'orders' },
  { path: 'events', name: 'Events', icon: 'events' },
] as const satisfies readonly { path: string; name: string; icon: IconName }[];

/** The parts of the address after `#/`, decoded. */
export function useRoute(): string[] {
  const hash = useSyncExternalStore(
    (tell) => {
      window.addEventListener('hashchange', tell);
      return () => window.removeEventListener('hashchange', tell);
    },
    () => window.location.hash,
  );
  return routeOf(hash);
}

export function routeOf(hash: string): string[] {
  const parts = hash.replace(/^#\/?/, '').split('/').filter(Boolean);
  return parts.map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
}

/** An address within the page. */
export function to(...parts: string[]): string {
  return `#/${parts.map(encodeURIComponent).join('/')}`;
}
