import { useEffect, useReducer, useRef, type ReactNode } from 'react';
import { clickKey, post, Problem } from '../data/api';
import { AT_FORM, moved, type Deed } from '../data/action';
import type { Action, Outcome, Prepared } from '../data/types';
import { amount, multiple, percent, whole } from '../exact/format';
import { Dialog } from './dialog';
import { Badge } from './figure';
import { Icon } from './mark';
import { useNow } from './now';

/** What a problem is, and what to do about it. */
export function ProblemNotice({ problem, what }: { problem: Problem; what?: string }) {
  return (
    <div className="notice notice-danger" role="alert">
      <strong>{what ?? sentence(problem.title)}</strong>
      {problem.detail && <p>{sentence(problem.detail)}</p>}
      {problem.remedy && <p>{problem.remedy}</p>}
      {problem.retryAfterMs !== null && <p>Try again in {Math.ceil(problem.retryAfterMs / 1000)} s.</p>}
    </div>
  );
}

export function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

function factValue(value: string | null, unit: string | null): string {
  if (value === null) return 'not told';
  if (unit === 'fraction') return percent(value);
  if (unit === 'times') return multiple(value);
  if (/^[+-]?[\d.]+$/.test(value)) return unit && /^[A-Z0-9]{2,}$/.test(unit) ? `${amount(value)} ${unit}` : `${whole(value)}${unit ? ` ${unit}` : ''}`;
  return unit ? `${value} ${unit}` : value;
}

/**
 * Two steps to anything that is done. The first asks the program what it would mean; the second is open for as long as the
 * program holds to its answer. `form` draws what is to be filled in, and hands over the action.
 */
export function DeedDialog({
  title,
  verb,
  danger = false,
  action,
  form,
  onClose,
}: {
  title: string;
  /** What the button that does it says. */
  verb: string;
  danger?: boolean;
  /** Without a form: what is prepared at once. */
  action?: Action;
  form?: (prepare: (action: Action) => void, busy: boolean) => ReactNode;
  onClose: () => void;
}) {
  const [deed, move] = useReducer(moved, AT_FORM);
  const alive = useRef(true);
  useEffect(() => {
    alive.current = true;
    return () => {
      alive.current = false;
    };
  }, []);

  const prepare = async (wanted: Action): Promise<void> => {
    move({ move: 'prepare', action: wanted });
    try {
      const prepared = await post<Prepared>('actions/prepare', wanted);
      if (alive.current) move({ move: 'prepared', prepared, now: performance.now() });
    } catch (error) {
      if (alive.current) move({ move: 'problem', problem: asProblem(error) });
    }
  };
  const confirm = async (nonce: string, key: string): Promise<void> => {
    try {
      const outcome = await post<Outcome>('actions/confirm', { nonce, idempotency_key: key });
      if (alive.current) move({ move: 'answered', outcome });
    } catch (error) {
      if (alive.current) move({ move: 'problem', problem: asProblem(error) });
    }
  };

  const begun = useRef(false);
  useEffect(() => {
    if (action && !form && !begun.current) {
      begun.current = true;
      void prepare(action);
    }
  });

  const busy = deed.step === 'preparing' || deed.step === 'confirming';
  return (
    <Dialog title={title} danger={danger} onClose={onClose}>
      <div aria-live="polite" className="unseen">
        {inWords(deed)}
      </div>
      {(deed.step === 'form' || deed.step === 'preparing') && (
        <>
          {deed.step === 'form' && deed.problem && <ProblemNotice problem={deed.problem} />}
          {form ? form((wanted) => void prepare(wanted), busy) : deed.step === 'preparing' && <p>Asking what it would mean…</p>}
          {!form && deed.step === 'form' && deed.problem && action && (
            <footer>
              <button type="button" className="button" onClick={() => void prepare(action)}>
                Try again
              </button>
            </footer>
          )}
        </>
      )}
      {deed.step === 'preview' && (
        <Preview
          deed={deed}
          verb={verb}
          danger={danger}
          onTick={() => move({ move: 'tick', now: performance.now() })}
          onBack={() => (form ? move({ move: 'back' }) : onClose())}
          onConfirm={() => {
            const key = clickKey();
            const now = performance.now();
            move({ move: 'confirm', key, now });
            if (deed.prepared.nonce !== null && now < deed.until) void confirm(deed.prepared.nonce, key);
          }}
        />
      )}
      {deed.step === 'expired' && (
        <>
          <div className="notice notice-warn" role="alert">
            <strong>This has expired, and nothing was done.</strong> Figures have moved meanwhile: prepare it again to see what it means now.
          </div>
          <footer>
            <button type="button" className="button" onClick={onClose}>
              Leave it
            </button>
            <button type="button" className="button button-sea" onClick={() => void prepare(deed.action)} autoFocus>
              Prepare it again
            </button>
          </footer>
        </>
      )}
      {deed.step === 'confirming' && <p>{deed.slow ? 'Still under way: asking what became of it…' : 'On its way…'}</p>}
      {deed.step === 'unanswered' && (
        <>
          <div className="notice notice-danger" role="alert">
            <strong>Nobody knows yet what became of it.</strong> {sentence(deed.problem.message)} It may have been done. Asking again does it no second time.
          </div>
          <footer>
            <button type="button" className="button" onClick={onClose}>
              Close, and look at orders
            </button>
            <button
              type="button"
              className="button button-sea"
              autoFocus
              onClick={() => {
                move({ move: 'ask again' });
                if (deed.prepared.nonce !== null) void confirm(deed.prepared.nonce, deed.key);
              }}
            >
              Ask again
            </button>
          </footer>
        </>
      )}
      {deed.step === 'refused' && (
        <>
          <ProblemNotice problem={deed.problem} />
          <footer>
            <button type="button" className="button" onClick={onClose}>
              Close
            </button>
            <button type="button" className="button button-sea" onClick={() => void prepare(deed.action)}>
              Prepare it again
            </button>
          </footer>
        </>
      )}
      {deed.step === 'outcome' && <Outcomes outcome={deed.outcome} onClose={onClose} />}
    </Dialog>
  );
}

