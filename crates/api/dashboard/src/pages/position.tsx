import { useState } from 'react';
import { PriceChart } from '../charts/price';
import { query } from '../data/api';
import { useLive } from '../data/live';
import { markKey } from '../data/state';
import { useGet } from '../data/use-get';
import type { Candles, Fills, Orders, Position, Strategies } from '../data/types';
import { amount, percent, signedPercent, whole } from '../exact/format';
import { compared, exact } from '../exact/decimal';
import { countdown } from '../exact/time';
import { Badge, Card, Figure, Signed, When } from '../parts/figure';
import { Ladder } from '../parts/ladder';
import { Alarms, distanceOf, FundingADay, PositionActions, PriceText, rungsOf, Way } from '../parts/position';
import { Table } from '../parts/table';
import { useNow } from '../parts/now';
import { to } from '../shell/route';
import { FILL_COLUMNS, restingColumns } from './orders';

const INTERVALS = ['1m', '5m', '15m', '1h', '4h', '1d'] as const;

export default function PositionPage({ account, symbol, side }: { account: string; symbol: string; side: string }) {
  const live = useLive();
  const [interval, setInterval] = useState<string>('15m');
  const [last, setLast] = useState<Position | null>(null);
  const found = live.positions?.find((it) => it.account === account && it.symbol === symbol && it.position_side === side) ?? null;
  if (found && found !== last) setLast(found);
  const candles = useGet<Candles>(`candles${query({ account, symbol, interval, limit: 300 })}`, 30_000);
  const fills = useGet<Fills>(`fills${query({ account, symbol, days: 90, limit: 300 })}`, 30_000);
  const orders = useGet<Orders>(`orders${query({ account, symbol })}`, 10_000);
  const strategies = useGet<Strategies>(found?.strategy ? 'strategies' : null, 30_000);

  if (!found && !last) {
    return (
      <>
        <div className="page-head">
          <h1>{symbol}</h1>
        </div>
        <div className="card">
          <p className="empty">{live.positions === null ? 'Reading positions…' : 'Nothing of it is held.'}</p>
          <p className="empty">
            <a href={to('positions')}>All positions</a>
          </p>
        </div>
      </>
    );
  }
  const it = found ?? (last as Position);
  const working = (strategies.data?.strategies ?? []).find((one) => one.name === it.strategy)?.working.filter((one) => one.symbol === symbol && one.account === account && one.price !== null) ?? [];
  return (
    <>
      <div className="page-head">
        <a href={to('positions')}>Positions</a>
        <h1>{it.symbol}</h1>
        <Way direction={it.direction} />
        <span className="hint">
          {it.account} · {it.venue} · {it.mode} · {it.leverage === null ? '' : `${it.leverage}× `}
          {it.margin_mode}
        </span>
        <Alarms of={it} />
        <div className="tools">{found ? <PositionActions of={it} all /> : <Badge tone="warn">no longer held</Badge>}</div>
      </div>
      <div className={found ? 'grid dims' : 'grid stale'}>
        <Card title="Where it stands" hint="left is worse">
          <Ladder of={rungsOf(it, bounds(working))} tall />
        </Card>
        <Card
          title="Price"
          size="eight"
          tools={
            candles.data && (
              <div className="choice" role="group" aria-label="Length of a candle">
                {INTERVALS.map((one) => (
                  <button key={one} type="button" aria-pressed={one === interval} onClick={() => setInterval(one)}>
                    {one}
                  </button>
                ))}
              </div>
            )
          }
        >
          <PriceChart key={interval} note={candles.data && <CandlesNote of={candles.data} />} position={it} candles={candles.data?.candles ?? null} marks={live.marks[markKey(account, symbol)] ?? []} fills={fills.data?.fills ?? []} />
        </Card>
        <div className="four stack">
          <Card title="Figures">
            <div className="figures">
              <Figure name="Size" hint={it.base}>
                {whole(it.quantity)}
              </Figure>
              <Figure name="Notional" hint={it.currency}>
                {amount(it.notional)}
              </Figure>
              <Figure name="Entry">
                <PriceText value={it.entry_price} />
              </Figure>
              <Figure name="Mark">
                <PriceText value={it.mark_price} />
              </Figure>
              <Figure name="Unrealised">
                <Signed value={it.unrealized_pnl} />
              </Figure>
              <Figure name="On margin">
                <span className="number">{hundredth(it.return_on_equity_percent)}</span>
              </Figure>
              <Figure name="Margin">{amount(it.margin)}</Figure>
              <Figure name="Maintenance">{amount(it.maintenance_margin)}</Figure>
              <Figure name="Margin ratio">{percent(it.margin_ratio)}</Figure>
              <Figure name="To liquidation">{distanceOf(it)}</Figure>
            </div>
          </Card>
          <Card title="Liquidation and stop">
            <dl className="means">
              <dt>Liquidation, ours</dt>
              <dd title={it.liquidation_price ?? ''}>{it.liquidation_price === null ? (it.is_due === false ? 'no price liquidates it' : 'not told') : whole(it.liquidation_price)}</dd>
              <dt>The venue says</dt>
              <dd>{whole(it.venue_liquidation_price)}</dd>
              <dt>Difference</dt>
              <dd>{whole(it.liquidation_difference)}</dd>
              <dt>Stop</dt>
              <dd>
                {it.stop ? whole(it.stop.trigger) : <span className="danger">none rests</span>} {it.stop && !it.stop.covers_all && <Badge tone="danger">not for all of it</Badge>}
              </dd>
              <dt>From the mark</dt>
              <dd>{percent(it.stop?.distance)}</dd>
              <dt>Stop verified at</dt>
              <dd>{it.stop ? it.stop.verified_at ? <When at={it.stop.verified_at} /> : <span className="danger">in doubt</span> : '–'}</dd>
              <dt>Which comes first</dt>
              <dd>{it.stop_comes_first === null ? 'not told' : it.stop_comes_first ? 'the stop' : <span className="danger">liquidation !</span>}</dd>
              <dt>Lost at the stop</dt>
              <dd>{amount(it.loss_at_stop)}</dd>
              <dt>Target</dt>
              <dd>{it.target ? whole(it.target.trigger) : 'none'}</dd>
            </dl>
          </Card>
        </div>
        <FundingCard of={it} />
        <Card title="Orders that rest">
          <Table caption={`Orders that rest in ${symbol}`} columns={restingColumns(null)} rows={orders.data?.resting ?? []} rowKey={(one, i) => one.client_order_id ?? one.order_id ?? String(i)} empty="None rests." />
        </Card>
        <Card title="Fills" hint="of 90 days">
          <Table caption={`Fills in ${symbol}`} columns={FILL_COLUMNS} rows={fills.data?.fills ?? []} rowKey={(one) => `${one.account} ${one.trade_id}`} empty="None on record." limit={20} />
        </Card>
        <p className="wide hint">
          Opened <When at={it.opened_at} /> by {it.strategy ?? 'nobody on record'}; figures as of <When at={it.as_of} />.
        </p>
      </div>
    </>
  );
}

