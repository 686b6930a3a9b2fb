import { describe, expect, it } from 'vitest';
import { drawdown, line } from '../charts/curve';
import type { CurvePoint } from '../data/types';
import { routeOf } from '../shell/route';
import { csv } from './csv';
import { reached } from './gauge';
import { ladderInWords, rungs } from './ladder';
import { spread } from './spread';
import { ordered } from './table';

describe('a file', () => {
  const columns = [
    { name: 'what', text: (row: { what: string | null; amount: string }) => row.what },
    { name: 'amount', text: (row: { what: string | null; amount: string }) => row.amount },
  ];

  it('has every digit, and nothing where nothing is told', () => {
    expect(csv(columns, [{ what: null, amount: '-0.000000010' }])).toBe('what,amount\r\n,-0.000000010\r\n');
  });

  it('quotes, and keeps a spreadsheet from running a text', () => {
    expect(csv(columns, [{ what: 'a "b", c', amount: '=1+1' }])).toBe('what,amount\r\n"a ""b"", c",\'=1+1\r\n');
    expect(csv(columns, [{ what: '@x', amount: '+5' }])).toBe("what,amount\r\n'@x,+5\r\n");
  });
});

describe('labels', () => {
  it('stay where they belong while there is room', () => {
    expect(spread([{ at: 20, size: 10 }, { at: 60, size: 10 }], 100)).toEqual([20, 60]);
  });

  it('never cover each other and never leave the picture', () => {
    const labels = [{ at: 98, size: 20 }, { at: 97, size: 20 }, { at: 99, size: 20 }, { at: 1, size: 20 }];
    const found = spread(labels, 100);
    const sorted = [...found].sort((a, b) => a - b);
    expect(sorted[0]).toBeGreaterThanOrEqual(10);
    expect(sorted.at(-1)).toBeLessThanOrEqual(90);
    sorted.slice(1).forEach((centre, i) => expect(centre - (sorted[i] ?? 0)).toBeGreaterThanOrEqual(20));
    expect(found[1]).toBeLessThan(found[0] as number);
  });
});

describe('a ladder', () => {
  const of = { direction: 'long', liquidation: '40160.70949799', stop: null, entry: '60000.1', mark: '59900', target: null } as const;

  it('is told in words, with what is missing', () => {
    expect(ladderInWords(of).replaceAll('\u202f', ' ')).toBe('Long: liquidation 40 160.71, entry 60 000.1, mark 59 900, no stop is told, no target.');
  });

  it('has no rung for what is not told', () => {
    expect(rungs(of).map((it) => it.kind)).toEqual(['liquidation', 'entry', 'mark']);
  });
});

describe('a gauge', () => {
  const lines = [
    { name: 'warn', at: '0.7' },
    { name: 'flatten', at: '0.95', grave: true },
    { name: 'reduce', at: '0.8', grave: true },
  ];

  it('says the gravest line that is reached', () => {
    expect(reached('0.69', lines)).toBeNull();
    expect(reached('0.7', lines)?.name).toBe('warn');
    expect(reached('0.9', lines)?.name).toBe('reduce');
    expect(reached('1.2', lines)?.name).toBe('flatten');
    expect(reached(null, lines)).toBeNull();
  });
});

describe('a curve', () => {
  const point = (seconds: number, earned: string | null, equity = earned): CurvePoint => ({ time: new Date(seconds * 1000).toISOString(), earned, equity }) as CurvePoint;

  it('has rising times, the last of a second, and leaves out what is not told', () => {
    expect(line([point(1, '1'), point(1, '2'), point(3, null), point(2, '4')], (it) => it.earned)).toEqual([
      { time: 1, value: 2 },
      { time: 2, value: 4 },
    ]);
  });

  it('falls from its peak by what was lost, not by what was taken out', () => {
    const points = [point(1, '10', '110'), point(2, '4', '104'), point(3, '5', '55'), point(4, '12', '62')];
    expect(drawdown(points).map((it) => it.value)).toEqual([0, -6, -5, 0]);
  });
});

describe('an order of rows', () => {
  it('is by value, with what is not told last', () => {
    expect(['10', null, '9', '-1', undefined, '1e1'].sort(ordered)).toEqual(['-1', '9', '10', '1e1', null, undefined]);
    expect(['b', 'a'].sort(ordered)).toEqual(['a', 'b']);
  });
});

describe('an address', () => {
  it('is read in parts, also a broken one', () => {
    expect(routeOf('#/positions/main/BTC%2FUSDT%3AUSDT/both')).toEqual(['positions', 'main', 'BTC/USDT:USDT', 'both']);
    expect(routeOf('')).toEqual([]);
    expect(routeOf('#/%E0%A4%A')).toEqual(['%E0%A4%A']);
  });
});
