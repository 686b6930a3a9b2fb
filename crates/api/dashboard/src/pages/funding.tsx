import { useState } from 'react';
import { query } from '../data/api';
import { useGet } from '../data/use-get';
import type { Funding } from '../data/types';
import { exact, sign } from '../exact/decimal';
import { amount, percent, price, signedPercent, whole } from '../exact/format';
import { countdown, utc } from '../exact/time';
import { Answered } from '../parts/answer';
import { Card, Figure } from '../parts/figure';
import { moneyKey, moneyName } from '../parts/money';
import { useNow } from '../parts/now';
import { FundingADay, Way } from '../parts/position';
import { ExportButton, exported, Table, type Column } from '../parts/table';

type Booking = Funding['history'][number];

const HISTORY: Column<Booking>[] = [
  { name: 'Time (UTC)', text: (it) => it.time, cell: (it) => <span className="number">{utc(it.time)}</span> },
  { name: 'Contract', text: (it) => it.symbol, cell: (it) => it.symbol },
  { name: 'Account', text: (it) => it.account, cell: (it) => it.account },
  { name: 'Rate', number: true, text: (it) => it.rate, cell: (it) => signedPercent(it.rate, 4) },
  { name: 'Size', number: true, text: (it) => it.quantity, cell: (it) => whole(it.quantity) },
  { name: 'Mark', number: true, text: (it) => it.mark_price, cell: (it) => price(it.mark_price) },
  { name: 'Payment', number: true, text: (it) => it.payment, cell: (it) => <FundingADay value={it.payment} /> },
  { name: 'Expected', number: true, text: (it) => it.expected, cell: (it) => amount(it.expected, 4) },
  { name: 'Difference', number: true, text: (it) => it.difference, cell: (it) => <Nought value={it.difference} /> },
];

/** A difference that must be nought. */
function Nought({ value }: { value: string | null | undefined }) {
  const it = exact(value);
  if (!it) return <span className="soft">not told</span>;
  return sign(it) === 0 ? <span>0 ✓</span> : <span className="warn" title={value ?? ''}>{amount(value, 6)} !</span>;
}

export default function FundingPage() {
  const [days, setDays] = useState(30);
  const [symbol, setSymbol] = useState('');
  const funding = useGet<Funding>(`funding${query({ days, limit: 1000 })}`, 20_000);
  return (
    <>
      <div className="page-head">
        <h1>Funding</h1>
        <span className="hint">what longs pay shorts where the rate is positive</span>
        <div className="tools">
          <div className="choice" role="group" aria-label="Days shown">
            {[7, 30, 90, 366].map((it) => (
              <button key={it} type="button" aria-pressed={it === days} onClick={() => setDays(it)}>
                {it} d
              </button>
            ))}
          </div>
        </div>
      </div>
      <div className="dims">
        <Answered of={funding} what="Funding">
          {(data) => {
            const history = (data.history ?? []).filter((it) => symbol === '' || it.symbol === symbol);
            const symbols = [...new Set((data.history ?? []).map((it) => it.symbol))].sort();
            return (
              <div className="grid">
                <Card title="Next settlements">
                  <Rates of={data} />
                </Card>
                <Card title="Totals">
                  <div className="figures">
                    {(data.per_day ?? []).map((it) => (
                      <Figure key={moneyKey(it)} name="A day, as held now" hint={moneyName(it, data.per_day)} large>
                        <FundingADay value={it.per_day} places={2} />
                      </Figure>
                    ))}
                  </div>
                  <Table
                    caption="Funding paid by account"
                    columns={[
                      { name: 'Account', text: (it) => it.account, cell: (it) => `${it.account} (${it.currency})` },
                      { name: '24 h', number: true, text: (it) => it.last_24h, cell: (it) => <FundingADay value={it.last_24h} places={2} /> },
                      { name: '7 days', number: true, text: (it) => it.last_7d, cell: (it) => <FundingADay value={it.last_7d} places={2} /> },
                      { name: `${days} days`, number: true, text: (it) => it.last_days, cell: (it) => <FundingADay value={it.last_days} places={2} /> },
                      { name: 'Ever', number: true, text: (it) => it.all, cell: (it) => <FundingADay value={it.all} places={2} /> },
                      { name: 'Against the ledger', number: true, text: (it) => it.difference, cell: (it) => <Nought value={it.difference} /> },
                    ]}
                    rows={data.totals ?? []}
                    rowKey={(it) => `${it.account} ${it.currency}`}
                    empty="Nothing was booked."
                  />
                </Card>
                <Card title={`By contract, ${days} days`}>
                  <PaidTable of={data.by_symbol ?? []} name="Contract" label={(it) => it.symbol} />
                  {data.by_strategy && data.by_strategy.length > 0 && <PaidTable of={data.by_strategy} name="Strategy" label={(it) => it.strategy} />}
                </Card>
                <Card
                  title="History"
                  hint={data.truncated ? 'the newest of more' : undefined}
                  tools={
                    <>
                      <label>
                        <span className="unseen">Contract</span>
                        <select className="input" value={symbol} onChange={(event) => setSymbol(event.target.value)}>
                          <option value="">every contract</option>
                          {symbols.map((it) => (
                            <option key={it}>{it}</option>
                          ))}
                        </select>
                      </label>
                      <ExportButton name="funding" columns={exported(HISTORY)} rows={history} />
                    </>
                  }
                >
                  <Table caption="Funding that was booked" columns={HISTORY} rows={history} rowKey={(it, i) => `${it.time} ${it.account} ${it.symbol} ${i}`} empty="Nothing was booked in this time." limit={30} />
                </Card>
              </div>
            );
          }}
        </Answered>
      </div>
    </>
  );
}

