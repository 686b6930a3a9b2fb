import { drawn, type DecimalText } from '../exact/decimal';
import { percent } from '../exact/format';
import { spread } from './spread';

/** A line that the water must not pass. */
export interface LoadLine {
  name: string;
  at: DecimalText;
  grave?: boolean;
}

/** Where the staff with the marks stands. */
const STAFF = 142;

/** The gravest line that a ratio has reached. */
export function reached(ratio: DecimalText | null, lines: readonly LoadLine[]): LoadLine | null {
  const value = drawn(ratio);
  if (value === null) return null;
  const passed = lines.filter((line) => value >= (drawn(line.at) ?? Infinity));
  return passed.reduce<LoadLine | null>((worst, line) => (!worst || (drawn(line.at) ?? 0) >= (drawn(worst.at) ?? 0) ? line : worst), null);
}

/**
 * A margin ratio as a load line. The disc fills from its keel: empty is no requirement, full is liquidation. Beside it, as
 * on a hull, are the marks at which something is done.
 */
export function Gauge({ name, ratio, lines }: { name: string; ratio: DecimalText | null; lines: readonly LoadLine[] }) {
  const [top, height, centre, radius] = [14, 112, 70, 56];
  const y = (share: number): number => top + height - Math.max(0, Math.min(1, share)) * height;
  const value = drawn(ratio);
  const level = value === null ? null : y(value);
  const over = reached(ratio, lines);
  const water = !over ? 'gauge-water' : over.grave ? 'gauge-water gauge-water-danger' : 'gauge-water gauge-water-warn';
  const marks = lines.map((line) => ({ ...line, y: y(drawn(line.at) ?? 1) }));
  const texts = spread(marks.map((line) => ({ at: line.y, size: 14.5 })), 140);
  const id = `disc-${name.replace(/[^a-z0-9]/gi, '-')}`;
  const words = `${name}: margin ratio ${percent(ratio)}${over ? `, ${over.name} reached` : value === null ? '' : ', below every line'}. Lines: ${lines
    .map((line) => `${line.name} ${percent(line.at, 0)}`)
    .join(', ')}.`;
  return (
    <svg viewBox="0 0 260 140" role="img" aria-label={words}>
      <defs>
        <clipPath id={id}>
          <circle cx={centre} cy={centre} r={radius} />
        </clipPath>
      </defs>
      <circle className="gauge-well" cx={centre} cy={centre} r={radius} />
      {level !== null && <rect className={water} x={0} width={140} y={level} height={140 - level} clipPath={`url(#${id})`} />}
      <circle className="gauge-ring" cx={centre} cy={centre} r={radius} />
      {level !== null && <path className="gauge-line" d={`M4 ${level}H${STAFF + 5}`} />}
      <rect className="gauge-plate" x={centre - 40} y={centre - 13} width={80} height={26} rx={4} />
      <text className="gauge-value" x={centre} y={centre + 6} textAnchor="middle">
        {percent(ratio)}
      </text>
      <path className="gauge-mark" d={`M${STAFF} ${y(0)}V${y(1)}`} />
      {marks.map((line, i) => (
        <g key={line.name}>
          <path className={line.grave ? 'gauge-mark gauge-mark-danger' : 'gauge-mark'} d={`M${STAFF - 4} ${line.y}H${STAFF + 6}L${STAFF + 18} ${texts[i] ?? line.y}H${STAFF + 22}`} />
          <text className={line.grave ? 'gauge-text gauge-text-danger' : 'gauge-text'} x={STAFF + 25} y={(texts[i] ?? line.y) + 3.4}>
            {line.name} {percent(line.at, 0)}
          </text>
        </g>
      ))}
    </svg>
  );
}
