import { useState } from 'react';
import { useLive } from '../data/live';
import { useGet } from '../data/use-get';
import type { EventLine, Kill, Risk, RiskEvent } from '../data/types';
import { whole } from '../exact/format';
import { lasting, utc } from '../exact/time';
import { Answered } from '../parts/answer';
import { Badge, Card, When } from '../parts/figure';
import { SeverityBadge } from '../parts/severity';
import { ExportButton, exported, Table, type Column } from '../parts/table';
import { to } from '../shell/route';

const TABS = [
  ['events', 'Events'],
  ['record', 'On record'],
  ['kill', 'Kill switch'],
] as const;

const EVENTS: Column<EventLine>[] = [
  { name: 'Time (UTC)', text: (it) => it.time, cell: (it) => <span className="number">{utc(it.time)}</span> },
  { name: 'Severity', text: (it) => it.severity, cell: (it) => <SeverityBadge severity={it.severity} /> },
  { name: 'Kind', text: (it) => it.kind, cell: (it) => it.kind.replaceAll('_', ' ') },
  { name: 'Account', text: (it) => it.account, cell: (it) => it.account ?? '–' },
  { name: 'Contract', text: (it) => it.symbol, cell: (it) => it.symbol ?? '–' },
  { name: 'What', why: true, text: (it) => it.text, cell: (it) => it.text },
];

type Recorded = RiskEvent & { account: string };

const RECORD: Column<Recorded>[] = [
  { name: 'Time (UTC)', text: (it) => it.time, cell: (it) => <span className="number">{utc(it.time)}</span> },
  { name: 'Rule', text: (it) => it.kind, cell: (it) => it.kind.replaceAll('_', ' ') },
  { name: 'Account', text: (it) => it.account, cell: (it) => it.account },
  { name: 'Contract', text: (it) => it.symbol, cell: (it) => it.symbol ?? '–' },
  { name: 'Figure', number: true, text: (it) => it.figure, cell: (it) => whole(it.figure) },
  { name: 'Limit', number: true, text: (it) => it.limit, cell: (it) => whole(it.limit) },
  { name: 'Done', text: (it) => it.action, cell: (it) => <Badge tone={it.action === 'failed' ? 'danger' : 'plain'}>{it.action.replaceAll('_', ' ')}</Badge> },
  { name: 'Took', number: true, text: (it) => it.duration_ms, cell: (it) => (it.duration_ms === null || it.duration_ms === undefined ? <span className="soft">not told</span> : it.duration_ms < 1000 ? `${it.duration_ms} ms` : lasting(it.duration_ms)) },
  { name: 'Detail', why: true, text: (it) => it.detail, cell: (it) => it.detail },
];

const SEVERITIES = ['info', 'warning', 'critical'];

