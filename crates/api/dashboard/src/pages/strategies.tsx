import { useState } from 'react';
import { useMayAct } from '../data/session';
import { useGet } from '../data/use-get';
import type { Action, Judged, Strategies, StrategyLine } from '../data/types';
import { price, signedPercent, whole } from '../exact/format';
import { Answered } from '../parts/answer';
import { DeedDialog, sentence } from '../parts/deed';
import { Badge, Figure, Signed, When } from '../parts/figure';
import { useHost } from '../parts/host';
import { Way } from '../parts/position';
import { Table } from '../parts/table';

export default function StrategiesPage() {
  const strategies = useGet<Strategies>('strategies', 5000);
  return (
    <>
      <div className="page-head">
        <h1>Strategies</h1>
        <span className="hint">a paused one opens nothing more; what is held keeps its stop</span>
      </div>
      <div className="dims">
        <Answered of={strategies} what="Strategies">
          {(data) =>
            (data.strategies ?? []).length === 0 ? (
              <div className="card">
                <p className="empty">No strategy runs. The program guards what others open.</p>
              </div>
            ) : (
              <div className="stack">
                {data.strategies.map((it) => (
                  <Strategy key={it.name} of={it} again={strategies.again} />
                ))}
              </div>
            )
          }
        </Answered>
      </div>
    </>
  );
}

const STATES = { running: ['sea', '▶ running'], paused: ['warn', '❚❚ paused'], stopped: ['danger', '■ stopped'] } as const;

function Strategy({ of, again }: { of: StrategyLine; again: () => void }) {
  const mayAct = useMayAct();
  const show = useHost();
  const [tone, word] = STATES[of.state] ?? ['plain', of.state];
  const turn = of.state === 'running' ? 'pause_strategy' : 'resume_strategy';
  const draw = (close: () => void) => {
    const leave = (): void => {
      close();
      again();
    };
    const word = turn === 'pause_strategy' ? 'Pause' : 'Resume';
    return <DeedDialog title={`${word} ${of.name}`} verb={`${word} it`} form={(prepare, busy) => <ReasonForm strategy={of.name} action={turn} prepare={prepare} busy={busy} onClose={leave} />} onClose={leave} />;
  };
  return (
    <section className="card" aria-label={of.name}>
      <header className="row">
        <h2>{of.name}</h2>
        <Badge tone={tone}>{word}</Badge>
        <span className="hint">
          {of.contracts.join(', ')} on {of.accounts.join(', ')}
        </span>
        <span className="tools push row">
          <Figure name="Net profit" hint={of.currency}>
            <Signed value={of.net_pnl} />
          </Figure>
          <button type="button" className="button button-small" disabled={!mayAct} title={mayAct ? undefined : 'This token may only read'} onClick={() => show(draw)}>
            {of.state === 'running' ? 'Pause' : 'Resume'}
            <span className="unseen"> {of.name}</span>
          </button>
        </span>
      </header>
      {of.reason && (
        <p className="notice">
          {of.reason} <When at={of.since} short />
        </p>
      )}
      {of.performance && <Beside of={of.performance} name={of.name} />}
      <div className="grid strategy-parts">
        <div className="six stack">
          <h3>Holds</h3>
          <Table
            caption={`What ${of.name} holds`}
            columns={[
              { name: 'Contract', text: (it) => it.symbol, cell: (it) => <>{it.symbol} <Way direction={it.direction} /></> },
              { name: 'Size', number: true, text: (it) => it.quantity, cell: (it) => whole(it.quantity) },
              { name: 'Entry', number: true, text: (it) => it.entry_price, cell: (it) => price(it.entry_price) },
              { name: 'Stop', number: true, text: (it) => it.stop, cell: (it) => price(it.stop) },
              { name: 'Since', cell: (it) => <When at={it.opened_at} short /> },
            ]}
            rows={of.holdings ?? []}
            rowKey={(it) => `${it.account} ${it.symbol} ${it.direction}`}
            empty="Nothing."
          />
          <h3>Orders that rest</h3>
          <Table
            caption={`What ${of.name} has resting`}
            columns={[
              { name: 'Label', text: (it) => it.label, cell: (it) => <code>{it.label ?? '–'}</code> },
              { name: 'Contract', text: (it) => it.symbol, cell: (it) => it.symbol },
              { name: 'Side', text: (it) => it.side, cell: (it) => it.side },
              { name: 'Price', number: true, text: (it) => it.price, cell: (it) => price(it.price) },
              { name: 'Size', number: true, text: (it) => it.quantity, cell: (it) => whole(it.quantity) },
              { name: 'Filled', number: true, text: (it) => it.filled, cell: (it) => whole(it.filled) },
            ]}
            rows={of.working ?? []}
            rowKey={(it, i) => `${it.account} ${it.symbol} ${it.label} ${i}`}
            empty="None."
            limit={8}
          />
        </div>
        <div className="six stack">
          <h3>What it decided, and why</h3>
          {(of.decisions ?? []).length === 0 ? (
            <p className="empty">Nothing yet.</p>
          ) : (
            <ul className="log log-wide">
              {of.decisions.slice(0, 12).map((it, i) => (
                <li key={`${it.time} ${i}`}>
                  <p>
                    <strong>{it.text}</strong> <When at={it.time} short />
                    <br />
                    <span className="soft">{it.reason}</span>
                  </p>
                </li>
              ))}
            </ul>
          )}
          {of.parameters && Object.keys(of.parameters).length > 0 && (
            <details>
              <summary>Settings</summary>
              <dl className="means">
                {Object.entries(of.parameters).map(([name, value]) => (
                  <Setting key={name} name={name} value={value} />
                ))}
              </dl>
            </details>
          )}
        </div>
      </div>
    </section>
  );
}