function PaidTable<T extends { account: string; currency: string; paid: string | null; received: string | null; net: string | null; bookings: number }>({ of, name, label }: { of: T[]; name: string; label: (row: T) => string }) {
  return (
    <Table
      caption={`Funding by ${name.toLowerCase()}`}
      columns={[
        { name, text: label, cell: (it) => <>{label(it)} <span className="hint">{it.account}</span></> },
        { name: 'Paid', number: true, text: (it) => it.paid, cell: (it) => amount(it.paid) },
        { name: 'Received', number: true, text: (it) => it.received, cell: (it) => amount(it.received) },
        { name: 'Net', number: true, text: (it) => it.net, cell: (it) => <FundingADay value={it.net} places={2} /> },
        { name: 'Bookings', number: true, text: (it) => it.bookings, cell: (it) => it.bookings },
      ]}
      rows={of}
      rowKey={(it) => `${it.account} ${label(it)} ${it.currency}`}
      empty="Nothing was booked."
    />
  );
}

function Rates({ of }: { of: Funding }) {
  const now = useNow();
  return (
    <Table
      caption="Rates and next settlements"
      columns={[
        { name: 'Contract', text: (it) => it.symbol, cell: (it) => <>{it.symbol} <Way direction={it.direction} /> <span className="hint">{it.account} · {it.venue}</span></> },
        { name: 'Next in', text: (it) => it.next_time, cell: (it) => <strong className="number" title={utc(it.next_time)}>{countdown(it.next_time, now)}</strong> },
        { name: 'Every', number: true, text: (it) => it.interval_hours, cell: (it) => (it.interval_hours === null ? 'not told' : `${it.interval_hours} h`) },
        { name: 'Rate', number: true, text: (it) => it.rate, cell: (it) => signedPercent(it.rate, 4) },
        { name: 'A year', number: true, text: (it) => it.annualised, cell: (it) => percent(it.annualised) },
        { name: 'Next payment', number: true, text: (it) => it.next_payment, cell: (it) => <FundingADay value={it.next_payment} /> },
        { name: 'A day', number: true, text: (it) => it.per_day, cell: (it) => <FundingADay value={it.per_day} /> },
      ]}
      rows={of.rates ?? []}
      rowKey={(it, i) => `${it.account} ${it.symbol} ${it.direction} ${i}`}
      empty="Nothing is held."
    />
  );
}
