import { useCallback, useEffect, useRef, useState } from 'react';
import { get, onLocked, Problem, token } from '../data/api';
import { follow, usePart } from '../data/live';
import { SessionContext } from '../data/session';
import type { Session } from '../data/types';
import { Dialog } from '../parts/dialog';
import { ProblemNotice } from '../parts/deed';
import { Host } from '../parts/host';
import { Icon, Mark } from '../parts/mark';
import Overview from '../pages/overview';
import Positions from '../pages/positions';
import PositionPage from '../pages/position';
import Risk from '../pages/risk';
import Funding from '../pages/funding';
import Strategies from '../pages/strategies';
import Orders from '../pages/orders';
import EventsPage from '../pages/events';
import { Entry } from './entry';
import { Head } from './head';
import { PAGES, to, useRoute } from './route';


type State = { at: 'asking' } | { at: 'entry'; problem: Problem | null } | { at: 'away'; problem: Problem } | { at: 'in'; session: Session };

/** Who is there decides what is shown: the entry, or the pages. */
export function App() {
  const [state, setState] = useState<State>({ at: 'asking' });

  const ask = useCallback(async () => {
    try {
      setState({ at: 'in', session: await get<Session>('session') });
    } catch (error) {
      const problem = error instanceof Problem ? error : new Problem(0, 'failed', 'the page could not begin', null, null);
      const had = token.get() !== null;
      if (problem.status === 401) {
        token.clear();
        setState({ at: 'entry', problem: had ? problem : null });
      } else {
        setState({ at: 'away', problem });
      }
    }
  }, []);

  useEffect(() => void ask(), [ask]);
  useEffect(
    () =>
      onLocked((problem) => {
        token.clear();
        setState((it) => (it.at === 'in' ? { at: 'entry', problem } : it));
      }),
    [],
  );
  useEffect(() => {
    if (state.at !== 'away') return;
    const timer = setTimeout(() => void ask(), state.problem.retryAfterMs ?? 5000);
    return () => clearTimeout(timer);
  }, [state, ask]);

  if (state.at === 'asking') return <p className="entry soft">Plimsoll…</p>;
  if (state.at === 'entry') return <Entry problem={state.problem} onEntered={(session) => setState({ at: 'in', session })} />;
  if (state.at === 'away') {
    return (
      <main className="entry">
        <div className="card entry-card">
          <Mark />
          <h1>Plimsoll is not there</h1>
          <ProblemNotice problem={state.problem} />
          <p className="hint">It is tried again every few seconds.</p>
          <button type="button" className="button button-sea" onClick={() => void ask()}>
            Try now
          </button>
        </div>
      </main>
    );
  }
  return (
    <SessionContext value={state.session}>
      <Host>
      <Pages
        session={state.session}
        onRefused={(problem) => {
          token.clear();
          setState({ at: 'entry', problem });
        }}
      />
      </Host>
    </SessionContext>
  );
}

function Pages({ session, onRefused }: { session: Session; onRefused: (problem: Problem) => void }) {
  const refused = useRef(onRefused);
  refused.current = onRefused;
  useEffect(() => follow((problem) => refused.current(problem)), []);
  const route = useRoute();
  const wire = usePart((live) => live.wire);
  const mode = usePart((live) => live.overview?.mode ?? null) ?? session.mode;
  const [page = 'overview', ...rest] = route;
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  const name = PAGES.find((it) => it.path === page)?.name ?? 'Overview';
  const address = route.join('/');

  useEffect(() => {
    document.title = `${mode === 'live' || mode === 'mixed' ? 'LIVE · ' : ''}${name} · Plimsoll`;
  }, [mode, name]);
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    window.scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [address]);

  return (
    <div className={wire === 'cut' ? 'shell stale' : 'shell'}>
      <a
        className="skip"
        href={`#/${address}`}
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to the content
      </a>
      <Head />
      <Nav page={page} />
      <main className="main" ref={main} tabIndex={-1} id="content">
          {page === 'positions' ? (
            rest.length >= 2 ? (
              <PositionPage key={address} account={rest[0] ?? ''} symbol={rest[1] ?? ''} side={rest[2] ?? 'both'} />
            ) : (
              <Positions />
            )
          ) : page === 'risk' ? (
            <Risk />
          ) : page === 'funding' ? (
            <Funding />
          ) : page === 'strategies' ? (
            <Strategies />
          ) : page === 'orders' ? (
            <Orders tab={rest[0] ?? 'resting'} />
          ) : page === 'events' ? (
            <EventsPage tab={rest[0] ?? 'events'} />
          ) : (
            <Overview />
          )}
        <footer className="foot">
          <span>
            Plimsoll {session.version} · {session.who} · {session.scopes.includes('act') ? 'may read and act' : 'may only read'}
          </span>
          <span>Times are UTC.</span>
          <span>
            Charts by <a href="https://www.tradingview.com/" rel="noreferrer noopener" target="_blank">TradingView</a> Lightweight Charts™
          </span>
        </footer>
      </main>
    </div>
  );
}

function Nav({ page }: { page: string }) {
  const [more, setMore] = useState(false);
  const narrow = useNarrow();
  const shown = narrow ? PAGES.filter((it) => ['overview', 'positions', 'risk', 'orders'].includes(it.path)) : PAGES;
  const rest = PAGES.filter((it) => !shown.includes(it));
  return (
    <nav className="nav" aria-label="Pages">
      <ul>
        {shown.map((it) => (
          <li key={it.path}>
            <a href={to(it.path)} aria-current={it.path === page ? 'page' : undefined}>
              <Icon name={it.icon} />
              {it.name}
            </a>
          </li>
        ))}
        {rest.length > 0 && (
          <li>
            <a
              href={to(page)}
              role="button"
              aria-haspopup="dialog"
              aria-current={rest.some((it) => it.path === page) ? 'page' : undefined}
              onClick={(event) => {
                event.preventDefault();
                setMore(true);
              }}
            >
              <Icon name="more" />
              More
            </a>
          </li>
        )}
      </ul>
      {more && (
        <Dialog title="More pages" onClose={() => setMore(false)}>
          <ul className="stack">
            {rest.map((it) => (
              <li key={it.path}>
                <a className="button" href={to(it.path)} onClick={() => setMore(false)}>
                  <Icon name={it.icon} />
                  {it.name}
                </a>
              </li>
            ))}
          </ul>
        </Dialog>
      )}
    </nav>
  );
}

function useNarrow(): boolean {
  const [narrow, setNarrow] = useState(() => window.matchMedia('(max-width: 720px)').matches);
  useEffect(() => {
    const media = window.matchMedia('(max-width: 720px)');
    const tell = (): void => setNarrow(media.matches);
    media.addEventListener('change', tell);
    return () => media.removeEventListener('change', tell);
  }, []);
  return narrow;
}
