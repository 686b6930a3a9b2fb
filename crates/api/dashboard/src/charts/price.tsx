import { CandlestickSeries, createSeriesMarkers, LineSeries, LineStyle, type IChartApi, type IPriceLine, type ISeriesApi, type ISeriesMarkersPluginApi, type SeriesMarker, type Time, type UTCTimestamp } from 'lightweight-charts';
import { useRef, useState, type ReactNode } from 'react';
import { drawn } from '../exact/decimal';
import { price } from '../exact/format';
import { millis } from '../exact/time';
import type { Candles, Fill, Position } from '../data/types';
import type { Colours } from './colours';
import { line } from './curve';
import { ChartFrame } from './frame';

/** The places that prices of this size are drawn with. */
function format(value: number): { type: 'price'; precision: number; minMove: number } {
  const precision = value >= 1000 ? 1 : value >= 10 ? 2 : value >= 0.1 ? 4 : 7;
  return { type: 'price', precision, minMove: 10 ** -precision };
}

/** Lines that are further from the mark than this are left outside of the picture until they are asked for: they would flatten it. */
const NEAR = 0.06;

/** Candles where the program has them, else the marks heard since the page was opened; fills, and the lines that matter. */
export function PriceChart({ position, candles, marks, fills, note }: { position: Position; candles: Candles['candles'] | null; note?: ReactNode; marks: readonly [number, string][]; fills: readonly Fill[] }) {
  const series = useRef<{ of: ISeriesApi<'Candlestick'> | ISeriesApi<'Line'>; flags: ISeriesMarkersPluginApi<Time>; lines: IPriceLine[]; colours: Colours; shown: Candles['candles'] | null } | null>(null);
  const [everything, setEverything] = useState(false);
  const isCandles = candles !== null && candles.length > 1;
  const told = fills.filter((fill) => fill.symbol === position.symbol && fill.account === position.account);
  const points = isCandles ? [] : heard(told, marks);
  const times = isCandles ? candles.map((it) => Math.floor((millis(it.time) ?? 0) / 1000)) : points.map((it) => it.time);

  const draw = (chart: IChartApi, colours: Colours): void => {
    const priceFormat = format(drawn(position.mark_price) ?? 1);
    const quiet = { priceLineVisible: false, priceFormat } as const;
    const of = isCandles
      ? chart.addSeries(CandlestickSeries, { ...quiet, upColor: colours.card, borderUpColor: colours.up, wickUpColor: colours.up, downColor: colours.down, borderDownColor: colours.down, wickDownColor: colours.down })
      : chart.addSeries(LineSeries, { ...quiet, color: colours.sea, lineWidth: 2 });
    series.current = { of, flags: createSeriesMarkers<Time>(of, []), lines: [], colours, shown: null };
  };
  const update = (): void => {
    const it = series.current;
    if (!it) return;
    if (isCandles && it.shown === candles) {
      // The same candles: a reader who has scrolled stays where they are.
    } else if (isCandles) {
      it.shown = candles;
      (it.of as ISeriesApi<'Candlestick'>).setData(
        candles.flatMap((candle, i) => {
          const [open, high, low, close] = [drawn(candle.open), drawn(candle.high), drawn(candle.low), drawn(candle.close)];
          return open === null || high === null || low === null || close === null ? [] : [{ time: times[i] as UTCTimestamp, open, high, low, close }];
        }),
      );
    } else {
      (it.of as ISeriesApi<'Line'>).setData(points.map((point) => ({ time: point.time as UTCTimestamp, value: point.value })));
    }
    it.flags.setMarkers(flags(told, times, position, it.colours));
    it.lines.forEach((known) => it.of.removePriceLine(known));
    const lines: [string, string | null | undefined, string, LineStyle][] = [
      ['liquidation', position.liquidation_price, it.colours.danger, LineStyle.Solid],
      ['stop', position.stop?.trigger, it.colours.down, LineStyle.Dashed],
      ['entry', position.entry_price, it.colours.ink, LineStyle.Dotted],
      ['mark', position.mark_price, it.colours.sea, LineStyle.Solid],
      ['target', position.target?.trigger, it.colours.up, LineStyle.Dashed],
    ];
    it.lines = lines.flatMap(([title, text, color, lineStyle]) => {
      const at = drawn(text);
      return at === null ? [] : [it.of.createPriceLine({ price: at, color, lineStyle, lineWidth: title === 'liquidation' ? 2 : 1, axisLabelVisible: true, title })];
    });
    // Near lines belong to the picture: a stop outside of it is a stop that nobody sees.
    const mark = drawn(position.mark_price) ?? 1;
    const near = lines.flatMap(([, text]) => {
      const at = drawn(text);
      return at === null || (!everything && Math.abs(at / mark - 1) > NEAR) ? [] : [at];
    });
    it.of.applyOptions({
      autoscaleInfoProvider: (original: () => { priceRange: { minValue: number; maxValue: number } } | null) => {
        const range = original()?.priceRange ?? { minValue: mark, maxValue: mark };
        return { priceRange: { minValue: Math.min(range.minValue, ...near), maxValue: Math.max(range.maxValue, ...near) } };
      },
    });
  };

  if (!isCandles && points.length < 2) return <p className="empty">No candles are told, and too few marks have been heard yet: the chart begins by itself.</p>;
  const words = `${position.symbol}: mark ${price(position.mark_price)}, entry ${price(position.entry_price)}, stop ${price(position.stop?.trigger)}, liquidation ${price(position.liquidation_price)}; ${told.length} fills.`;
  return (
    <>
      <ChartFrame key={String(isCandles)} draw={draw} update={update} words={words} size="chart-tall" />
      <div className="chart-note">
        {isCandles && note && <span>{note}</span>}
        {!isCandles && <span>Candles are not told: these are the fills on record and the marks heard since this page was opened.</span>}
        <label className="key push">
          <input type="checkbox" checked={everything} onChange={(event) => setEverything(event.target.checked)} /> every line, however far
        </label>
      </div>
    </>
  );
}

function heard(fills: readonly Fill[], marks: readonly [number, string][]): { time: number; value: number }[] {
  const all = [
    ...fills.map((fill) => ({ time: fill.time, price: fill.price })),
    ...marks.map(([at, text]) => ({ time: new Date(at).toISOString(), price: text as string | null })),
  ].sort((a, b) => (millis(a.time) ?? 0) - (millis(b.time) ?? 0));
  return line(all, (it) => it.price);
}

/** An entry points up or down as it was bought or sold; an exit is a ring. Each stands on the last time not after it. */
function flags(fills: readonly Fill[], times: readonly number[], position: Position, colours: Colours): SeriesMarker<Time>[] {
  const first = times[0] ?? Infinity;
  return fills
    .flatMap((fill) => {
      const at = Math.floor((millis(fill.time) ?? 0) / 1000);
      if (at < first) return [];
      const time = times.findLast((it) => it <= at) ?? first;
      const buys = fill.side === 'buy';
      const opens = buys === (position.direction === 'long');
      const text = opens ? 'entry' : fill.cause === 'order' ? 'exit' : fill.cause;
      return [{ time: time as UTCTimestamp, position: buys ? ('belowBar' as const) : ('aboveBar' as const), shape: opens ? (buys ? ('arrowUp' as const) : ('arrowDown' as const)) : ('circle' as const), color: buys ? colours.up : colours.down, text }];
    })
    .sort((a, b) => Number(a.time) - Number(b.time));
}
