import type { Exposed } from '../data/types';
import { drawn } from '../exact/decimal';
import { amount, signedAmount } from '../exact/format';
import { moneyKey, moneyName } from './money';

/** What is held long to the right of the middle, and short to its left, all rows to one measure. */
export function ExposureBars({ rows }: { rows: (Exposed & { name: string })[] }) {
  const most = Math.max(1e-12, ...rows.flatMap((row) => [drawn(row.long) ?? 0, Math.abs(drawn(row.short) ?? 0)]));
  const both = new Set(rows.map((row) => row.is_live)).size > 1;
  if (rows.length === 0) return <p className="empty">Nothing is held.</p>;
  return (
    <ul className="exposure-list">
      {rows.map((row) => {
        const long = ((drawn(row.long) ?? 0) / most) * 50;
        const short = (Math.abs(drawn(row.short) ?? 0) / most) * 50;
        const words = `${row.name}: long ${amount(row.long)}, short ${amount(row.short)}, net ${signedAmount(row.net)}, gross ${amount(row.gross)} ${moneyName(row, rows)}`;
        return (
          <li key={`${row.name} ${moneyKey(row)}`} className="exposure-row" title={words}>
            <span>
              {row.name} {both && <small className="soft">{row.is_live ? 'real' : 'play'}</small>}
            </span>
            <span className="both-ways" role="img" aria-label={words}>
              {short > 0 && <i className="short" style={{ '--from': `${50 - short}%`, '--size': `${short}%` } as React.CSSProperties} />}
              {long > 0 && <i className="long" style={{ '--from': '50%', '--size': `${long}%` } as React.CSSProperties} />}
            </span>
            <span className="number">
              {signedAmount(row.net, 0)} <small className="soft">net</small>
            </span>
          </li>
        );
      })}
    </ul>
  );
}
