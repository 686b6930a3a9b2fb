import { createContext, use } from 'react';
import type { Session } from './types';

/** Who looks, and what they may. */
export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session | null {
  return use(SessionContext);
}

/** Whether this token may act. A button that may not says so. */
export function useMayAct(): boolean {
  return use(SessionContext)?.scopes.includes('act') ?? false;
}
