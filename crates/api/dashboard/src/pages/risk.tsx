import { useEffect, useState } from 'react';
import { get, query } from '../data/api';
import { useLive } from '../data/live';
import { useGet } from '../data/use-get';
import { volatility, type Volatility } from '../data/volatility';
import type { Candles, FirstToGo, Limit, Position, Risk, RiskAccount, Stress, WhatIf } from '../data/types';
import { drawn } from '../exact/decimal';
import { amount, multiple, percent, price, signedPercent, signedPrice, whole } from '../exact/format';
import { clock, lasting } from '../exact/time';
import { Answered } from '../parts/answer';
import { Badge, Card, Figure, Meter, Signed, When } from '../parts/figure';
import { moneyKey, moneyName } from '../parts/money';
import { Alarms, distanceOf, positionAddress, positionKey, PriceText, StageBadge, Way } from '../parts/position';
import { ExportButton, exported, Table, type Column } from '../parts/table';
import { Gauges } from './overview';

export default function RiskPage() {
  const live = useLive();
  const risk = useGet<Risk>('risk', 10_000);
  const stress = useGet<Stress>('stress', 15_000);
  const positions = live.positions ?? [];
  const moves = useVolatilities(positions);
  const columns = liquidationColumns(moves);
  return (
    <>
      <div className="page-head">
        <h1>Risk</h1>
      </div>
      <div className="grid dims">
        <Card title="Liquidation" hint="the nearest first; ours is exact, through every tier" tools={<ExportButton name="liquidation" columns={exported(columns)} rows={positions} />}>
          {live.positions === null ? <p className="empty">Reading positions…</p> : <Table caption="Positions by distance to liquidation" columns={columns} rows={positions} rowKey={positionKey} empty="Nothing is held." />}
        </Card>
        <Card title="What if prices move" size="six">
          <WhatIfPanel assets={[...new Set(positions.map((it) => it.base))]} />
        </Card>
        <Card title="Margin" size="six" hint="a full disc is liquidation">
          <Answered of={risk} what="Margin">
            {(data) => (
              <div className="stack">
                <Gauges accounts={data.accounts ?? []} />
                {(data.accounts ?? []).map((it) => (
                  <Parts key={it.account} of={it} />
                ))}
              </div>
            )}
          </Answered>
        </Card>
        <Card title="Stress" hint="equity after a move, and who is liquidated first">
          <Answered of={stress} what="The stress table">
            {(data) => <StressTable of={data} />}
          </Answered>
        </Card>
        <Answered of={risk} what="Limits">
          {(data) => (
            <div className="stack">
              {(data.accounts ?? []).map((it) => (
                <LimitsCard key={it.account} of={it} />
              ))}
            </div>
          )}
        </Answered>
      </div>
    </>
  );
}

/** How far each contract goes in an hour, if candles are told. */
function useVolatilities(positions: readonly Position[]): Map<string, Volatility> {
  const [found, setFound] = useState<Map<string, Volatility>>(new Map());
  const wanted = [...new Set(positions.map((it) => `${it.account}\n${it.symbol}`))].sort().join('\n\n');
  useEffect(() => {
    const stop = new AbortController();
    const read = async (): Promise<void> => {
      const next = new Map<string, Volatility>();
      for (const pair of wanted === '' ? [] : wanted.split('\n\n').slice(0, 12)) {
        const [account = '', symbol = ''] = pair.split('\n');
        try {
          const answer = await get<Candles>(`candles${query({ account, symbol, interval: '1h', limit: 500 })}`, stop.signal);
          const it = volatility(answer.candles ?? []);
          if (it) next.set(`${account} ${symbol}`, it);
        } catch {
          // Not told: the columns say so.
          break;
        }
      }
      if (!stop.signal.aborted) setFound(next);
    };
    void read();
    const timer = setInterval(() => void read(), 600_000);
    return () => {
      stop.abort();
      clearInterval(timer);
    };
  }, [wanted]);
  return found;
}

