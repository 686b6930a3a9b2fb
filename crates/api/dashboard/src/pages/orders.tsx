import { useState, type ReactNode } from 'react';
import { query } from '../data/api';
import { useMayAct } from '../data/session';
import { useGet } from '../data/use-get';
import type { Closed, ClosedPosition, ComposedOrder, Fill, Fills, Orders, RestingOrder, UnknownOrder } from '../data/types';
import { amount, price, whole } from '../exact/format';
import { utc } from '../exact/time';
import { Answered } from '../parts/answer';
import { DeedDialog } from '../parts/deed';
import { Badge, Card, Signed, When } from '../parts/figure';
import { useHost } from '../parts/host';
import { FundingADay, Way } from '../parts/position';
import { ExportButton, exported, Table, type Column } from '../parts/table';
import { to } from '../shell/route';
import { useLive } from '../data/live';
import { zeroWanted } from './overview';

const TABS = [
  ['resting', 'Resting'],
  ['fills', 'Fills'],
  ['closed', 'Closed positions'],
] as const;

const Side = ({ side }: { side: string }) => <span className={`number ${side === 'buy' ? 'up' : 'down'}`}>{side === 'buy' ? '▲ buy' : '▼ sell'}</span>;

export function restingColumns(cancel: ((order: { account: string; id: string }) => void) | null): Column<RestingOrder>[] {
  const columns: Column<RestingOrder>[] = [
    { name: 'Contract', text: (it) => it.symbol, cell: (it) => <>{it.symbol} <span className="hint">{it.account} · {it.venue}</span></> },
    { name: 'Side', text: (it) => it.side, cell: (it) => <Side side={it.side} /> },
    { name: 'Type', text: (it) => it.type, cell: (it) => it.type.replaceAll('_', ' ') },
    { name: 'Size', number: true, text: (it) => it.quantity, cell: (it) => (it.quantity === null ? 'all of it' : whole(it.quantity)) },
    { name: 'Filled', number: true, text: (it) => it.filled, cell: (it) => whole(it.filled) },
    { name: 'Price', number: true, text: (it) => it.price, cell: (it) => price(it.price) },
    { name: 'Trigger', number: true, text: (it) => it.trigger, cell: (it) => price(it.trigger) },
    {
      name: 'Of note',
      text: (it) => [it.is_ours ? '' : 'foreign', it.reduce_only ? 'reduce only' : '', it.adds_exposure ? 'adds exposure' : ''].filter(Boolean).join(', '),
      cell: (it) => (
        <span className="row">
          {!it.is_ours && <Badge tone="warn">of others</Badge>}
          {it.adds_exposure ? <Badge>opens</Badge> : <Badge tone="sea">{it.close_position ? 'closes' : 'reduces'}</Badge>}
          <span className="hint">{it.status}</span>
        </span>
      ),
    },
    { name: 'Id', text: (it) => it.client_order_id ?? it.order_id, cell: (it) => <code>{it.client_order_id ?? it.order_id ?? '–'}</code> },
    { name: 'Updated', text: (it) => it.updated, cell: (it) => <When at={it.updated} short /> },
  ];
  if (cancel) {
    columns.push({
      name: 'Do',
      cell: (it) => (it.client_order_id === null ? null : <CancelButton name={`${it.type.replaceAll('_', ' ')} of ${it.symbol}`} onClick={() => cancel({ account: it.account, id: it.client_order_id ?? '' })} />),
    });
  }
  return columns;
}

