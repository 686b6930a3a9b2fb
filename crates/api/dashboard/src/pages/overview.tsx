import { useState } from 'react';
import { EquityChart } from '../charts/equity';
import { useLive } from '../data/live';
import { useGet } from '../data/use-get';
import type { EventLine, Exposure, Overview, Pnl, Risk, RiskAccount } from '../data/types';
import { amount, multiple, percent } from '../exact/format';
import { lasting } from '../exact/time';
import { Answered } from '../parts/answer';
import { Badge, Card, Figure, Signed, When } from '../parts/figure';
import { ExposureBars } from '../parts/exposure';
import { Gauge, type LoadLine } from '../parts/gauge';
import { moneyKey, moneyName } from '../parts/money';
import { PositionRow, positionAddress, positionKey, StageBadge } from '../parts/position';
import { to } from '../shell/route';
import { SeverityBadge } from '../parts/severity';

export default function OverviewPage() {
  const live = useLive();
  const [days, setDays] = useState(7);
  const pnl = useGet<Pnl>(`pnl?days=${days}&points=600`, 60_000);
  const risk = useGet<Risk>('risk', 10_000);
  const exposure = useGet<Exposure>('exposure', 10_000);
  const overview = live.overview;
  return (
    <>
      <div className="page-head">
        <h1>Overview</h1>
      </div>
      <div className="grid dims">
        <EquityCard pnl={pnl} days={days} setDays={setDays} />
        <Card title="Margin" size="four" hint="a full disc is liquidation" tools={<a href={to('risk')}>Risk</a>}>
          <Answered of={risk} what="Margin">
            {(data) => <Gauges accounts={data.accounts ?? []} />}
          </Answered>
        </Card>
        <Card title="Positions" hint={live.positions ? `${live.positions.length}, the nearest to liquidation first` : undefined} tools={<a href={to('positions')}>All of them</a>}>
          {live.positions === null ? <p className="empty">Reading positions…</p> : live.positions.length === 0 ? <p className="empty">Nothing is held.</p> : live.positions.slice(0, 8).map((it) => <PositionRow key={positionKey(it)} of={it} />)}
        </Card>
        <Card title="Exposure" size="six" hint="long to the right, short to the left">
          <Answered of={exposure} what="Exposure">
            {(data) => <ExposureView of={data} />}
          </Answered>
        </Card>
        <div className="six stack">
        <Card title="Accounts">
          {overview ? <AccountsView of={overview} /> : <p className="empty">Reading accounts…</p>}
        </Card>
        <Card title="Incidents" tools={<a href={to('events')}>All events</a>}>
          <Incidents events={live.events} />
        </Card>
        </div>
      </div>
    </>
  );
}

function EquityCard({ pnl, days, setDays }: { pnl: ReturnType<typeof useGet<Pnl>>; days: number; setDays: (days: number) => void }) {
  const [account, setAccount] = useState<string | null>(null);
  const accounts = pnl.data?.accounts ?? [];
  const one = accounts.find((it) => it.account === account) ?? accounts[0];
  return (
    <Card
      title="Equity and drawdown"
      size="eight"
      tools={
        <>
          {accounts.length > 1 && (
            <label>
              <span className="unseen">Account</span>
              <select className="input button-small" value={one?.account ?? ''} onChange={(event) => setAccount(event.target.value)}>
                {accounts.map((it) => (
                  <option key={it.account}>{it.account}</option>
                ))}
              </select>
            </label>
          )}
          <div className="choice" role="group" aria-label="Time shown">
            {[1, 7, 30, 90].map((it) => (
              <button key={it} type="button" aria-pressed={it === days} onClick={() => setDays(it)}>
                {it} d
              </button>
            ))}
          </div>
        </>
      }
    >
      <Answered of={pnl} what="The curve">
        {() => (one ? <EquityChart key={`${one.account} ${days} ${one.compare?.length ?? 0}`} of={one} /> : <p className="empty">There is no account.</p>)}
      </Answered>
      {one && (
        <div className="figures money">
          {(one.totals ?? []).slice(0, 1).map((it) => (
            <TotalsView key={it.currency} of={it} />
          ))}
        </div>
      )}
    </Card>
  );
}

function TotalsView({ of }: { of: Pnl['accounts'][number]['totals'][number] }) {
  return (
    <>
      <Figure name="Realised, ever" hint={of.currency}>
        <Signed value={of.realized_pnl} />
      </Figure>
      <Figure name="Fees">
        <span className="number">{amount(of.fees)}</span>
      </Figure>
      <Figure name="Funding">
        <span className="number">{amount(of.funding)}</span>
      </Figure>
      <Figure name="Net, ever">
        <Signed value={of.net} />
      </Figure>
    </>
  );
}

/** The lines at which something is done, and the venue's own. */
export function loadLines(of: RiskAccount): LoadLine[] {
  const told = (of.margin?.thresholds ?? []).flatMap((it) => (it.ratio === null ? [] : [{ name: it.stage.replace('_', ' '), at: it.ratio, grave: it.stage === 'reduce' || it.stage === 'flatten' }]));
  return [...told, { name: 'liquidated', at: '1', grave: true }];
}

