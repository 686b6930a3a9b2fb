import type { Problem } from './api';
import type { Action, Outcome, Prepared } from './types';

/** Where a deed stands: from a form, over a preview, to its outcome. Nothing is done before `confirming`. */
export type Deed =
  | { step: 'form'; problem: Problem | null }
  | { step: 'preparing'; action: Action }
  | { step: 'preview'; action: Action; prepared: Prepared; until: number }
  | { step: 'expired'; action: Action; prepared: Prepared }
  | { step: 'confirming'; action: Action; prepared: Prepared; key: string; slow: boolean }
  | { step: 'unanswered'; action: Action; prepared: Prepared; key: string; problem: Problem }
  | { step: 'refused'; action: Action; problem: Problem }
  | { step: 'outcome'; action: Action; outcome: Outcome };

export type Move =
  | { move: 'prepare'; action: Action }
  | { move: 'prepared'; prepared: Prepared; now: number }
  | { move: 'problem'; problem: Problem }
  | { move: 'tick'; now: number }
  | { move: 'confirm'; key: string; now: number }
  | { move: 'ask again' }
  | { move: 'answered'; outcome: Outcome }
  | { move: 'back' };

export const AT_FORM: Deed = { step: 'form', problem: null };

/**
 * What a deed becomes. An answer that never came is `unanswered`, never `refused`: it may have been done, and is asked for
 * again with the same nonce and the same key. A click after the time is over confirms nothing.
 */
export function moved(deed: Deed, by: Move): Deed {
  switch (by.move) {
    case 'prepare':
      return deed.step === 'form' || deed.step === 'expired' || deed.step === 'refused' ? { step: 'preparing', action: by.action } : deed;
    case 'prepared':
      return deed.step === 'preparing' ? { step: 'preview', action: deed.action, prepared: by.prepared, until: by.now + (by.prepared.expires_in_ms ?? 0) } : deed;
    case 'tick':
      return deed.step === 'preview' && deed.prepared.nonce !== null && by.now >= deed.until ? { step: 'expired', action: deed.action, prepared: deed.prepared } : deed;
    case 'confirm':
      if (deed.step !== 'preview' || deed.prepared.nonce === null) return deed;
      if (by.now >= deed.until) return { step: 'expired', action: deed.action, prepared: deed.prepared };
      return { step: 'confirming', action: deed.action, prepared: deed.prepared, key: by.key, slow: false };
    case 'ask again':
      return deed.step === 'unanswered' ? { step: 'confirming', action: deed.action, prepared: deed.prepared, key: deed.key, slow: true } : deed;
    case 'answered':
      return deed.step === 'confirming' ? { step: 'outcome', action: deed.action, outcome: by.outcome } : deed;
    case 'problem':
      if (deed.step === 'preparing') return { step: 'form', problem: by.problem };
      if (deed.step !== 'confirming') return deed;
      if (by.problem.code === 'nonce_expired') return { step: 'expired', action: deed.action, prepared: deed.prepared };
      // Nothing was begun where the program refused to look at it; anything else may be under way.
      return by.problem.status >= 400 && by.problem.status < 500 && by.problem.status !== 429
        ? { step: 'refused', action: deed.action, problem: by.problem }
        : { step: 'unanswered', action: deed.action, prepared: deed.prepared, key: deed.key, problem: by.problem };
    case 'back':
      return deed.step === 'confirming' || deed.step === 'unanswered' ? deed : AT_FORM;
  }
}