export const FILL_COLUMNS: Column<Fill>[] = [
  { name: 'Time (UTC)', text: (it) => it.time, cell: (it) => <span className="number">{utc(it.time)}</span> },
  { name: 'Contract', text: (it) => it.symbol, cell: (it) => it.symbol },
  { name: 'Account', text: (it) => it.account, cell: (it) => it.account },
  { name: 'Side', text: (it) => it.side, cell: (it) => <Side side={it.side} /> },
  { name: 'Price', number: true, text: (it) => it.price, cell: (it) => price(it.price) },
  { name: 'Size', number: true, text: (it) => it.quantity, cell: (it) => whole(it.quantity) },
  { name: 'Notional', number: true, text: (it) => it.notional, cell: (it) => amount(it.notional) },
  { name: 'Fee', number: true, text: (it) => it.fee, cell: (it) => <>{amount(it.fee, 4)} <span className="hint">{it.fee_currency}</span></> },
  { name: 'Realised', number: true, text: (it) => it.realized_pnl, cell: (it) => (it.realized_pnl === null ? '–' : <Signed value={it.realized_pnl} />) },
  { name: 'How', text: (it) => `${it.cause} ${it.liquidity ?? ''}`.trim(), cell: (it) => <>{it.cause === 'order' ? (it.liquidity ?? 'order') : <Badge tone="danger">{it.cause}</Badge>}</> },
];

const CLOSED_COLUMNS: Column<ClosedPosition>[] = [
  { name: 'Closed (UTC)', text: (it) => it.closed_at, cell: (it) => <span className="number">{utc(it.closed_at)}</span> },
  { name: 'Contract', text: (it) => it.symbol, cell: (it) => <>{it.symbol} <Way direction={it.direction} /></> },
  { name: 'Account', text: (it) => it.account, cell: (it) => it.account },
  { name: 'Strategy', text: (it) => it.strategy, cell: (it) => it.strategy ?? '–' },
  { name: 'Size', number: true, text: (it) => it.quantity, cell: (it) => whole(it.quantity) },
  { name: 'Entry', number: true, text: (it) => it.entry_price, cell: (it) => price(it.entry_price) },
  { name: 'Exit', number: true, text: (it) => it.exit_price, cell: (it) => price(it.exit_price) },
  { name: 'Leverage', number: true, text: (it) => it.leverage, cell: (it) => (it.leverage === null ? '–' : `${it.leverage}×`) },
  { name: 'Why', text: (it) => it.reason, cell: (it) => (it.status === 'liquidated' ? <Badge tone="danger">liquidated</Badge> : (it.reason ?? '–').replaceAll('_', ' ')) },
  { name: 'Realised', number: true, text: (it) => it.realized_pnl, cell: (it) => <Signed value={it.realized_pnl} /> },
  { name: 'Fees', number: true, text: (it) => it.fees, cell: (it) => amount(it.fees) },
  { name: 'Funding', number: true, text: (it) => it.funding, cell: (it) => <FundingADay value={it.funding} places={2} /> },
  { name: 'Net', number: true, text: (it) => it.net, cell: (it) => <strong><Signed value={it.net} /></strong> },
];

function CancelButton({ name, onClick }: { name: string; onClick: () => void }) {
  const mayAct = useMayAct();
  return (
    <button type="button" className="button button-small" disabled={!mayAct} title={mayAct ? undefined : 'This token may only read'} onClick={onClick} aria-label={`Cancel ${name}`}>
      Cancel
    </button>
  );
}

