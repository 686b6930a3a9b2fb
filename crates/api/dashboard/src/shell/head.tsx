import { useState } from 'react';
import { percent, amount } from '../exact/format';
import { lasting } from '../exact/time';
import { retryNow, useLive } from '../data/live';
import type { Live } from '../data/state';
import type { AccountLine, Mode, Overview, Totals } from '../data/types';
import { Badge, Figure, Signed } from '../parts/figure';
import { Icon, Mark } from '../parts/mark';
import { foremost, moneyKey, moneyName } from '../parts/money';
import { clockOffset, useNow } from '../parts/now';
import { KillButton } from './kill';
import { useTheme } from './theme';
import { token } from '../data/api';
import { to } from './route';

const MODES: Record<string, { word: string; says: string; shape: string }> = {
  live: { word: 'LIVE', says: 'real money', shape: 'M8 1 15 8 8 15 1 8Z' },
  mixed: { word: 'LIVE + OTHERS', says: 'some accounts are live', shape: 'M8 1 15 8 8 15 1 8Z' },
  testnet: { word: 'TESTNET', says: "a venue's test environment", shape: 'M2 14 8 2l6 12Z' },
  paper: { word: 'PAPER', says: 'play money at real prices', shape: 'M2 2h12v12H2Z' },
  simulated: { word: 'SIMULATED', says: 'an exchange on this machine', shape: 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Z' },
  none: { word: 'NO ACCOUNT', says: 'nothing is guarded', shape: 'M2 7h12v2H2Z' },
};

const styleOf = (mode: Mode | null): string => (mode === null || mode === 'none' ? 'unknown' : mode === 'mixed' ? 'live' : mode);

export function ModeBadge({ mode }: { mode: Mode | null }) {
  const told = mode === null ? { word: 'MODE NOT TOLD', says: 'the program has not told yet', shape: 'M2 7h12v2H2Z' } : (MODES[mode] ?? { word: mode.toUpperCase(), says: mode, shape: 'M2 7h12v2H2Z' });
  return (
    <span className={`mode mode-${styleOf(mode)}`} title={told.says}>
      <svg viewBox="0 0 16 16" aria-hidden="true" fill="currentColor">
        <path d={told.shape} />
      </svg>
      {told.word}
    </span>
  );
}

/** The oldest data of any account; `null` if of one it is in doubt. */
export function worstAge(accounts: readonly AccountLine[]): number | null {
  let worst = 0;
  for (const account of accounts) {
    if (account.data_age_ms === null || account.data_age_ms === undefined) return null;
    worst = Math.max(worst, account.data_age_ms);
  }
  return worst;
}

function Connection({ live }: { live: Live }) {
  const now = useNow() - clockOffset();
  if (live.wire === 'live') {
    return (
      <Badge tone="sea" title="the stream is live">
        <Icon name="link" /> connected
      </Badge>
    );
  }
  if (live.wire === 'connecting') return <Badge>connecting…</Badge>;
  return (
    <Badge tone="danger" title={live.why ?? undefined}>
      <Icon name="cut" /> STALE{live.heardAt !== null && `, ${lasting(now - live.heardAt)}`}
    </Badge>
  );
}

function DataAge({ overview, live }: { overview: Overview | null; live: Live }) {
  const now = useNow() - clockOffset();
  if (!overview || overview.accounts.length === 0) return <Figure name="Data age">–</Figure>;
  const since = live.heardAt === null ? 0 : Math.max(0, now - live.heardAt);
  const age = worstAge(overview.accounts);
  const told = overview.accounts
    .map((it) => `${it.account} (${it.venue}): ${it.data_age_ms === null ? 'in doubt' : `${it.data_age_ms} ms`}, clock ${it.clock_offset_ms === null || it.clock_offset_ms === undefined ? 'not told' : `${it.clock_offset_ms} ms`}`)
    .join('\n');
  const fresh = overview.accounts.every((it) => it.is_fresh);
  return (
    <Figure name="Data age">
      <span className={age === null || !fresh ? 'danger' : ''} title={told}>
        {age === null ? 'stale' : lasting(age + since)}
      </span>
    </Figure>
  );
}

/** What is on every page: whose money it is, how it stands, and the way to stop it. */
export function Head() {
  const live = useLive();
  const overview = live.overview;
  const [theme, turn] = useTheme();
  const [currency, setCurrency] = useState<string | null>(null);
  const totals = overview?.totals ?? [];
  const one = totals.find((it) => moneyKey(it) === currency) ?? foremost(totals);
  const worst = overview?.worst_margin_ratio ?? null;
  return (
    <header className="head">
      <div className={`waterline waterline-${styleOf(overview?.mode ?? null)}`} />
      <div className="head-bar">
        <a className="brand" href={to('overview')} aria-label="Plimsoll, to the overview">
          <Mark />
          <span>Plimsoll</span>
        </a>
        <ModeBadge mode={overview?.mode ?? null} />
        {live.wire === 'cut' && (
          <span className="narrow-only">
            <Badge tone="danger">STALE</Badge>
          </span>
        )}
        <div className="head-end">
          <KillButton state={overview?.kill_switch ?? null} />
          <button type="button" className="button button-icon" onClick={turn} aria-label={theme === 'dark' ? 'Light theme' : 'Dark theme'}>
            <Icon name={theme === 'dark' ? 'sun' : 'moon'} />
          </button>
          {token.get() !== null && (
            <button
              type="button"
              className="button button-icon"
              aria-label="Forget the token and leave"
              onClick={() => {
                token.clear();
                window.location.reload();
              }}
            >
              <Icon name="leave" />
            </button>
          )}
        </div>
      </div>
      <div className="head-figures">
          <Figure name={totals.length > 1 ? <CurrencyChoice of={totals} chosen={one ? moneyKey(one) : ''} onChoose={setCurrency} /> : 'Equity'} hint={totals.length > 1 ? null : one?.currency}>
            <span className="number" title={one?.equity ?? 'not told'}>
              {amount(one?.equity)}
            </span>
          </Figure>
          <Figure name="Today">
            <Signed value={one?.day_pnl} />
          </Figure>
          <Figure name="Drawdown">
            <span className="number" title={one?.drawdown ?? 'not told'}>
              {amount(one?.drawdown)}
            </span>
          </Figure>
          <Figure name="Worst margin ratio" hint={worst?.stage ? <Badge tone={worst.stage === 'warn' ? 'warn' : 'danger'}>{worst.stage.replace('_', ' ')}</Badge> : null}>
            <span className="number" title={worst ? `${worst.account}: ${worst.symbol ?? 'cross pool'}` : 'not told'}>
              {percent(worst?.margin_ratio, 1)}
            </span>
          </Figure>
          <DataAge overview={overview} live={live} />
          <div className="figure keep">
            <span className="label">Connection</span>
            <div>
              <Connection live={live} />
            </div>
          </div>
      </div>
      <Banners live={live} />
    </header>
  );
}

function CurrencyChoice({ of, chosen, onChoose }: { of: Totals[]; chosen: string; onChoose: (currency: string) => void }) {
  return (
    <label>
      <span className="unseen">Currency of the totals</span>
      Equity{' '}
      <select value={chosen} onChange={(event) => onChoose(event.target.value)}>
        {of.map((it) => (
          <option key={moneyKey(it)} value={moneyKey(it)}>
            {moneyName(it, of)}
          </option>
        ))}
      </select>
    </label>
  );
}

/** What nobody must overlook, in words, in order of gravity. */
function Banners({ live }: { live: Live }) {
  const overview = live.overview;
  const now = useNow() - clockOffset();
  const down = (overview?.accounts ?? []).filter((it) => it.link !== 'live' || it.data_age_ms === null);
  return (
    <div className="banners" role="status" aria-live="polite">
      {live.wire === 'cut' && (
        <div className="banner banner-danger" data-testid="stale">
          <Icon name="cut" />
          <span>
            <strong>STALE.</strong> {live.why ? `${live.why.charAt(0).toUpperCase()}${live.why.slice(1)}` : 'The connection is cut'}: what is grey was true a while ago<span aria-hidden="true">{live.heardAt === null ? '' : ` (${lasting(now - live.heardAt)})`}</span>, and may not be so now.
          </span>
          <button type="button" className="button button-small" onClick={retryNow}>
            Connect now
          </button>
        </div>
      )}
      {overview && (overview.kill_switch === 'engaged' || overview.kill_switch === 'partly') && (
        <div className="banner banner-danger">
          <Icon name="stop" />
          <span>
            <strong>The kill switch is engaged{overview.kill_switch === 'partly' ? ' for some accounts' : ''}.</strong> Nothing more is opened until an operator releases it.
          </span>
        </div>
      )}
      {overview && overview.unprotected > 0 && (
        <div className="banner banner-danger">
          <Icon name="alert" />
          <span>
            <strong>
              {overview.unprotected} {overview.unprotected === 1 ? 'position has' : 'positions have'} no stop
            </strong>{' '}
            that rests at the venue and covers it.
          </span>
          <a href={to('positions')}>See positions</a>
        </div>
      )}
      {overview && overview.unknown_orders !== null && overview.unknown_orders > 0 && (
        <div className="banner banner-warn">
          <Icon name="alert" />
          <span>
            <strong>
              {overview.unknown_orders} {overview.unknown_orders === 1 ? 'order has' : 'orders have'} an unknown outcome.
            </strong>
          </span>
          <a href={to('orders')}>See orders</a>
        </div>
      )}
      {live.wire === 'live' && down.length > 0 && (
        <div className="banner banner-warn">
          <Icon name="alert" />
          <span>
            {down.map((it) => (
              <span key={it.account}>
                <strong>{it.account}</strong> ({it.venue}): the link is {it.link}
                {it.link_reason ? `: ${it.link_reason}` : ''}
                {it.data_age_ms === null ? '; its figures are in doubt' : ''}.{' '}
              </span>
            ))}
          </span>
        </div>
      )}
    </div>
  );
}
