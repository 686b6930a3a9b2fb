import { AreaSeries, createSeriesMarkers, LineSeries, LineStyle, PriceScaleMode, type IChartApi, type ISeriesApi, type ISeriesMarkersPluginApi, type SeriesMarker, type Time, type UTCTimestamp } from 'lightweight-charts';
import { memo, useMemo, useRef, useState } from 'react';
import { amount, difference, signedAmount } from '../exact/format';
import { millis, utc } from '../exact/time';
import type { PnlAccount } from '../data/types';
import { drawdown, line, type Point } from './curve';
import { faint, type Colours } from './colours';
import { ChartFrame } from './frame';

const FLAGS: Record<string, { text: string; shape: 'square' | 'arrowDown' | 'arrowUp' | 'circle' }> = {
  kill_switch: { text: 'kill switch', shape: 'square' },
  liquidated: { text: 'liquidated', shape: 'arrowDown' },
  flatten: { text: 'flattened', shape: 'square' },
  transfer: { text: 'transfer', shape: 'circle' },
};

const stamped = (points: readonly Point[]): { time: UTCTimestamp; value: number }[] => points.map((point) => ({ time: point.time as UTCTimestamp, value: point.value }));

/** Equity and wallet, what is lost from the peak under it, and flags where something happened. */
export const EquityChart = memo(function EquityChart({ of }: { of: PnlAccount }) {
  const [logarithmic, setLogarithmic] = useState(false);
  const series = useRef<{ equity: ISeriesApi<'Area'>; wallet: ISeriesApi<'Line'>; under: ISeriesApi<'Area'>; flags: ISeriesMarkersPluginApi<Time>; others: ISeriesApi<'Line'>[]; colours: Colours } | null>(null);
  const data = useMemo(
    () => ({
      equity: line(of.curve ?? [], (it) => it.equity),
      wallet: line(of.curve ?? [], (it) => it.wallet),
      under: drawdown(of.curve ?? []),
      others: (of.compare ?? []).map((it) => line(it.curve, (point) => point.equity)),
    }),
    [of],
  );

  const draw = (chart: IChartApi, colours: Colours): void => {
    const quiet = { priceLineVisible: false, lastValueVisible: true, crosshairMarkerRadius: 3 } as const;
    const equity = chart.addSeries(AreaSeries, { ...quiet, lineColor: colours.sea, topColor: faint(colours.sea, 0.26), bottomColor: faint(colours.sea, 0.02), lineWidth: 2 });
    const wallet = chart.addSeries(LineSeries, { ...quiet, color: colours.soft, lineWidth: 1, lineStyle: LineStyle.Dotted, lastValueVisible: false });
    const others = data.others.map(() => chart.addSeries(LineSeries, { ...quiet, color: colours.warn, lineWidth: 1, lineStyle: LineStyle.Dashed, lastValueVisible: false }));
    const under = chart.addSeries(AreaSeries, { ...quiet, lineColor: colours.down, topColor: faint(colours.down, 0.04), bottomColor: faint(colours.down, 0.3), lineWidth: 1, invertFilledArea: true }, 1);
    chart.panes()[0]?.setStretchFactor(3);
    chart.panes()[1]?.setStretchFactor(1);
    series.current = { equity, wallet, under, flags: createSeriesMarkers<Time>(equity, []), others, colours };
  };
  const update = (): void => {
    const it = series.current;
    if (!it) return;
    it.equity.setData(stamped(data.equity));
    it.wallet.setData(stamped(data.wallet));
    it.under.setData(stamped(data.under));
    it.others.forEach((other, i) => other.setData(stamped(data.others[i] ?? [])));
    it.equity.priceScale().applyOptions({ mode: logarithmic ? PriceScaleMode.Logarithmic : PriceScaleMode.Normal });
    it.flags.setMarkers(flags(of, data.equity, it.colours));
  };

  const [first, last] = [of.curve?.[0], of.curve?.at(-1)];
  if (!first || !last || data.equity.length < 2) return <p className="empty">No equity is on record for this time yet.</p>;
  const deepest = Math.min(0, ...data.under.map((it) => it.value));
  const words = `Equity of ${of.account} from ${utc(first.time)} to ${utc(last.time)}: ${amount(first.equity)} to ${amount(last.equity)} ${of.currency}; deepest drawdown ${amount(Math.abs(deepest).toFixed(2))}. ${
    (of.marks ?? []).length
  } flags.`;
  return (
    <>
      <ChartFrame draw={draw} update={update} words={words} />
      <div className="chart-note">
        <span className="key">
          <i aria-hidden="true" /> equity
        </span>
        <span className="key key-soft">
          <i aria-hidden="true" /> wallet
        </span>
        <span className="key key-down">
          <i aria-hidden="true" /> drawdown, below
        </span>
        {of.thinned && <span>Fewer points than are on record.</span>}
        <label className="key push">
          <input type="checkbox" checked={logarithmic} onChange={(event) => setLogarithmic(event.target.checked)} /> logarithmic
        </label>
      </div>
      {(of.marks ?? []).length > 0 && (
        <details>
          <summary>{of.marks.length} flags</summary>
          <ul className="chart-note">
            {of.marks.map((mark) => (
              <li key={`${mark.time} ${mark.kind}`}>
                {utc(mark.time)}: {FLAGS[mark.kind]?.text ?? mark.kind}, {mark.text}
              </li>
            ))}
          </ul>
        </details>
      )}
      <p className="unseen">Earned in that time: {signedAmount(difference(last.earned, first.earned))}.</p>
    </>
  );
});

/** Each flag at the point of the curve that is nearest after it. */
function flags(of: PnlAccount, points: readonly Point[], colours: Colours): SeriesMarker<Time>[] {
  return (of.marks ?? []).flatMap((mark) => {
    const at = millis(mark.time);
    const point = at === null ? undefined : (points.find((it) => it.time >= Math.floor(at / 1000)) ?? points.at(-1));
    if (!point) return [];
    const { text, shape } = FLAGS[mark.kind] ?? { text: mark.kind, shape: 'circle' as const };
    const colour = mark.kind === 'transfer' ? colours.soft : colours.danger;
    return [{ time: point.time as UTCTimestamp, position: 'aboveBar' as const, shape, color: colour, text }];
  });
}