export default function OrdersPage({ tab }: { tab: string }) {
  const { overview } = useLive();
  const [account, setAccount] = useState('');
  const [wanted, setWanted] = useState('');
  const [days, setDays] = useState(30);
  const shown = TABS.some(([name]) => name === tab) ? tab : 'resting';
  const accounts = (overview?.accounts ?? []).map((it) => it.account);
  const matches = (text: string): boolean => wanted === '' || text.toLowerCase().includes(wanted.toLowerCase());
  const filters = (
    <div className="filters">
      {accounts.length > 1 && (
        <label className="field">
          <span>Account</span>
          <select className="input" value={account} onChange={(event) => setAccount(event.target.value)}>
            <option value="">every account</option>
            {accounts.map((it) => (
              <option key={it}>{it}</option>
            ))}
          </select>
        </label>
      )}
      <label className="field">
        <span>Search</span>
        <input className="input" type="search" value={wanted} onChange={(event) => setWanted(event.target.value)} placeholder="contract, id, strategy…" />
      </label>
      {shown !== 'resting' && (
        <label className="field">
          <span>Time</span>
          <select className="input" value={days} onChange={(event) => setDays(Number(event.target.value))}>
            {[1, 7, 30, 90, 366].map((it) => (
              <option key={it} value={it}>
                {it === 1 ? '1 day' : `${it} days`}
              </option>
            ))}
          </select>
        </label>
      )}
    </div>
  );
  return (
    <>
      <div className="page-head">
        <h1>Orders and fills</h1>
        <div className="tools">
          <nav className="tabs" aria-label="Orders and fills">
            {TABS.map(([name, word]) => (
              <a key={name} className="button button-small" href={to('orders', name)} aria-current={name === shown ? 'page' : undefined}>
                {word}
              </a>
            ))}
          </nav>
        </div>
      </div>
      <div className="dims">
        {shown === 'resting' && <Resting account={account} matches={matches} filters={filters} />}
        {shown === 'fills' && <FillsView account={account} days={days} matches={matches} filters={filters} />}
        {shown === 'closed' && <ClosedView account={account} days={days} matches={matches} filters={filters} />}
      </div>
    </>
  );
}

interface View {
  account: string;
  matches: (text: string) => boolean;
  filters: ReactNode;
}

function Resting({ account, matches, filters }: View) {
  const orders = useGet<Orders>(`orders${query({ account })}`, 5000);
  const show = useHost();
  const cancel = ({ account, id }: { account: string; id: string }): void =>
    show((close) => {
      const leave = (): void => {
        close();
        orders.again();
      };
      return <DeedDialog title="Cancel an order" verb="Cancel it" action={{ action: 'cancel_order', account, client_order_id: id }} onClose={leave} />;
    });
  const columns = restingColumns(cancel);
  return (
    <>
      <Answered of={orders} what="Orders">
        {(data) => {
          const resting = (data.resting ?? []).filter((it) => matches(`${it.symbol} ${it.client_order_id} ${it.order_id} ${it.type} ${it.account}`));
          return (
            <div className="stack">
              {data.unknown === null ? (
                <p className="notice notice-warn">The records cannot be read: whether an order has an unknown outcome is not known.</p>
              ) : (
                data.unknown.length > 0 && (
                  <Card title="Unknown outcome" hint="they may be live: looked up until the venue is definite">
                    <Unknown of={data.unknown} />
                  </Card>
                )
              )}
              <Card
                title="Orders that rest"
                hint={<>unknown outcome: {zeroWanted(data.unknown === null ? null : data.unknown.length)}</>}
                tools={<ExportButton name="orders" columns={exported(columns)} rows={resting} />}
              >
                {filters}
                <Table caption="Orders that rest" columns={columns} rows={resting} rowKey={(it, i) => `${it.account} ${it.client_order_id ?? it.order_id ?? i}`} empty="None rests." limit={100} />
              </Card>
              <Card title="Orders that go on" hint="brackets, icebergs, TWAPs, OCOs, trailing stops">
                {data.composed === null ? <p className="notice notice-warn">The records cannot be read.</p> : <Composed of={data.composed.filter((it) => matches(`${it.symbol} ${it.id} ${it.kind} ${it.account}`))} cancel={cancel} />}
              </Card>
            </div>
          );
        }}
      </Answered>
    </>
  );
}