function asProblem(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem(0, 'failed', 'it could not be sent', null, null);
}

function inWords(deed: Deed): string {
  switch (deed.step) {
    case 'preparing':
      return 'Asking what it would mean.';
    case 'preview':
      return deed.prepared.nonce === null ? 'It is refused.' : 'Here is what it would mean. Confirm, or leave it.';
    case 'confirming':
      return 'On its way.';
    case 'outcome':
      return deed.outcome.text;
    default:
      return '';
  }
}

function Preview({
  deed,
  verb,
  danger,
  onTick,
  onBack,
  onConfirm,
}: {
  deed: Extract<Deed, { step: 'preview' }>;
  verb: string;
  danger: boolean;
  onTick: () => void;
  onBack: () => void;
  onConfirm: () => void;
}) {
  useNow();
  const { prepared, until } = deed;
  const left = Math.max(0, Math.ceil((until - performance.now()) / 1000));
  useEffect(() => {
    if (prepared.nonce === null) return;
    const timer = setTimeout(onTick, Math.max(0, until - performance.now()) + 20);
    return () => clearTimeout(timer);
    // The time is that of the preview; the callback only asks the clock.
    // eslint-disable-next-line
  }, [until, prepared.nonce]);
  const refused = prepared.nonce === null;
  return (
    <>
      <p>
        {prepared.is_live ? <Badge tone="danger">LIVE · real money</Badge> : <Badge tone="sea">not live</Badge>} <strong>{sentence(prepared.summary)}</strong>
      </p>
      {(prepared.refusals ?? []).length > 0 && (
        <div className="notice notice-danger" role="alert">
          <strong>Refused:</strong>
          <ul>
            {prepared.refusals.map((line) => (
              <li key={line}>{sentence(line)}</li>
            ))}
          </ul>
        </div>
      )}
      {(prepared.facts ?? []).length > 0 && (
        <dl className="means">
          {prepared.facts.map((fact) => (
            <Fact key={fact.name} name={fact.name} value={factValue(fact.value, fact.unit)} exact={fact.value} />
          ))}
        </dl>
      )}
      {(prepared.orders ?? []).length > 0 && (
        <div>
          <h3>What would be sent</h3>
          <ol>
            {prepared.orders.map((order) => (
              <li key={order}>
                <code>{order}</code>
              </li>
            ))}
          </ol>
        </div>
      )}
      {(prepared.warnings ?? []).length > 0 && (
        <div className="notice notice-warn">
          <ul>
            {prepared.warnings.map((line) => (
              <li key={line}>{sentence(line)}</li>
            ))}
          </ul>
        </div>
      )}
      <footer>
        {!refused && (
          <span className="hint push" role="timer" aria-label={`${left} seconds left to confirm`}>
            holds for {left} s
          </span>
        )}
        <button type="button" className="button" onClick={onBack} autoFocus>
          {refused ? 'Back' : 'Do not'}
        </button>
        {!refused && (
          <button type="button" className={danger || prepared.is_live ? 'button button-danger' : 'button button-sea'} onClick={onConfirm}>
            {verb}
          </button>
        )}
      </footer>
    </>
  );
}

function Fact({ name, value, exact }: { name: string; value: string; exact: string | null }) {
  return (
    <>
      <dt>{name}</dt>
      <dd className="number" title={exact ?? 'not told'}>
        {value}
      </dd>
    </>
  );
}

const OUTCOMES = {
  done: ['notice notice-done', 'Done.'],
  refused: ['notice notice-warn', 'Refused: nothing is held by it.'],
  failed: ['notice notice-danger', 'Not done, or only in part.'],
  unknown: ['notice notice-danger', 'It may have been done. Look at orders and positions before you try again.'],
} as const;

function Outcomes({ outcome, onClose }: { outcome: Outcome; onClose: () => void }) {
  const [style, title] = OUTCOMES[outcome.outcome] ?? OUTCOMES.unknown;
  return (
    <>
      <div className={style} role={outcome.outcome === 'done' ? 'status' : 'alert'}>
        <p className="row">
          <span className="badge">
            <Icon name={outcome.outcome === 'done' ? 'check' : 'alert'} />
            {outcome.outcome}
          </span>
          <strong>{title}</strong>
          {outcome.repeated && <span className="hint">(told again, done once)</span>}
        </p>
        <p>{sentence(outcome.text)}</p>
        {[...(outcome.lines ?? []), ...(outcome.troubles ?? [])].map((line) => (
          <p key={line}>{sentence(line)}</p>
        ))}
      </div>
      <footer>
        <button type="button" className="button button-sea" onClick={onClose} autoFocus>
          Close
        </button>
      </footer>
    </>
  );
}
