import { useState } from 'react';
import { get, token, Problem } from '../data/api';
import type { Session } from '../data/types';
import { ProblemNotice } from '../parts/deed';
import { Mark } from '../parts/mark';

/** Where a token is entered. It stays in this tab. */
export function Entry({ problem, onEntered }: { problem: Problem | null; onEntered: (session: Session) => void }) {
  const [value, setValue] = useState('');
  const [failed, setFailed] = useState<Problem | null>(problem);
  const [busy, setBusy] = useState(false);
  const enter = async (): Promise<void> => {
    setBusy(true);
    token.set(value.trim());
    try {
      onEntered(await get<Session>('session'));
    } catch (error) {
      token.clear();
      setFailed(error instanceof Problem ? error : new Problem(0, 'failed', 'it could not be asked', null, null));
      setBusy(false);
    }
  };
  return (
    <main className="entry">
      <form
        className="card entry-card"
        onSubmit={(event) => {
          event.preventDefault();
          void enter();
        }}
      >
        <div className="row">
          <Mark />
          <div>
            <h1>Plimsoll</h1>
            <p className="soft">Load past the line and you sink.</p>
          </div>
        </div>
        {failed && <ProblemNotice problem={failed} />}
        <label className="field">
          <span>Token</span>
          <input className="input code" type="password" value={value} onChange={(event) => setValue(event.target.value)} autoComplete="off" spellCheck={false} required autoFocus aria-describedby="token-hint" />
        </label>
        <p className="hint" id="token-hint">
          It is kept in this tab alone, until the tab is closed, and sent to this program only.
        </p>
        <button type="submit" className="button button-sea" disabled={busy || value.trim() === ''}>
          {busy ? 'Asking…' : 'Enter'}
        </button>
      </form>
    </main>
  );
}
