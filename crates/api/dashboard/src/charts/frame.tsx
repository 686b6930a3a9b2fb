import { createChart, type IChartApi } from 'lightweight-charts';
import { useEffect, useRef } from 'react';
import { useTheme } from '../shell/theme';
import { colours, options, type Colours } from './colours';

/**
 * A chart and its sentence. `draw` is called anew when what it depends on changes, and gives back what new data do to it
 * without drawing all of it again; whoever scrolled stays where they are.
 */
export function ChartFrame({ draw, update, words, size = '' }: { draw: (chart: IChartApi, colours: Colours) => void; update: () => void; words: string; size?: string }) {
  const place = useRef<HTMLDivElement>(null);
  const [theme] = useTheme();
  const last = useRef({ draw, update });
  last.current = { draw, update };
  useEffect(() => {
    if (!place.current) return;
    const of = colours();
    const chart = createChart(place.current, options(of));
    last.current.draw(chart, of);
    last.current.update();
    chart.timeScale().fitContent();
    return () => chart.remove();
  }, [theme]);
  useEffect(() => last.current.update());
  return (
    <figure>
      <div className={`chart ${size}`} role="img" aria-label={words}>
        <div ref={place} className="chart-canvas" aria-hidden="true" />
      </div>
      <figcaption className="unseen">{words}</figcaption>
    </figure>
  );
}
