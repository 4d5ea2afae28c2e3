import type { EntryFilter } from '@genops/ledger';
import { type EntrySource, eachEntry } from '../each-entry.ts';
import { chargeRows, type FocusOptions, type NoCharge } from './charge-rows.ts';
import { columnsOf, type FocusColumnName, type FocusRow, type FocusVersion } from './columns.ts';

export interface FocusExportOptions extends FocusOptions {
  /** @default '1.3', which has the provider columns of the versions before and after it */
  readonly version?: FocusVersion;
  readonly filter?: EntryFilter;
  /** @default 'csv' */
  readonly format?: 'csv' | 'jsonl';
  /** Told at the end: rows written, and entries without a charge, by reason. */
  readonly onEnd?: (report: FocusReport) => void;
}

export interface FocusReport {
  readonly version: FocusVersion;
  readonly rows: number;
  readonly entries: number;
  readonly withoutCharge: Readonly<Record<NoCharge, number>>;
}

/**
 * The charges of a ledger in FOCUS columns, line by line, each with its line end: CSV with a header (RFC 4180), or
 * lines of JSON. Entries are read page by page; nothing is gathered. A null is an empty field in CSV.
 */
export async function* exportFocus(ledger: EntrySource, options: FocusExportOptions): AsyncGenerator<string> {
  const { version = '1.3', filter, format = 'csv', onEnd } = options;
  const columns = columnsOf(version);
  const withoutCharge: Record<NoCharge, number> = { no_cost: 0, unpriced: 0, virtual_currency: 0 };
  let [rows, entries] = [0, 0];
  if (format === 'csv') yield `${columns.join(',')}\r\n`;
  for await (const entry of eachEntry(ledger, filter)) {
    entries += 1;
    const charges = chargeRows(entry, options);
    if (typeof charges === 'string') {
      withoutCharge[charges] += 1;
      continue;
    }
    rows += charges.length;
    for (const row of charges) yield format === 'csv' ? csvLine(columns, row) : jsonLine(columns, row);
  }
  onEnd?.({ version, rows, entries, withoutCharge });
}

function csvLine(columns: readonly FocusColumnName[], row: FocusRow): string {
  return `${columns.map((name) => csvField(row[name])).join(',')}\r\n`;
}

function csvField(value: string | null): string {
  if (value === null) return '';
  return /[",\r\n]/.test(value) || value === '' ? `"${value.replaceAll('"', '""')}"` : value;
}

/** Decimals stay text: a reader's float would lose digits. */
function jsonLine(columns: readonly FocusColumnName[], row: FocusRow): string {
  return `${JSON.stringify(Object.fromEntries(columns.map((name) => [name, row[name]])))}\n`;
}
