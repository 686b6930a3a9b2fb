import { useState, type ReactNode } from 'react';
import { useLive } from '../data/live';
import { EMPTY, marginOf, notionalOf, opening, type Opening } from '../data/opening';
import { useGet } from '../data/use-get';
import type { Action, Strategies } from '../data/types';
import { amount } from '../exact/format';
import { DeedDialog } from './deed';

const POSITIVE = '[0-9]*[.]?[0-9]*[1-9][0-9]*|[1-9][0-9]*[.]?[0-9]*';

/** Opens a position in two steps. What was typed is kept on the way back from a refusal. */
export function OpenDialog({ onClose }: { onClose: () => void }) {
  const { overview } = useLive();
  const [of, set] = useState<Opening>({ ...EMPTY, account: overview?.accounts[0]?.account ?? '' });
  return (
    <DeedDialog title="Open a position" verb="Open it" form={(prepare, busy) => <OpenForm of={of} set={(more) => set((it) => ({ ...it, ...more }))} prepare={prepare} busy={busy} onClose={onClose} />} onClose={onClose} />
  );
}

function OpenForm({ of, set, prepare, busy, onClose }: { of: Opening; set: (more: Partial<Opening>) => void; prepare: (action: Action) => void; busy: boolean; onClose: () => void }) {
  const { overview, positions } = useLive();
  const strategies = useGet<Strategies>('strategies', 60_000);
  const contracts = [...new Set([...(positions ?? []).map((it) => it.symbol), ...(strategies.data?.strategies ?? []).flatMap((it) => it.contracts)])].sort();
  const accounts = overview?.accounts ?? [];
  const currency = accounts.find((it) => it.account === of.account)?.currency ?? '';
  const wanted = opening(of);
  const number = (name: ReactNode, field: 'size' | 'stop' | 'target', required: boolean) => (
    <label className="field">
      <span>{name}</span>
      <input className="input number" inputMode="decimal" pattern={POSITIVE} value={of[field]} onChange={(event) => set({ [field]: event.target.value.trim() })} required={required} autoComplete="off" />
    </label>
  );
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (wanted) prepare(wanted);
      }}
    >
      <label className="field">
        <span>Account</span>
        <select className="input" value={of.account} onChange={(event) => set({ account: event.target.value })} required>
          {accounts.map((it) => (
            <option key={it.account} value={it.account}>
              {it.account} ({it.venue}, {it.mode})
            </option>
          ))}
        </select>
      </label>
      <label className="field">
        <span>
          Contract <span className="hint">(such as BTC/USDT:USDT)</span>
        </span>
        <input className="input" data-first list="contracts" value={of.symbol} onChange={(event) => set({ symbol: event.target.value.trim() })} required autoComplete="off" autoCapitalize="characters" spellCheck={false} />
        <datalist id="contracts">
          {contracts.map((it) => (
            <option key={it} value={it} />
          ))}
        </datalist>
      </label>
      <Choice name="Side" value={of.direction} of={[['long', 'long'], ['short', 'short']]} onValue={(direction) => set({ direction })} />
      <Choice name="Size by" value={of.sizeBy} of={[['notional', 'notional'], ['margin', 'margin']]} onValue={(sizeBy) => set({ sizeBy })} />
      {number(`${of.sizeBy === 'notional' ? 'Notional' : 'Margin'}, ${currency}`, 'size', true)}
      <label className="field">
        <span>
          Leverage <span className="hint">(a whole number)</span>
        </span>
        <input className="input number" inputMode="numeric" pattern="[1-9][0-9]{0,2}" value={of.leverage} onChange={(event) => set({ leverage: event.target.value.trim() })} required autoComplete="off" />
      </label>
      <p className="hint" aria-live="polite">
        {of.sizeBy === 'margin' ? `worth ${amount(notionalOf(of))} ${currency}` : `ties up some ${amount(marginOf(of))} ${currency}`}; the program settles it on the next step
      </p>
      <Choice name="Stop" value={of.stopBy} of={[['price', 'at a price'], ['distance', 'at a distance'], ['none', 'none']]} onValue={(stopBy) => set({ stopBy, stop: '' })} />
      {of.stopBy === 'none' ? (
        <label className="field">
          <span>Why nothing is to protect it</span>
          <input className="input" value={of.waiver} onChange={(event) => set({ waiver: event.target.value })} required maxLength={300} autoComplete="off" />
        </label>
      ) : (
        number(of.stopBy === 'price' ? 'Stop-loss, a price' : 'Stop-loss, % from the mark', 'stop', true)
      )}
      {number(
        <>
          Target <span className="hint">(a price; may be left out)</span>
        </>,
        'target',
        false,
      )}
      <footer>
        <button type="button" className="button" onClick={onClose}>
          Leave it
        </button>
        <button type="submit" className="button button-sea" disabled={busy || wanted === null}>
          {busy ? 'Asking…' : 'What would it mean?'}
        </button>
      </footer>
    </form>
  );
}

function Choice<T extends string>({ name, value, of, onValue }: { name: string; value: T; of: readonly (readonly [T, string])[]; onValue: (value: T) => void }) {
  return (
    <div className="field">
      <span>{name}</span>
      <div className="choice" role="group" aria-label={name}>
        {of.map(([one, word]) => (
          <button key={one} type="button" aria-pressed={one === value} onClick={() => onValue(one)}>
            {word}
          </button>
        ))}
      </div>
    </div>
  );
}