export function Gauges({ accounts }: { accounts: readonly RiskAccount[] }) {
  if (accounts.length === 0) return <p className="empty">There is no account.</p>;
  return (
    <div className="gauges">
      {accounts.map((it) => (
        <section key={it.account} className="gauge-one">
          <header>
            <h3>{it.account}</h3>
            <span className="hint">{it.venue}</span>
            <StageBadge stage={it.margin?.stage} />
            {!it.is_fresh && <Badge tone="warn">old figures</Badge>}
          </header>
          <div className="gauge">
            <Gauge name={it.account} ratio={it.margin?.margin_ratio ?? null} lines={loadLines(it)} />
          </div>
        </section>
      ))}
    </div>
  );
}

function ExposureView({ of }: { of: Exposure }) {
  return (
    <div className="stack">
      {(of.totals ?? []).map((it) => (
        <div key={moneyKey(it)} className="figures">
          <Figure name="Gross" hint={moneyName(it, of.totals)}>
            <span className="number">{amount(it.gross, 0)}</span>
          </Figure>
          <Figure name="Net">
            <Signed value={it.net} places={0} />
          </Figure>
          <Figure name="Of equity">
            <span className="number">{multiple(it.leverage)}</span>
          </Figure>
          {it.unpriced > 0 && (
            <Figure name="Without a price">
              <span className="danger">{it.unpriced}</span>
            </Figure>
          )}
        </div>
      ))}
      <h3>By asset, across venues</h3>
      <ExposureBars rows={(of.by_asset ?? []).map((it) => ({ ...it, name: it.share === null ? it.base : `${it.base} ${percent(it.share, 0)}` }))} />
      <h3>By venue</h3>
      <ExposureBars rows={(of.by_venue ?? []).map((it) => ({ ...it, name: it.venue }))} />
      <h3>By contract</h3>
      <ExposureBars rows={(of.by_symbol ?? []).map((it) => ({ ...it, name: it.symbol }))} />
      {of.by_strategy && of.by_strategy.length > 0 && (
        <>
          <h3>By strategy</h3>
          <ExposureBars rows={of.by_strategy.map((it) => ({ ...it, name: it.strategy }))} />
        </>
      )}
      {of.legs && of.legs.length > 0 && (
        <>
          <h3>Legs of arbitrages</h3>
          <ul>
            {of.legs.map((it) => (
              <li key={`${it.strategy} ${it.base}`} className="row">
                {it.strategy} {it.base} <span className="push number">{percent(it.imbalance)} apart</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

const LINKS = { live: 'sea', connecting: 'plain', syncing: 'plain', down: 'danger', ended: 'danger' } as const;

function AccountsView({ of }: { of: Overview }) {
  if (of.accounts.length === 0) return <p className="empty">There is no account.</p>;
  return (
    <>
      <ul className="accounts">
        {of.accounts.map((it) => (
          <li key={it.account}>
            <div className="row">
              <strong>{it.account}</strong>
              <span className="hint">
                {it.venue} · {it.mode}
              </span>
              <Badge tone={LINKS[it.link] ?? 'plain'}>{it.link}</Badge>
              {it.kill_switch === 'engaged' && <Badge tone="danger">killed</Badge>}
              <span className="push number" title={it.equity ?? 'not told'}>
                {amount(it.equity)} <small className="soft">{it.currency}</small>
              </span>
            </div>
            <div className="row hint">
              <span>
                today <Signed value={it.day_pnl} />
              </span>
              <span>drawdown {amount(it.drawdown)}</span>
              <span>ratio {percent(it.margin_ratio, 1)}</span>
              <span>{it.data_age_ms === null ? 'age in doubt' : `${lasting(it.data_age_ms)} old`}</span>
              {it.clock_offset_ms !== null && it.clock_offset_ms !== undefined && <span>clock {it.clock_offset_ms} ms</span>}
            </div>
          </li>
        ))}
      </ul>
      <h3 className="over">Order health</h3>
      <div className="figures">
        <Figure name="Open orders">{of.open_orders}</Figure>
        <Figure name="Unknown outcome">{zeroWanted(of.unknown_orders)}</Figure>
        <Figure name="Unprotected">{zeroWanted(of.unprotected)}</Figure>
        <Figure name="Without a price">{zeroWanted(of.unpriced)}</Figure>
      </div>
      {of.nearest_liquidation && (
        <p className="over">
          Nearest liquidation: <a href={positionAddress(of.nearest_liquidation)}>{of.nearest_liquidation.symbol}</a> of {of.nearest_liquidation.account}, {percent(of.nearest_liquidation.distance)} away.
        </p>
      )}
    </>
  );
}

/** A count that must be nought. */
export function zeroWanted(count: number | null | undefined) {
  if (count === null || count === undefined) return <span className="soft">not told</span>;
  return count === 0 ? <span>0 ✓</span> : <span className="danger">{count} !</span>;
}

function Incidents({ events }: { events: readonly EventLine[] }) {
  const grave = events.filter((it) => it.severity !== 'info').slice(0, 12);
  if (grave.length === 0) return <p className="empty">No warning since the program began to keep them.</p>;
  return (
    <ul className="log log-narrow">
      {grave.map((it) => (
        <li key={it.seq}>
          <SeverityBadge severity={it.severity} />
          <p>
            {it.text} <When at={it.time} short />
          </p>
        </li>
      ))}
    </ul>
  );
}
