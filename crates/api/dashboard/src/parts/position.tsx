import { useState, type ReactNode } from 'react';
import { useMayAct } from '../data/session';
import type { Action, Position, Stage } from '../data/types';
import { amount, percent, price, whole } from '../exact/format';
import { exact, sign } from '../exact/decimal';
import { to } from '../shell/route';
import { DeedDialog } from './deed';
import { Badge, Figure, Signed } from './figure';
import { useHost } from './host';
import { Icon } from './mark';
import { Ladder, type Rungs } from './ladder';

export const positionKey = (it: Position): string => `${it.account} ${it.symbol} ${it.position_side}`;
export const positionAddress = (it: { account: string; symbol: string; position_side: string }): string => to('positions', it.account, it.symbol, it.position_side);

export function rungsOf(it: Position, others?: Rungs['others']): Rungs {
  return {
    direction: it.direction,
    liquidation: it.liquidation_price ?? null,
    stop: it.stop?.trigger ?? null,
    entry: it.entry_price ?? null,
    mark: it.mark_price ?? null,
    target: it.target?.trigger ?? null,
    ...(others ? { others } : {}),
  };
}

export function Way({ direction }: { direction: 'long' | 'short' }) {
  return <Badge tone={direction === 'long' ? 'up' : 'down'}>{direction === 'long' ? '▲ long' : '▼ short'}</Badge>;
}

export function StageBadge({ stage }: { stage: Stage | null | undefined }) {
  if (!stage) return null;
  return (
    <Badge tone={stage === 'warn' ? 'warn' : 'danger'}>
      <Icon name="alert" />
      {stage.replace('_', ' ')}
    </Badge>
  );
}

/** What is wrong with a position, in words; nothing if nothing is. */
export function Alarms({ of }: { of: Position }) {
  return (
    <>
      <StageBadge stage={of.stage} />
      {of.is_due === true && <Badge tone="danger">liquidation is due</Badge>}
      {!of.is_protected && (
        <Badge tone="danger">
          <Icon name="alert" />
          {of.stop ? 'stop does not cover all' : 'no stop'}
        </Badge>
      )}
      {of.stop_comes_first === false && <Badge tone="danger">liquidation before stop</Badge>}
      {of.stop && !of.stop.verified_at && <Badge tone="warn">stop not verified</Badge>}
      {!of.is_fresh && <Badge tone="warn">old figures</Badge>}
    </>
  );
}

/** How far liquidation is, in words. */
export function distanceOf(it: Position): string {
  if (it.is_due === true) return 'due';
  if (it.distance !== null && it.distance !== undefined) return percent(it.distance);
  return it.is_due === false ? 'none' : 'not told';
}

/** A position: its figures, and under them where it stands. */
export function PositionRow({ of, venue = true }: { of: Position; venue?: boolean }) {
  return (
    <article className="position" aria-label={`${of.symbol} ${of.direction}, ${of.account}`}>
      <div className="position-head">
        <div className="position-name">
          <a href={positionAddress(of)}>{of.symbol}</a> <Way direction={of.direction} />
          <div className="row hint">
            <span>
              {of.account}
              {venue && ` · ${of.venue}`} · {of.leverage === null ? '' : `${of.leverage}× `}
              {of.margin_mode}
            </span>
            <Alarms of={of} />
          </div>
        </div>
        <Figure name="Size" hint={of.base}>
          <span className="number">{whole(of.quantity)}</span>
        </Figure>
        <Figure name="Notional">
          <span className="number" title={of.notional ?? 'not told'}>
            {amount(of.notional)}
          </span>
        </Figure>
        <Figure name="Unrealised">
          <Signed value={of.unrealized_pnl} />
        </Figure>
        <Figure name="To liquidation">
          <span className="number">{distanceOf(of)}</span>
        </Figure>
        <Figure name="Lost at stop">
          <span className="number">{amount(of.loss_at_stop)}</span>
        </Figure>
        <Figure name="Funding a day">
          <FundingADay value={of.funding?.per_day} />
        </Figure>
        <PositionActions of={of} />
      </div>
      <Ladder of={rungsOf(of)} />
    </article>
  );
}

/** Positive is paid: the word says so, since a sign alone is read either way. */
export function FundingADay({ value, places = 4 }: { value: string | null | undefined; places?: number }) {
  const it = exact(value);
  if (!it) return <span className="soft">not told</span>;
  const which = sign(it);
  const shown = amount(value, places).replace('\u2212', '');
  return (
    <span className={`number ${which > 0 ? 'down' : which < 0 ? 'up' : ''}`} title={value ?? undefined}>
      {shown} <small>{which > 0 ? 'paid' : which < 0 ? 'received' : ''}</small>
    </span>
  );
}

