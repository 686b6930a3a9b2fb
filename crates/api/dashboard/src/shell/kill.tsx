import { useState } from 'react';
import { useMayAct } from '../data/session';
import { usePart } from '../data/live';
import type { Action, KillState } from '../data/types';
import { DeedDialog } from '../parts/deed';
import { useHost } from '../parts/host';
import { Icon } from '../parts/mark';

/** What the button says: in short, and what a wide screen adds. */
const WORDS: Record<KillState, [string, string]> = { released: ['Kill', ' switch'], engaged: ['KILLED', ' · release'], partly: ['Partly', ' killed'], unknown: ['Kill ?', ' switch not told'] };

/** The kill switch, on every page. */
export function KillButton({ state }: { state: KillState | null }) {
  const mayAct = useMayAct();
  const show = useHost();
  const kills = (): void => show((close) => <KillDialog onClose={close} />);
  const releases = (): void => show((close) => <ReleaseDialog onClose={close} />);
  const engaged = state === 'engaged' || state === 'partly';
  const [short, more] = WORDS[state ?? 'released'] ?? WORDS.unknown;
  return (
    <>
      <button
        type="button"
        className={engaged ? 'button button-danger' : 'button button-kill'}
        onClick={state === 'engaged' ? releases : kills}
        disabled={!mayAct}
        title={mayAct ? undefined : 'This token may only read'}
        aria-haspopup="dialog"
        aria-label={engaged ? `${short}: the kill switch is engaged` : 'Kill switch'}
      >
        <Icon name="stop" />
        <span>
          {short}
          <span className="wide-only">{more}</span>
        </span>
      </button>
      {state === 'partly' && (
        <button type="button" className="button button-small" onClick={releases} disabled={!mayAct}>
          Release
        </button>
      )}
    </>
  );
}

function AccountChoice({ value, onChange }: { value: string; onChange: (account: string) => void }) {
  const accounts = usePart((live) => live.overview?.accounts) ?? [];
  if (accounts.length < 2) return null;
  return (
    <label className="field">
      <span>Which account</span>
      <select className="input" value={value} onChange={(event) => onChange(event.target.value)}>
        <option value="">all accounts</option>
        {accounts.map((it) => (
          <option key={it.account} value={it.account}>
            {it.account} ({it.venue}, {it.mode})
          </option>
        ))}
      </select>
    </label>
  );
}

function KillDialog({ onClose }: { onClose: () => void }) {
  const [account, setAccount] = useState('');
  const [reason, setReason] = useState('');
  const [word, setWord] = useState('');
  const [flatten, setFlatten] = useState(false);
  const form = (prepare: (action: Action) => void, busy: boolean) => (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        prepare({ action: 'kill', reason: reason.trim(), word: word.trim(), flatten, ...(account ? { account } : {}) });
      }}
    >
      <p>Nothing more is opened, in every process and through restarts. Entries that rest are cancelled; stops stay. Only an operator releases it.</p>
      <AccountChoice value={account} onChange={setAccount} />
      <label className="field">
        <span>Reason</span>
        <input className="input" data-first value={reason} onChange={(event) => setReason(event.target.value)} required maxLength={300} autoComplete="off" />
      </label>
      <label className="check">
        <input type="checkbox" checked={flatten} onChange={(event) => setFlatten(event.target.checked)} />
        <span>and close everything that is held, at market</span>
      </label>
      <label className="field">
        <span>
          Type <strong>KILL</strong>
        </span>
        <input className="input" value={word} onChange={(event) => setWord(event.target.value)} autoComplete="off" autoCapitalize="characters" spellCheck={false} />
      </label>
      <footer>
        <button type="button" className="button" onClick={onClose}>
          Leave it
        </button>
        <button type="submit" className="button button-danger" disabled={busy || word.trim() !== 'KILL' || reason.trim() === ''}>
          {busy ? 'Asking…' : 'What would it do?'}
        </button>
      </footer>
    </form>
  );
  return <DeedDialog title="Engage the kill switch" verb="Engage it" danger form={form} onClose={onClose} />;
}

function ReleaseDialog({ onClose }: { onClose: () => void }) {
  const [account, setAccount] = useState('');
  const [reason, setReason] = useState('');
  const form = (prepare: (action: Action) => void, busy: boolean) => (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        prepare({ action: 'release', reason: reason.trim(), ...(account ? { account } : {}) });
      }}
    >
      <p>From then on the limits allow openings again. The reason goes on record with your name.</p>
      <AccountChoice value={account} onChange={setAccount} />
      <label className="field">
        <span>Reason</span>
        <input className="input" data-first value={reason} onChange={(event) => setReason(event.target.value)} required maxLength={300} autoComplete="off" />
      </label>
      <footer>
        <button type="button" className="button" onClick={onClose}>
          Leave it
        </button>
        <button type="submit" className="button button-danger" disabled={busy || reason.trim() === ''}>
          {busy ? 'Asking…' : 'What would it do?'}
        </button>
      </footer>
    </form>
  );
  return <DeedDialog title="Release the kill switch" verb="Release it" danger form={form} onClose={onClose} />;
}

/** Everything closed, of one account or all: typed, previewed, confirmed. */
export function FlattenDialog({ onClose }: { onClose: () => void }) {
  const [account, setAccount] = useState('');
  const [reason, setReason] = useState('');
  const [word, setWord] = useState('');
  const form = (prepare: (action: Action) => void, busy: boolean) => (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        prepare({ action: 'flatten', reason: reason.trim(), word: word.trim(), ...(account ? { account } : {}) });
      }}
    >
      <p>Every position is closed at market and every order cancelled. Trading goes on afterwards unless the kill switch is engaged.</p>
      <AccountChoice value={account} onChange={setAccount} />
      <label className="field">
        <span>Reason</span>
        <input className="input" data-first value={reason} onChange={(event) => setReason(event.target.value)} required maxLength={300} autoComplete="off" />
      </label>
      <label className="field">
        <span>
          Type <strong>FLATTEN</strong>
        </span>
        <input className="input" value={word} onChange={(event) => setWord(event.target.value)} autoComplete="off" autoCapitalize="characters" spellCheck={false} />
      </label>
      <footer>
        <button type="button" className="button" onClick={onClose}>
          Leave it
        </button>
        <button type="submit" className="button button-danger" disabled={busy || word.trim() !== 'FLATTEN' || reason.trim() === ''}>
          {busy ? 'Asking…' : 'What would it do?'}
        </button>
      </footer>
    </form>
  );
  return <DeedDialog title="Flatten" verb="Close everything" danger form={form} onClose={onClose} />;
}