function liquidationColumns(moves: Map<string, Volatility>): Column<Position>[] {
  const away = (it: Position): { atr: string; hours: string } | null => {
    const move = moves.get(`${it.account} ${it.symbol}`);
    const [mark, distance] = [drawn(it.mark_price), drawn(it.distance)];
    if (!move || mark === null || distance === null || move.atr <= 0 || move.p99 <= 0) return null;
    return { atr: `≈ ${((distance * mark) / move.atr).toFixed(1)}`, hours: `≈ ${(distance / move.p99).toFixed(1)}` };
  };
  return [
    {
      name: 'Position',
      text: (it) => `${it.symbol} ${it.direction} ${it.account}`,
      cell: (it) => (
        <>
          <a href={positionAddress(it)}>{it.symbol}</a> <Way direction={it.direction} />
          <div className="hint">
            {it.account} · {it.venue} <Alarms of={it} />
          </div>
        </>
      ),
    },
    { name: 'Distance', number: true, text: (it) => it.distance, cell: (it) => <strong>{distanceOf(it)}</strong> },
    { name: 'Mark', number: true, text: (it) => it.mark_price, cell: (it) => <PriceText value={it.mark_price} /> },
    { name: 'Liquidation, ours', number: true, text: (it) => it.liquidation_price, cell: (it) => (it.liquidation_price === null && it.is_due === false ? 'no price' : <span title={it.liquidation_price ?? ''}>{whole(it.liquidation_price)}</span>) },
    { name: "Venue's", number: true, text: (it) => it.venue_liquidation_price, cell: (it) => whole(it.venue_liquidation_price) },
    { name: 'Difference', number: true, text: (it) => it.liquidation_difference, cell: (it) => <span title={it.liquidation_difference ?? ''}>{signedPrice(it.liquidation_difference)}</span> },
    { name: 'Stop', number: true, text: (it) => it.stop?.trigger, cell: (it) => (it.stop ? price(it.stop.trigger) : <span className="danger">none</span>) },
    { name: 'First', text: (it) => (it.stop_comes_first === null ? null : it.stop_comes_first ? 'stop' : 'liquidation'), cell: (it) => (it.stop_comes_first === null ? '–' : it.stop_comes_first ? 'stop' : <span className="danger">liquidation !</span>) },
    { name: 'Verified', text: (it) => it.stop?.verified_at, cell: (it) => (it.stop?.verified_at ? <span className="number">{clock(it.stop.verified_at)}</span> : <span className={it.stop ? 'warn' : 'soft'}>{it.stop ? 'in doubt' : '–'}</span>) },
    { name: 'In ATR', number: true, cell: (it) => away(it)?.atr ?? <span className="soft">not told</span> },
    { name: 'In p99 hours', number: true, cell: (it) => away(it)?.hours ?? <span className="soft">not told</span> },
  ];
}

function Parts({ of }: { of: RiskAccount }) {
  const gauges = (of.margin?.gauges ?? []).filter((it) => it.margin_ratio !== null || it.distance !== null);
  if (gauges.length === 0) return null;
  return (
    <Table
      caption={`What is judged of ${of.account}`}
      columns={[
        { name: 'Of', cell: (it) => <>{it.of === 'pool' ? 'cross pool' : it.symbol} <span className="hint">{of.account}</span></>, text: (it) => it.symbol ?? 'pool' },
        { name: 'Ratio', number: true, cell: (it) => percent(it.margin_ratio), text: (it) => it.margin_ratio },
        { name: 'Distance', number: true, cell: (it) => percent(it.distance), text: (it) => it.distance },
        { name: 'Stage', cell: (it) => (it.stage ? <StageBadge stage={it.stage} /> : 'calm'), text: (it) => it.stage ?? 'calm' },
      ]}
      rows={gauges}
      rowKey={(it) => `${it.of} ${it.symbol} ${it.position_side}`}
      empty=""
    />
  );
}

function First({ of }: { of: FirstToGo | null }) {
  if (!of) return <span className="soft">nobody</span>;
  return (
    <span>
      <strong>{of.symbol}</strong> of {of.account}, at {of.at_percent === null ? 'not told' : signedPercent(`${of.at_percent}e-2`)}
    </span>
  );
}