function Unknown({ of }: { of: UnknownOrder[] }) {
  return (
    <Table
      caption="Orders with an unknown outcome"
      columns={[
        { name: 'Contract', text: (it) => it.symbol, cell: (it) => it.symbol },
        { name: 'Account', text: (it) => it.account, cell: (it) => it.account },
        { name: 'For', text: (it) => it.purpose, cell: (it) => it.purpose },
        { name: 'State', text: (it) => it.state, cell: (it) => <Badge tone="danger">{it.state}</Badge> },
        { name: 'Since', text: (it) => it.since, cell: (it) => <When at={it.since} short /> },
        { name: 'Id', text: (it) => it.client_order_id, cell: (it) => <code>{it.client_order_id}</code> },
      ]}
      rows={of}
      rowKey={(it) => it.client_order_id}
      empty="None."
    />
  );
}

function Composed({ of, cancel }: { of: ComposedOrder[]; cancel: (order: { account: string; id: string }) => void }) {
  if (of.length === 0) return <p className="empty">None.</p>;
  return (
    <ul className="log log-wide">
      {of.map((it) => (
        <li key={it.id}>
          <div className="row">
            <Badge tone="sea">{it.kind.replaceAll('_', ' ')}</Badge>
            <strong>{it.symbol}</strong>
            <Way direction={it.direction} />
            <span>
              {whole(it.filled)} of {whole(it.quantity)} filled
            </span>
            <Badge>{it.state}</Badge>
            <span className="push">
              <CancelButton name={`${it.kind} of ${it.symbol}`} onClick={() => cancel({ account: it.account, id: it.id })} />
            </span>
          </div>
          <p className="hint">
            {it.order} · {it.account} · placed <When at={it.placed_at} short />
          </p>
          {it.parts.length > 0 && (
            <details>
              <summary>{it.parts.length} parts</summary>
              <ul className="chart-note">
                {it.parts.map((part) => (
                  <li key={part.client_order_id}>
                    {part.purpose}: {part.state}, {whole(part.filled)} of {whole(part.quantity)}
                    {part.price !== null && ` at ${price(part.price)}`}
                    {part.trigger !== null && `, trigger ${price(part.trigger)}`}
                  </li>
                ))}
              </ul>
            </details>
          )}
        </li>
      ))}
    </ul>
  );
}

function FillsView({ account, days, matches, filters }: View & { days: number }) {
  const fills = useGet<Fills>(`fills${query({ account, days, limit: 1000 })}`, 15_000);
  return (
    <Answered of={fills} what="Fills">
      {(data) => {
        const rows = (data.fills ?? []).filter((it) => matches(`${it.symbol} ${it.client_order_id} ${it.order_id} ${it.trade_id} ${it.cause} ${it.account}`));
        return (
          <Card title="Fills" hint={data.truncated ? 'the newest of more' : `${rows.length}`} tools={<ExportButton name="fills" columns={[...exported(FILL_COLUMNS), { name: 'trade_id', text: (it: Fill) => it.trade_id }, { name: 'client_order_id', text: (it: Fill) => it.client_order_id }]} rows={rows} />}>
            {filters}
            <Table caption="Fills" columns={FILL_COLUMNS} rows={rows} rowKey={(it) => `${it.account} ${it.symbol} ${it.trade_id}`} empty="None in this time." limit={100} />
          </Card>
        );
      }}
    </Answered>
  );
}

function ClosedView({ account, days, matches, filters }: View & { days: number }) {
  const closed = useGet<Closed>(`closed${query({ account, days, limit: 1000 })}`, 15_000);
  return (
    <Answered of={closed} what="Closed positions">
      {(data) => {
        const rows = (data.closed ?? []).filter((it) => matches(`${it.symbol} ${it.strategy} ${it.reason} ${it.account} ${it.status}`));
        return (
          <Card title="Closed positions" hint={data.truncated ? 'the newest of more' : `${rows.length}`} tools={<ExportButton name="closed" columns={exported(CLOSED_COLUMNS)} rows={rows} />}>
            {filters}
            <Table caption="Closed positions" columns={CLOSED_COLUMNS} rows={rows} rowKey={(it) => `${it.account} ${it.position}`} empty="None in this time." limit={100} />
          </Card>
        );
      }}
    </Answered>
  );
}
