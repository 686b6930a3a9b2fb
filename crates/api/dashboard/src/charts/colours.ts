import type { DeepPartial, TimeChartOptions } from 'lightweight-charts';

/** The colours of the theme of the moment, for canvases, which know no variables. */
export function colours() {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return { ink: of('ink'), soft: of('soft'), line: of('line'), card: of('card'), sea: of('sea'), up: of('up'), down: of('down'), danger: of('danger'), warn: of('warn'), strong: of('strong') };
}

export type Colours = ReturnType<typeof colours>;

/** With how much of the card to see through: `of('#0a6478', 0.2)`. */
export function faint(colour: string, share: number): string {
  const value = /^#([0-9a-f]{6})$/i.exec(colour)?.[1];
  if (!value) return colour;
  const part = (at: number): number => parseInt(value.slice(at, at + 2), 16);
  return `rgba(${part(0)}, ${part(2)}, ${part(4)}, ${share})`;
}

export function options(of: Colours): DeepPartial<TimeChartOptions> {
  return {
    autoSize: true,
    layout: {
      background: { color: of.card },
      textColor: of.soft,
      fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif",
      fontSize: 11,
      // The notice that its licence asks for stands at the foot of every page.
      attributionLogo: false,
      panes: { separatorColor: of.line, separatorHoverColor: of.line, enableResize: false },
    },
    grid: { vertLines: { visible: false }, horzLines: { color: faint(of.line, 0.6) } },
    rightPriceScale: { borderVisible: false },
    timeScale: { borderColor: of.line, timeVisible: true, secondsVisible: false, rightOffset: 3 },
    crosshair: { vertLine: { color: of.strong, labelBackgroundColor: of.strong }, horzLine: { color: of.strong, labelBackgroundColor: of.strong } },
    handleScroll: { mouseWheel: false, pressedMouseMove: true, horzTouchDrag: true, vertTouchDrag: false },
    handleScale: { mouseWheel: false, pinch: true, axisPressedMouseMove: true, axisDoubleClickReset: true },
    localization: { locale: 'en-GB' },
  };
}