function StressTable({ of }: { of: Stress }) {
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Stress table">
      <table className="table table-stress">
        <caption className="unseen">Change of equity, worst margin ratio and the first to be liquidated, by move of prices</caption>
        <thead>
          <tr>
            <th scope="col">Prices of</th>
            {(of.moves ?? []).map((it) => (
              <th key={it} scope="col" className="number">
                {signedPercent(`${it}e-2`, 0)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {(of.rows ?? []).map((row) => (
            <tr key={row.asset ?? ''}>
              <th scope="row">{row.asset ?? 'all together'}</th>
              {row.cells.map((cell) => (
                <td key={cell.percent} className={cell.first ? 'number stress-out' : 'number'}>
                  {cell.totals.map((it) => (
                    <div key={moneyKey(it)}>
                      <Signed value={it.equity_change} places={0} />
                      <div className="hint">
                        {amount(it.equity, 0)} {moneyName(it, cell.totals)}
                      </div>
                    </div>
                  ))}
                  <div className="hint">ratio {percent(cell.worst_margin_ratio, 0)}</div>
                  {cell.first && (
                    <div className="danger" title={`${cell.first.account}, ${cell.first.venue}`}>
                      ✕ {cell.first.symbol.split('/')[0]} at {signedPercent(`${cell.first.at_percent}e-2`, 1)}
                    </div>
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Moves prices in thought: the program works it out, exactly. */
function WhatIfPanel({ assets }: { assets: string[] }) {
  const [asset, setAsset] = useState('');
  const [typed, setTyped] = useState('-10');
  const [asked, setAsked] = useState('-10');
  const isNumber = /^[+-]?(\d+\.?\d*|\.\d+)$/.test(typed) && Number(typed) > -100 && Number(typed) <= 1000;
  useEffect(() => {
    if (!isNumber) return;
    const timer = setTimeout(() => setAsked(typed.replace(/^\+/, '')), 250);
    return () => clearTimeout(timer);
  }, [typed, isNumber]);
  const answer = useGet<WhatIf>(`what-if${query({ percent: asked, asset })}`, 30_000);
  return (
    <div className="stack">
      <div className="filters">
        <label className="field">
          <span>Prices of</span>
          <select className="input" value={asset} onChange={(event) => setAsset(event.target.value)}>
            <option value="">everything together</option>
            {assets.map((it) => (
              <option key={it}>{it}</option>
            ))}
          </select>
        </label>
        <label className="field field-number">
          <span>move by, %</span>
          <input className="input number" inputMode="decimal" value={typed} onChange={(event) => setTyped(event.target.value.trim().replace('\u2212', '-'))} aria-invalid={!isNumber} aria-describedby="what-if-hint" />
        </label>
        <label className="field field-slide">
          <span className="unseen">Move, in per cent</span>
          <input className="range" type="range" min={-60} max={60} step={0.5} value={isNumber ? Number(typed) : 0} onChange={(event) => setTyped(event.target.value)} aria-valuetext={`${typed} per cent`} />
        </label>
      </div>
      <p className="hint" id="what-if-hint">
        {isNumber ? 'Above −100 and at most 1000. Nothing is done.' : <span className="danger">A number above −100 and at most 1000, please.</span>}
      </p>
      <Answered of={answer} what="What it would do">
        {(data) => (
          <div className="stack" aria-live="polite">
            <p>
              First to be liquidated: <First of={data.first} />
            </p>
            <div className="figures">
              {data.totals.map((it) => (
                <Figure key={moneyKey(it)} name={`Equity, ${moneyName(it, data.totals)}`} hint={<Signed value={it.equity_change} />}>
                  {amount(it.equity)}
                </Figure>
              ))}
              <Figure name="Liquidated">{data.totals.reduce((sum, it) => sum + it.liquidated, 0)}</Figure>
            </div>
            <Table
              caption="Accounts after the move"
              columns={[
                { name: 'Account', cell: (it) => it.account, text: (it) => it.account },
                { name: 'Equity', number: true, cell: (it) => (it.equity === null ? 'cannot be judged' : amount(it.equity)), text: (it) => it.equity },
                { name: 'Ratio', number: true, cell: (it) => percent(it.margin_ratio), text: (it) => it.margin_ratio },
                { name: 'Liquidated', cell: (it) => (it.liquidated.length === 0 ? 'none' : <span className="danger">✕ {it.liquidated.map((one) => one.symbol).join(', ')}</span>), text: (it) => it.liquidated.length },
                { name: 'All may fall', number: true, cell: (it) => (it.limit_down_percent === null ? '–' : signedPercent(`${it.limit_down_percent}e-2`, 1)), text: (it) => it.limit_down_percent },
                { name: 'All may rise', number: true, cell: (it) => (it.limit_up_percent === null ? '–' : signedPercent(`${it.limit_up_percent}e-2`, 1)), text: (it) => it.limit_up_percent },
              ]}
              rows={data.accounts ?? []}
              rowKey={(it) => it.account}
              empty="There is no account."
            />
          </div>
        )}
      </Answered>
    </div>
  );
}

const LIMIT_NAMES: Record<string, string> = {
  max_daily_loss: 'Lost today',
  max_drawdown: 'Drawdown',
  max_position: 'Largest position',
  max_exposure: 'All positions together',
  max_positions: 'Positions',
  max_leverage: 'Leverage',
  min_liquidation_distance: 'Distance to liquidation, at least',
  max_funding_per_day: 'Funding a day',
  max_state_age: 'Age of the account',
};

function inUnit(value: string | null, unit: Limit['unit']): string {
  if (unit === 'fraction') return percent(value);
  if (unit === 'times') return multiple(value);
  if (unit === 'count') return whole(value);
  if (unit === 'ms') return value === null ? '–' : lasting(Number(value));
  return amount(value);
}

const STATES = { ok: ['ok', 'sea'], near: ['near', 'warn'], broken: ['broken', 'danger'], unknown: ['unknown', 'plain'] } as const;

function LimitsCard({ of }: { of: RiskAccount }) {
  return (
    <Card
      title={`Limits of ${of.account}`}
      hint={`${of.venue}, ${of.mode}, equity ${amount(of.equity)} ${of.currency}`}
      tools={
        <>
          {of.kill_switch?.state === 'engaged' && (
            <Badge tone="danger" title={of.kill_switch.reason ?? undefined}>
              killed by {of.kill_switch.by ?? 'somebody'}: {of.kill_switch.reason ?? 'no reason told'}
            </Badge>
          )}
          {of.ladder && (
            <Badge tone="sea">
              ladder: {of.ladder.step}
              {of.ladder.next && `, ${of.ladder.served_days ?? '?'} of ${of.ladder.needed_days ?? '?'} days to ${of.ladder.next}`}
            </Badge>
          )}
          {of.ladder?.since && <When at={of.ladder.since} short />}
        </>
      }
    >
      {(of.limits ?? []).length === 0 && <p className="empty">No limit is told.</p>}
      <ul className="limits">
        {(of.limits ?? []).map((it) => {
          const [word, tone] = STATES[it.state] ?? STATES.unknown;
          const name = LIMIT_NAMES[it.name] ?? it.name;
          return (
            <li key={it.name}>
              <div>
                {name} {it.engages_kill_switch && <Badge title="breaking it stops trading">stops trading</Badge>}
                <div className="hint">
                  {it.text}
                  {it.symbol && ` (${it.symbol})`}
                </div>
              </div>
              <span className="number">
                {inUnit(it.used, it.unit)} <span className="soft">{it.name.startsWith('min_') ? 'at least' : 'of'}</span> {inUnit(it.limit, it.unit)}
              </span>
              <Meter share={drawn(it.share)} tone={it.state === 'broken' ? 'danger' : it.state === 'near' ? 'warn' : 'plain'} label={`${name}: ${percent(it.share, 0)} used`} />
              <span className="number">{percent(it.share, 0)}</span>
              <Badge tone={tone}>{word}</Badge>
            </li>
          );
        })}
      </ul>
    </Card>
  );
}