const VERDICTS = { as_predicted: ['sea', 'as predicted'], outside: ['danger', 'outside'], too_few: ['plain', 'too few'] } as const;
const NOTHING = ['plain', 'nothing predicted'] as const;

/** What it does live beside what its backtest predicts. */
function Beside({ of, name }: { of: NonNullable<StrategyLine['performance']>; name: string }) {
  const row = (word: string, it: Judged | null | undefined, without: string) => {
    const [tone, said] = it?.verdict ? VERDICTS[it.verdict] : NOTHING;
    return (
      <li>
        <p role={it?.verdict === 'outside' ? 'alert' : undefined}>
          <strong>{word}</strong> <Badge tone={tone}>{said}</Badge> <span className="soft">{it?.text ? sentence(it.text) : without}</span>
        </p>
      </li>
    );
  };
  const live = (it: Judged | null | undefined, what: string) => (it && it.mean !== null ? `${it.number} ${what}, ${signedPercent(it.mean)} each on average.` : `No ${what} yet.`);
  return (
    <div className="stack">
      <h3>Live beside its backtest</h3>
      <ul className="log log-wide" aria-label={`${name} beside its backtest`}>
        {row('Results', of.results, live(of.results, 'round trips'))}
        {row('Fills', of.costs, live(of.costs, 'orders at market'))}
      </ul>
      {of.left_out > 0 && <p className="hint">{of.left_out} round trips are left out: what they brought is not known.</p>}
    </div>
  );
}

function Setting({ name, value }: { name: string; value: unknown }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <code>{typeof value === 'string' ? value : JSON.stringify(value)}</code>
      </dd>
    </>
  );
}

function ReasonForm({ strategy, action, prepare, busy, onClose }: { strategy: string; action: string; prepare: (action: Action) => void; busy: boolean; onClose: () => void }) {
  const [reason, setReason] = useState('');
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        prepare({ action, strategy, reason: reason.trim() });
      }}
    >
      <label className="field">
        <span>Reason</span>
        <input className="input" data-first value={reason} onChange={(event) => setReason(event.target.value)} required maxLength={300} autoComplete="off" />
      </label>
      <footer>
        <button type="button" className="button" onClick={onClose}>
          Leave it
        </button>
        <button type="submit" className="button button-sea" disabled={busy || reason.trim() === ''}>
          {busy ? 'Asking…' : 'What would it mean?'}
        </button>
      </footer>
    </form>
  );
}
