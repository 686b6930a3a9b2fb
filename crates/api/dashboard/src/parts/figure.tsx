import type { ReactNode } from 'react';
import { signedAmount, signedPercent, trend } from '../exact/format';
import type { DecimalText } from '../exact/decimal';
import { relative, utc, type Moment } from '../exact/time';
import { useNow } from './now';

/** A figure under its name. */
export function Figure({ name, children, hint, large }: { name: ReactNode; children: ReactNode; hint?: ReactNode; large?: boolean }) {
  return (
    <dl className={large ? 'figure figure-large' : 'figure'}>
      <dt>{name}</dt>
      <dd>
        {children} {hint !== undefined && hint !== null && <small>{hint}</small>}
      </dd>
    </dl>
  );
}

const ARROWS = { up: '▲', down: '▼', flat: '', unknown: '' } as const;

/** A gain or a loss: an arrow, a sign and a colour. Its title has every digit. */
export function Signed({ value, places = 2, share = false }: { value: DecimalText | null | undefined; places?: number; share?: boolean }) {
  const way = trend(value, share ? places + 2 : places);
  const shown = share ? signedPercent(value, places) : signedAmount(value, places);
  return (
    <span className={`number ${way === 'up' ? 'up' : way === 'down' ? 'down' : ''}`} title={value ?? 'not told'}>
      {ARROWS[way] && (
        <span className="arrow" aria-hidden="true">
          {ARROWS[way]}
        </span>
      )}
      {shown}
    </span>
  );
}

/** A moment in UTC with how long ago it is. */
export function When({ at, short = false }: { at: Moment | null | undefined; short?: boolean }) {
  const now = useNow();
  if (at === null || at === undefined) return <span className="soft">never</span>;
  const told = utc(at);
  return (
    <span className="number">
      <time dateTime={told.replace(' ', 'T') + 'Z'} title={`${told} UTC`}>
        {short ? told.slice(5) : told}
      </time>{' '}
      <span className="hint">{relative(at, now)}</span>
    </span>
  );
}

export type Tone = 'plain' | 'sea' | 'up' | 'down' | 'warn' | 'danger';

/** A word in a frame. */
export function Badge({ tone = 'plain', children, title }: { tone?: Tone; children: ReactNode; title?: string | undefined }) {
  return (
    <span className={tone === 'plain' ? 'badge' : `badge badge-${tone}`} title={title}>
      {children}
    </span>
  );
}

/** A part of a limit that is used. */
export function Meter({ share, tone = 'plain', label }: { share: number | null; tone?: 'plain' | 'warn' | 'danger'; label: string }) {
  const size = `${Math.max(0, Math.min(100, (share ?? 0) * 100))}%`;
  return (
    <div className={tone === 'plain' ? 'meter' : `meter meter-${tone}`} role="img" aria-label={label}>
      <i style={{ '--size': size } as React.CSSProperties} />
    </div>
  );
}

export function Empty({ children }: { children: ReactNode }) {
  return <p className="empty">{children}</p>;
}

export function Card({ title, size = 'wide', tools, hint, children, id }: { title: ReactNode; size?: string; tools?: ReactNode; hint?: ReactNode; children: ReactNode; id?: string }) {
  return (
    <section className={`card ${size}`} id={id}>
      <header>
        <h2>{title}</h2>
        {hint && <span className="hint">{hint}</span>}
        {tools && <div className="tools">{tools}</div>}
      </header>
      {children}
    </section>
  );
}
