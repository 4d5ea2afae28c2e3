import type { Provider } from '@genops/core';
import type { ResultsRoute } from '../directory.ts';
import type { Line } from '../line.ts';
import { createDocumentReader } from './document-reader.ts';
import { createLinesReader } from './lines-reader.ts';

/** Reads results while they pass. */
export interface ResultsReader {
  /** Resolves once the work that these bytes complete the tale of is booked. Never rejects. */
  push(chunk: Uint8Array): Promise<void>;
  /** The results are at their end, whole. Never rejects. */
  end(): Promise<void>;
}

/** Whose results stand where. */
export interface FoundResults {
  readonly provider: Provider;
  readonly route: ResultsRoute;
  readonly path: string;
  /** Of the answer; tells a stream from a whole one. */
  readonly contentType?: string | undefined;
}

/**
 * Books the work that results tell of, each piece as an entry of its own, once however often it is read, for
 * whomever ordered it. Until then the order counts as the most that it could come to; when all of its results
 * were booked, a correction takes that back. The ledger is asked who ordered, so any process may read.
 */
export function createResultsReader(line: Line, found: FoundResults): ResultsReader {
  const { results } = found.route;
  if (/^(audio|image|video)\//.test(found.contentType ?? ''))
    return { push: async () => {}, end: async () => {} };
  return 'readDocument' in results
    ? createDocumentReader(line, found, results)
    : createLinesReader(line, found, results);
}