/** What can be done with a position: each asks first what it would mean. */
export function PositionActions({ of, all = false }: { of: Position; all?: boolean }) {
  const mayAct = useMayAct();
  const show = useHost();
  const base = { account: of.account, symbol: of.symbol };
  const sided = of.position_side === 'both' ? base : { ...base, direction: of.direction };
  const name = `${of.symbol} ${of.direction}`;
  const button = (word: string, draw: (close: () => void) => ReactNode) => (
    <button type="button" className="button button-small" disabled={!mayAct} title={mayAct ? undefined : 'This token may only read'} onClick={() => show(draw)} aria-label={`${word} ${name}`}>
      {word}
    </button>
  );
  return (
    <div className="row">
      {button('Reduce', (close) => (
        <DeedDialog title={`Reduce ${name}`} verb="Reduce it" form={(prepare, busy) => <ReduceForm of={of} base={sided} prepare={prepare} busy={busy} onClose={close} />} onClose={close} />
      ))}
      {button('Close', (close) => (
        <DeedDialog title={`Close ${name}`} verb="Close it" danger action={{ action: 'close', ...sided }} onClose={close} />
      ))}
      {all &&
        button('Leverage', (close) => (
          <DeedDialog
            title={`Leverage of ${of.symbol}`}
            verb="Set it"
            form={(prepare, busy) => (
              <NumberForm name="Leverage" hint={`now ${of.leverage === null ? 'not told' : `${of.leverage}×`}; a whole number`} pattern="[1-9][0-9]{0,2}" busy={busy} onClose={close} onValue={(value) => prepare({ action: 'leverage', ...base, leverage: Number(value) })} />
            )}
            onClose={close}
          />
        ))}
      {all &&
        of.margin_mode === 'isolated' &&
        button('Margin', (close) => (
          <DeedDialog
            title={`Margin of ${name}`}
            verb="Move it"
            form={(prepare, busy) => (
              <NumberForm name={`Amount, ${of.currency}`} hint={`now ${amount(of.margin)}; positive goes in, negative comes out`} pattern="-?[0-9]+([.][0-9]+)?" busy={busy} onClose={close} onValue={(value) => prepare({ action: 'margin', ...sided, amount: value })} />
            )}
            onClose={close}
          />
        ))}
    </div>
  );
}

function ReduceForm({ of, base, prepare, busy, onClose }: { of: Position; base: Record<string, string>; prepare: (action: Action) => void; busy: boolean; onClose: () => void }) {
  const [share, setShare] = useState('50');
  const [quantity, setQuantity] = useState('');
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        prepare(quantity ? { action: 'reduce', ...base, quantity } : { action: 'reduce', ...base, share: `0.${share.padStart(2, '0')}` });
      }}
    >
      <label className="field">
        <span>
          By a share: <output>{share} %</output> of {whole(of.quantity)} {of.base}
        </span>
        <input className="range" data-first type="range" min={1} max={99} value={share} onChange={(event) => setShare(event.target.value)} disabled={quantity !== ''} aria-valuetext={`${share} per cent`} />
      </label>
      <label className="field">
        <span>or by a quantity, {of.base}</span>
        <input className="input number" inputMode="decimal" pattern="[0-9]*[.]?[0-9]+" value={quantity} onChange={(event) => setQuantity(event.target.value.trim())} autoComplete="off" />
      </label>
      <footer>
        <button type="button" className="button" onClick={onClose}>
          Leave it
        </button>
        <button type="submit" className="button button-sea" disabled={busy}>
          {busy ? 'Asking…' : 'What would it mean?'}
        </button>
      </footer>
    </form>
  );
}

function NumberForm({ name, hint, pattern, busy, onValue, onClose }: { name: string; hint: string; pattern: string; busy: boolean; onValue: (value: string) => void; onClose: () => void }) {
  const [value, setValue] = useState('');
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        onValue(value);
      }}
    >
      <label className="field">
        <span>
          {name} <span className="hint">({hint})</span>
        </span>
        <input className="input number" data-first inputMode="decimal" pattern={pattern} required value={value} onChange={(event) => setValue(event.target.value.trim())} autoComplete="off" />
      </label>
      <footer>
        <button type="button" className="button" onClick={onClose}>
          Leave it
        </button>
        <button type="submit" className="button button-sea" disabled={busy || value === ''}>
          {busy ? 'Asking…' : 'What would it mean?'}
        </button>
      </footer>
    </form>
  );
}

export function PriceText({ value }: { value: string | null | undefined }) {
  return (
    <span className="number" title={value ?? 'not told'}>
      {price(value)}
    </span>
  );
}
