/** A column of a file: its heading, and the text of a row as the program sent it, with every digit. */
export interface CsvColumn<T> {
  name: string;
  text: (row: T) => string | number | boolean | null | undefined;
}

/**
 * Rows as comma-separated values, RFC 4180. What is not told is empty. A text that a spreadsheet would run as a formula is
 * kept from it by an apostrophe; numbers are left as they are.
 */
export function csv<T>(columns: readonly CsvColumn<T>[], rows: readonly T[]): string {
  const line = (cells: readonly string[]): string => cells.map(quoted).join(',');
  const lines = [line(columns.map((column) => column.name)), ...rows.map((row) => line(columns.map((column) => harmless(column.text(row)))))];
  return `${lines.join('\r\n')}\r\n`;
}

function harmless(value: string | number | boolean | null | undefined): string {
  if (value === null || value === undefined) return '';
  const text = String(value);
  if (/^[+-]?(\d+\.?\d*|\.\d+)$/.test(text)) return text;
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Hands a file to whoever looks. Nothing is sent anywhere. */
export function save(name: string, text: string, type = 'text/csv'): void {
  const url = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