export default function EventsPage({ tab }: { tab: string }) {
  const shown = TABS.some(([name]) => name === tab) ? tab : 'events';
  const [severity, setSeverity] = useState('info');
  const [kind, setKind] = useState('');
  const [account, setAccount] = useState('');
  const [wanted, setWanted] = useState('');
  const live = useLive();
  const risk = useGet<Risk>(shown === 'record' ? 'risk' : null, 15_000);
  const kill = useGet<Kill>(shown === 'kill' ? 'kill' : null, 15_000);
  const matches = (it: { kind: string; account: string | null }, text: string): boolean =>
    (kind === '' || it.kind === kind) && (account === '' || it.account === account) && (wanted === '' || text.toLowerCase().includes(wanted.toLowerCase()));
  const events = live.events.filter((it) => SEVERITIES.indexOf(it.severity) >= SEVERITIES.indexOf(severity) && matches(it, `${it.kind} ${it.text} ${it.symbol} ${it.account}`));
  const recorded: Recorded[] = (risk.data?.accounts ?? []).flatMap((it) => (it.events ?? []).map((event) => ({ ...event, account: it.account }))).sort((a, b) => (a.time < b.time ? 1 : -1));
  const record = recorded.filter((it) => matches(it, `${it.kind} ${it.detail} ${it.symbol} ${it.account} ${it.action}`));
  const all = shown === 'record' ? recorded : live.events;
  const kinds = [...new Set(all.map((it) => it.kind))].sort();
  const accounts = [...new Set(all.flatMap((it) => (it.account ? [it.account] : [])))].sort();
  const unread = (risk.data?.accounts ?? []).filter((it) => it.events === null);
  return (
    <>
      <div className="page-head">
        <h1>Events and audit</h1>
        <div className="tools">
          <nav className="tabs" aria-label="Events and audit">
            {TABS.map(([name, word]) => (
              <a key={name} className="button button-small" href={to('events', name)} aria-current={name === shown ? 'page' : undefined}>
                {word}
              </a>
            ))}
          </nav>
        </div>
      </div>
      <div className="dims">
        {shown !== 'kill' && (
          <Card
            title={shown === 'events' ? 'What happened' : 'What is on record'}
            hint={shown === 'events' ? 'the newest thousand since the program began' : 'the last 50 of 7 days, of each account'}
            tools={shown === 'events' ? <ExportButton name="events" columns={exported(EVENTS)} rows={events} /> : <ExportButton name="risk-events" columns={exported(RECORD)} rows={record} />}
          >
            <div className="filters">
              {shown === 'events' && (
                <label className="field">
                  <span>Severity</span>
                  <select className="input" value={severity} onChange={(event) => setSeverity(event.target.value)}>
                    <option value="info">all</option>
                    <option value="warning">warnings and worse</option>
                    <option value="critical">critical</option>
                  </select>
                </label>
              )}
              <label className="field">
                <span>Kind</span>
                <select className="input" value={kind} onChange={(event) => setKind(event.target.value)}>
                  <option value="">every kind</option>
                  {kinds.map((it) => (
                    <option key={it} value={it}>
                      {it.replaceAll('_', ' ')}
                    </option>
                  ))}
                </select>
              </label>
              <label className="field">
                <span>Account</span>
                <select className="input" value={account} onChange={(event) => setAccount(event.target.value)}>
                  <option value="">every account</option>
                  {accounts.map((it) => (
                    <option key={it}>{it}</option>
                  ))}
                </select>
              </label>
              <label className="field">
                <span>Search</span>
                <input className="input" type="search" value={wanted} onChange={(event) => setWanted(event.target.value)} />
              </label>
            </div>
            {shown === 'events' ? (
              <Table caption="Events" columns={EVENTS} rows={events} rowKey={(it) => String(it.seq)} empty={live.events.length === 0 ? 'Nothing has happened yet.' : 'Nothing matches.'} limit={100} />
            ) : (
              <Answered of={risk} what="The record">
                {() => (
                  <>
                    {unread.length > 0 && <p className="notice notice-warn">The records of {unread.map((it) => it.account).join(', ')} cannot be read.</p>}
                    <Table caption="Risk events on record" columns={RECORD} rows={record} rowKey={(it, i) => `${it.time} ${it.kind} ${i}`} empty="Nothing is on record in this time, or nothing matches." limit={100} />
                  </>
                )}
              </Answered>
            )}
          </Card>
        )}
        {shown === 'kill' && (
          <Answered of={kill} what="The kill switch">
            {(data) => (
              <div className="stack">
                {(data.accounts ?? []).map((it) => (
                  <Card
                    key={it.account}
                    title={it.account}
                    hint={it.mode}
                    tools={<Badge tone={it.state === 'engaged' ? 'danger' : it.state === 'released' ? 'sea' : 'warn'}>{it.state === 'engaged' ? '■ engaged' : it.state}</Badge>}
                  >
                    {it.history === null ? (
                      <p className="notice notice-warn">The records cannot be read.</p>
                    ) : (
                      <Table
                        caption={`Kill switch of ${it.account}`}
                        columns={[
                          { name: 'Since', text: (one) => one.since, cell: (one) => <When at={one.since} /> },
                          { name: 'State', text: (one) => one.state, cell: (one) => one.state },
                          { name: 'By', text: (one) => one.by, cell: (one) => one.by ?? '–' },
                          { name: 'Reason', why: true, text: (one) => one.reason, cell: (one) => one.reason ?? '–' },
                        ]}
                        rows={it.history}
                        rowKey={(one, i) => `${one.since} ${i}`}
                        empty="It was never engaged."
                      />
                    )}
                  </Card>
                ))}
              </div>
            )}
          </Answered>
        )}
      </div>
    </>
  );
}
