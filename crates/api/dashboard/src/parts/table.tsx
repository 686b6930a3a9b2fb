import { useState, type ReactNode } from 'react';
import { compared, exact } from '../exact/decimal';
import { csv, save, type CsvColumn } from './csv';
import { Icon } from './mark';

export interface Column<T> {
  name: string;
  cell: (row: T) => ReactNode;
  /** What it is sorted by and exported as; without it, neither. Decimals are compared as such. */
  text?: (row: T) => string | number | boolean | null | undefined;
  number?: boolean;
  why?: boolean;
}

/** Decimals before texts, what is not told last. */
export function ordered(a: string | number | boolean | null | undefined, b: string | number | boolean | null | undefined): number {
  if (a === null || a === undefined) return b === null || b === undefined ? 0 : 1;
  if (b === null || b === undefined) return -1;
  const [left, right] = [exact(String(a)), exact(String(b))];
  if (left && right) return compared(left, right);
  return String(a).localeCompare(String(b));
}

/** A table that sorts by its headings. On a phone every row is a card. */
export function Table<T>({ caption, columns, rows, rowKey, empty, limit }: { caption: string; columns: readonly Column<T>[]; rows: readonly T[]; rowKey: (row: T, index: number) => string; empty: ReactNode; limit?: number }) {
  const [sort, setSort] = useState<{ name: string; down: boolean } | null>(null);
  const [all, setAll] = useState(false);
  if (rows.length === 0) return <p className="empty">{empty}</p>;
  const by = sort && columns.find((column) => column.name === sort.name)?.text;
  const sorted = by ? [...rows].sort((a, b) => ordered(by(a), by(b)) * (sort.down ? -1 : 1)) : rows;
  const shown = limit && !all ? sorted.slice(0, limit) : sorted;
  return (
    <>
      <div className="scroll" tabIndex={0} role="region" aria-label={caption}>
        <table className="table table-cards">
          <caption className="unseen">{caption}</caption>
          <thead>
            <tr>
              {columns.map((column) => {
                const is = sort?.name === column.name;
                return (
                  <th key={column.name} scope="col" className={column.number ? 'number' : undefined} aria-sort={is ? (sort.down ? 'descending' : 'ascending') : undefined}>
                    {column.text ? (
                      <button type="button" onClick={() => setSort(is ? (sort.down ? null : { name: column.name, down: true }) : { name: column.name, down: false })}>
                        {column.name}
                        <span aria-hidden="true">{is ? (sort.down ? ' ↓' : ' ↑') : ''}</span>
                      </button>
                    ) : (
                      column.name
                    )}
                  </th>
                );
              })}
            </tr>
          </thead>
          <tbody>
            {shown.map((row, index) => (
              <tr key={rowKey(row, index)}>
                {columns.map((column) => (
                  <td key={column.name} data-label={column.name} className={[column.number ? 'number' : '', column.why ? 'why' : ''].join(' ').trim() || undefined}>
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {shown.length < sorted.length && (
        <p>
          <button type="button" className="button button-plain" onClick={() => setAll(true)}>
            Show all {sorted.length}
          </button>
        </p>
      )}
    </>
  );
}

/** Saves what is shown, with every digit, as a file. */
export function ExportButton<T>({ name, columns, rows }: { name: string; columns: readonly CsvColumn<T>[]; rows: readonly T[] }) {
  return (
    <button type="button" className="button button-small" disabled={rows.length === 0} onClick={() => save(`plimsoll-${name}-${new Date().toISOString().slice(0, 10)}.csv`, csv(columns, rows))}>
      <Icon name="down" />
      CSV
    </button>
  );
}

/** The columns of a table that can be exported. */
export function exported<T>(columns: readonly Column<T>[]): CsvColumn<T>[] {
  return columns.flatMap((column) => (column.text ? [{ name: column.name, text: column.text }] : []));
}
