import type { ReactNode } from 'react';
import type { Got } from '../data/use-get';
import { clock } from '../exact/time';
import { sentence } from './deed';

/** An answer once it is there; until then a word, and while it cannot be read, why, with the old one in grey. */
export function Answered<T>({ of, what, children }: { of: Got<T>; what: string; children: (data: T) => ReactNode }) {
  if (of.data === null) {
    return of.problem ? (
      <div className="notice notice-danger" role="alert">
        <strong>{what} cannot be read.</strong> {sentence(of.problem.message)} {of.problem.remedy}{' '}
        <button type="button" className="button button-small" onClick={of.again}>
          Try again
        </button>
      </div>
    ) : (
      <p className="empty" role="status">
        Reading {what.toLowerCase()}…
      </p>
    );
  }
  return (
    <>
      {of.problem && (
        <p className="notice notice-warn" role="status">
          <strong>{what} cannot be read just now</strong>: what follows was so at {clock(of.at)} UTC. {sentence(of.problem.message)}
        </p>
      )}
      <div className={of.problem ? 'stale' : undefined}>
        <div className={of.problem ? 'dims' : undefined}>{children(of.data)}</div>
      </div>
    </>
  );
}
