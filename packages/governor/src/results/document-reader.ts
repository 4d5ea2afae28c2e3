import type { ResultDocument } from '@genops/core';
import type { Line } from '../line.ts';
import { bookResult, takeBack } from './book.ts';
import { findOrder } from './find-order.ts';
import type { FoundResults, ResultsReader } from './results-reader.ts';
import { createLineSplitter, maximumBytes, parse, textOf } from './text.ts';

/** Reads an answer that shows an order with what has come of it, whole or as events. */
export function createDocumentReader(
  line: Line,
  { provider, path, contentType = '' }: FoundResults,
  results: ResultDocument,
): ResultsReader {
  const book = async (document: unknown): Promise<void> => {
    try {
      const told = results.readDocument(document);
      if (told === undefined) return;
      const { order, orderedAt, file } = told;
      if (file !== undefined) line.files.noteOutput(file, order);
      if (told.results.length === 0 && !told.complete) return;
      const operation = results.orderedAs;
      const entry = await findOrder(line, { provider, order, operation, orderedAt });
      if (entry === undefined && results.ofUnknownOrders === 'leave') return;
      // What told its usage when it was asked for is booked already.
      if (entry !== undefined && operation !== 'batch' && !entry.flags?.includes('results_pending')) return;
      await Promise.all(told.results.map((result) => bookResult(line, { provider, order, result, entry })));
      if (entry !== undefined && told.complete) await takeBack(line, entry);
    } catch (error) {
      line.onError(error);
    }
  };
  if (!contentType.includes('text/event-stream')) return createWholeReader(line, path, book);
  const lines = createLineSplitter(line, path);
  const bookEvents = async (texts: readonly string[]): Promise<void> => {
    for (const text of texts) if (text.startsWith('data:')) await book(parse(text.slice('data:'.length)));
  };
  return { push: (chunk) => bookEvents(lines.push(chunk)), end: () => bookEvents(lines.end()) };
}

function createWholeReader(
  line: Line,
  path: string,
  book: (document: unknown) => Promise<void>,
): ResultsReader {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  return {
    async push(chunk) {
      bytes += chunk.byteLength;
      if (bytes <= maximumBytes) parts.push(Uint8Array.from(chunk));
      else parts = [];
    },
    async end() {
      if (bytes <= maximumBytes) return book(parse(textOf(parts)));
      line.onError(new Error(`Results at ${path} are larger than ${maximumBytes} bytes`));
    },
  };
}
