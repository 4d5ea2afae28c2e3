import type { LedgerEntry, ResultLines } from '@genops/core';
import type { Line } from '../line.ts';
import { bookResult, takeBack } from './book.ts';
import { findOrder } from './find-order.ts';
import type { FoundResults, ResultsReader } from './results-reader.ts';
import { createLineSplitter, parse } from './text.ts';

/** Reads results of which each line is one. */
export function createLinesReader(
  line: Line,
  { provider, path }: FoundResults,
  results: ResultLines,
): ResultsReader {
  const order = results.orderAt?.(path);
  const file = results.fileAt?.(path);
  const ofFile = file === undefined ? undefined : line.files.orderOf(file);
  let missed = 0;
  let ordered: Promise<LedgerEntry | undefined> | undefined;
  const orderEntry = () =>
    (ordered ??= findOrder(line, { provider, order: order ?? ofFile, operation: 'batch' }));
  const lines = createLineSplitter(line, path);

  const book = async (text: string): Promise<void> => {
    try {
      const result = results.readLine(parse(text));
      if (result !== undefined)
        await bookResult(line, { provider, order, result, entry: await orderEntry() });
    } catch (error) {
      missed += 1;
      line.onError(error);
    }
  };

  return {
    push: async (chunk) => void (await Promise.all(lines.push(chunk).map(book))),
    async end() {
      await Promise.all(lines.end().map(book));
      if (lines.overflown || missed > 0) return;
      try {
        const entry = await orderEntry();
        if (entry !== undefined) await takeBack(line, entry);
      } catch (error) {
        line.onError(error);
      }
    },
  };
}
