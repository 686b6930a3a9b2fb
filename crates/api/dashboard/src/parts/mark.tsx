/** The Plimsoll line: the disc, and the line that the water must not pass. */
export function Mark({ className = 'mark' }: { className?: string }) {
  return (
    <svg className={className} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <circle cx="16" cy="16" r="10" fill="none" stroke="currentColor" strokeWidth="3.2" />
      <path d="M1.5 16h29" stroke="currentColor" strokeWidth="3.2" />
    </svg>
  );
}

const SHAPES = {
  overview: 'M3 12a9 9 0 0 1 18 0M12 12l4-4M2 16h20M6 20h12',
  positions: 'M4 18V9M9 18V5M14 18v-7M19 18V8M2 21h20',
  risk: 'M12 3 2.5 20h19zM12 10v4.5M12 17.2v.3',
  funding: 'M12 3v18M16.5 7.5C16 6 14.300 5.500 12 5.500S7.500 6.500 7.500 8.700 9.500 11.600 12 12s4.500 1.100 4.500 3.300-2 3.200-4.500 3.200-4.300-.8-4.800-2.500',
  strategies: 'M5 4v7M5 15v5M12 4v3M12 11v9M19 4v9M19 17v3M3 13h4M10 9h4M17 15h4',
  orders: 'M4 6h16M4 12h16M4 18h10',
  events: 'M12 8v4.500l3 2M21 12a9 9 0 1 1-3-6.700M21 3v4.500h-4.500',
  sun: 'M12 7.500a4.500 4.500 0 1 0 0 9 4.500 4.500 0 0 0 0-9M12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.500 1.500M17.500 17.500 19 19M5 19l1.500-1.500M17.500 6.500 19 5',
  moon: 'M20 14.500A8.500 8.500 0 0 1 9.500 4a8.500 8.500 0 1 0 10.500 10.500Z',
  close: 'M5 5l14 14M19 5 5 19',
  stop: 'M8 3h8l5 5v8l-5 5H8l-5-5V8zM8 12h8',
  leave: 'M10 4H5v16h5M14 8l4 4-4 4M18 12H9',
  check: 'M4 12.500 9.500 18 20 6.500',
  alert: 'M12 3 2.500 20h19zM12 10v4.500M12 17.200v.3',
  link: 'M4 12h4l3-7 3 14 3-7h3',
  cut: 'M4 12h4l2-5M14 17l2-5h4M5 4l14 16',
  down: 'M12 4v12M6 11l6 6 6-6M4 21h16',
  more: 'M5 12v.01M12 12v.01M19 12v.01',
} as const;

export type IconName = keyof typeof SHAPES;

/** A drawing beside a word; it says nothing that the word does not. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true" focusable="false" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" strokeLinejoin="round">
      <path d={SHAPES[name]} />
    </svg>
  );
}