/** Whose prices these are, and why there are no newer ones. */
function CandlesNote({ of }: { of: Candles }) {
  return (
    <>
      Candles of what was traded at the venue, as it told <When at={of.known_at} short />; lines and marks are not of them.
      {of.trouble && <span className="warn"> No newer ones: {of.trouble}.</span>}
    </>
  );
}

/** A figure that is per cent already. */
function hundredth(text: string | null): string {
  const value = exact(text);
  return value ? signedPercent(`${text}e-2`) : '–';
}

/** The lowest and the highest of what a strategy has resting: the bounds of a grid. */
function bounds(working: readonly { price: string | null }[]): { name: string; price: string }[] {
  const prices = working.flatMap((it) => (it.price === null ? [] : [it.price]));
  if (prices.length < 3) return [];
  prices.sort((a, b) => {
    const [left, right] = [exact(a), exact(b)];
    return left && right ? compared(left, right) : 0;
  });
  return [
    { name: 'Lowest order', price: prices[0] ?? '' },
    { name: 'Highest order', price: prices.at(-1) ?? '' },
  ];
}

function FundingCard({ of }: { of: Position }) {
  const now = useNow();
  const it = of.funding;
  return (
    <Card title="Funding">
      {it === null || it === undefined ? (
        <p className="empty">Not told.</p>
      ) : (
        <div className="figures">
          <Figure name="Rate" hint={it.interval_hours === null ? null : `every ${it.interval_hours} h`}>
            {signedPercent(it.rate, 4)}
          </Figure>
          <Figure name="Next in">
            <span className="number">{countdown(it.next_time, now)}</span>
          </Figure>
          <Figure name="Next payment">
            <FundingADay value={it.next_payment} />
          </Figure>
          <Figure name="A day">
            <FundingADay value={it.per_day} />
          </Figure>
          <Figure name="A year, of notional">{signedPercent(it.annualised)}</Figure>
        </div>
      )}
    </Card>
  );
}
