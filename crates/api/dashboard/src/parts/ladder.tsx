import { drawn, type DecimalText } from '../exact/decimal';
import { price } from '../exact/format';
import { Mark } from './mark';
import { spread } from './spread';
import { useWidth } from './width';

/** The prices that matter to a position. What is not told is `null`. */
export interface Rungs {
  direction: 'long' | 'short';
  liquidation: DecimalText | null;
  stop: DecimalText | null;
  entry: DecimalText | null;
  mark: DecimalText | null;
  target: DecimalText | null;
  /** Further lines: the bounds of a grid, a warning. */
  others?: { name: string; price: DecimalText }[];
}

type Kind = 'liquidation' | 'stop' | 'entry' | 'mark' | 'target' | 'other';
interface Rung {
  kind: Kind;
  name: string;
  text: DecimalText;
  value: number;
}

const NAMES: Record<Exclude<Kind, 'other'>, string> = { liquidation: 'Liquidation', stop: 'Stop', entry: 'Entry', mark: 'Mark', target: 'Target' };

/** The rungs that are told, as numbers for drawing. */
export function rungs(of: Rungs): Rung[] {
  const told: Rung[] = [];
  for (const kind of ['liquidation', 'stop', 'entry', 'mark', 'target'] as const) {
    const text = of[kind];
    const value = drawn(text);
    if (text !== null && value !== null) told.push({ kind, name: NAMES[kind], text, value });
  }
  for (const other of of.others ?? []) {
    const value = drawn(other.price);
    if (value !== null) told.push({ kind: 'other', name: other.name, text: other.price, value });
  }
  return told;
}

/** Everything that the drawing shows, as a sentence. */
export function ladderInWords(of: Rungs): string {
  const told = rungs(of).map((rung) => `${rung.name.toLowerCase()} ${price(rung.text)}`);
  const missing = [
    of.liquidation === null ? 'no liquidation price is told' : '',
    of.stop === null ? 'no stop is told' : '',
    of.target === null ? 'no target' : '',
  ].filter(Boolean);
  return `${of.direction === 'long' ? 'Long' : 'Short'}: ${[...told, ...missing].join(', ')}.`;
}

/**
 * Where a position stands between its end and its aim. Liquidation is always at the left and profit at the right, so that
 * left is worse for longs and shorts alike; for a short, prices fall to the right.
 */
export function Ladder({ of, tall = false }: { of: Rungs; tall?: boolean }) {
  const [place, width] = useWidth<HTMLDivElement>();
  const told = rungs(of);
  const sentence = ladderInWords(of);
  const sign = of.direction === 'long' ? 1 : -1;
  const ends = told.map((rung) => rung.value * sign);
  const [least, most] = [Math.min(...ends), Math.max(...ends)];
  const span = most - least || Math.abs(most) || 1;
  const at = (value: number): number => 4 + ((value * sign - least) / span) * 92;
  const find = (kind: Kind): number | null => {
    const rung = told.find((it) => it.kind === kind);
    return rung ? at(rung.value) : null;
  };
  const [liquidation, stop, entry, mark, target] = [find('liquidation'), find('stop'), find('entry'), find('mark'), find('target')];
  const zones: [string, number | null, number | null][] = [
    ['ladder-under', 0, liquidation],
    ['ladder-behind', liquidation, stop],
    ['ladder-risk', stop ?? liquidation, entry],
    ['ladder-gain', entry, target ?? mark],
  ];
  const labels = (kinds: Kind[], side: 'over' | 'under') => {
    const shown = told.filter((rung) => kinds.includes(rung.kind));
    const sizes = shown.map((rung) => ({ at: (at(rung.value) / 100) * width, size: Math.max(rung.name.length * 6.2, price(rung.text).length * 7.4) + 10 }));
    const centres = width > 0 ? spread(sizes, width).map((centre) => `${centre}px`) : shown.map((rung) => `${at(rung.value)}%`);
    return (
      <div className={`ladder-labels ladder-labels-${side}`}>
        {shown.map((rung, i) => (
          <div key={rung.name} className={`ladder-label kind-${rung.kind}`} style={{ '--at': centres[i] } as React.CSSProperties} title={rung.text}>
            {side === 'over' && <span>{rung.name}</span>}
            <b className="number">{price(rung.text)}</b>
            {side === 'under' && <span>{rung.name}</span>}
          </div>
        ))}
      </div>
    );
  };
  if (told.length < 2) return <p className="hint">{sentence}</p>;
  return (
    <figure className={tall ? 'ladder ladder-tall' : 'ladder'} ref={place} role="img" aria-label={sentence}>
      <div aria-hidden="true">
        {labels(['entry', 'mark', 'other'], 'over')}
        <div className="ladder-body">
          <div className="ladder-track">
            {zones.map(([name, from, to]) =>
              from !== null && to !== null && to > from ? (
                <i key={name} className={`ladder-zone ${name}`} style={{ '--from': `${from}%`, '--size': `${to - from}%` } as React.CSSProperties} />
              ) : null,
            )}
            {told
              .filter((rung) => rung.kind !== 'mark')
              .map((rung) => (
                <i key={rung.name} className={`ladder-tick kind-${rung.kind}`} style={{ '--at': `${at(rung.value)}%` } as React.CSSProperties} />
              ))}
          </div>
          {mark !== null && (
            <span className="ladder-mark" style={{ '--at': `${mark}%` } as React.CSSProperties}>
              <Mark />
            </span>
          )}
        </div>
        {labels(['liquidation', 'stop', 'target'], 'under')}
      </div>
    </figure>
  );
}
