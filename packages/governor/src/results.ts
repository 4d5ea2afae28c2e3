import { createHash } from 'node:crypto';
import {
  type Call,
  type LedgerEntry,
  multiplyMoney,
  type Provider,
  type ResultDocument,
  type ResultLine,
  type ResultLines,
} from '@genops/core';
import type { ResultsRoute } from './directory.ts';
import type { Line } from './line.ts';
import { recordUsage } from './record-usage.ts';

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

/** Longer lines, and longer documents, tell of no work that anyone ordered. */
const maximumBytes = 64 * 1024 * 1024;
/** Results of an order are kept for about a month. */
const orderedWithinMs = 40 * 24 * 60 * 60 * 1000;
/** An order was recorded at about the time that its provider says; clocks differ. */
const aroundMs = 10 * 60 * 1000;

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

function createLinesReader(
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

function createDocumentReader(
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

interface LineSplitter {
  /** @returns the lines that these bytes complete */
  push(chunk: Uint8Array): readonly string[];
  end(): readonly string[];
  /** True when it has given up. */
  readonly overflown: boolean;
}

/** Cuts what comes into lines that say something. */
function createLineSplitter(line: Line, path: string): LineSplitter {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  let overflown = false;
  return {
    get overflown() {
      return overflown;
    },
    push(chunk) {
      if (overflown) return [];
      const last = chunk.lastIndexOf(newline);
      const rest = last === -1 ? chunk : chunk.subarray(last + 1);
      const text = last === -1 ? '' : textOf([...parts, chunk.subarray(0, last)]);
      if (last !== -1) {
        parts = [];
        bytes = 0;
      }
      parts.push(Uint8Array.from(rest));
      bytes += rest.byteLength;
      if (bytes > maximumBytes) {
        overflown = true;
        parts = [];
        line.onError(new Error(`A line of results at ${path} is longer than ${maximumBytes} bytes`));
      }
      return linesOf(text);
    },
    end: () => linesOf(textOf(parts)),
  };
}

interface ResultToBook {
  readonly provider: Provider;
  readonly order: string | undefined;
  readonly result: ResultLine;
  /** Of the order, where it is known. */
  readonly entry: LedgerEntry | undefined;
}

async function bookResult(line: Line, { provider, order, result, entry }: ResultToBook): Promise<void> {
  const { facts, id, operation } = result;
  const { usage, responseModel, serviceTier, parts: beside, reportedCost, responseId } = facts;
  const record = {
    id: resultId(provider.id, order, id),
    provider: provider.id,
    model: responseModel ?? entry?.requestModel ?? 'unknown',
    operation,
    ...(usage !== undefined && { usage }),
    ...(responseModel !== undefined && { responseModel }),
    ...(serviceTier !== undefined && { serviceTier }),
    ...(beside !== undefined && { parts: beside }),
    ...(reportedCost !== undefined && { cost: reportedCost }),
    ...(responseId !== undefined && { responseId }),
    ...(entry !== undefined && { attribution: entry.attribution }),
  };
  await recordUsage(line, record, usage === undefined ? 'usage_missing' : 'result');
}

const newline = 0x0a;

function textOf(parts: readonly Uint8Array[]): string {
  return Buffer.concat(parts).toString('utf8');
}

function linesOf(text: string): readonly string[] {
  return text.split('\n').filter((one) => one.trim() !== '');
}

/** What is not JSON is no result: these files may be anything. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The same for the same work, whoever reads of it. */
function resultId(provider: string, order: string | undefined, id: string): string {
  const digest = createHash('sha256').update(JSON.stringify([provider, order ?? null, id]));
  return `result_${digest.digest('hex').slice(0, 40)}`;
}

interface OrderQuestion {
  readonly provider: Provider;
  readonly order: string | undefined;
  readonly operation: LedgerEntry['operation'];
  readonly orderedAt?: Date | undefined;
}

async function findOrder(
  line: Line,
  { provider, order, operation, orderedAt }: OrderQuestion,
): Promise<LedgerEntry | undefined> {
  if (order === undefined) return undefined;
  const at = (ms: number): string => new Date(ms).toISOString();
  const about = orderedAt?.getTime();
  const when =
    about === undefined
      ? { from: at(line.now().getTime() - orderedWithinMs) }
      : { from: at(about - aroundMs), until: at(about + aroundMs) };
  const filter = {
    ...when,
    kind: ['settled' as const],
    match: { provider: [provider.id], operation: [operation] },
  };
  let cursor: string | undefined;
  do {
    const page = await line.ledger.entries({
      filter,
      order: 'newest_first',
      ...(cursor !== undefined && { cursor }),
    });
    const found = page.entries.find(({ responseId }) => responseId === order);
    if (found !== undefined) return found;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return undefined;
}

/** What the order counted as is counted by its results now. A second reader finds it done. */
async function takeBack(line: Line, entry: LedgerEntry): Promise<void> {
  if (entry.cost.result !== 'priced') return;
  const { usage: _usage, held: _held, flags: _flags, ...same } = entry;
  const now = line.now().toISOString();
  const total = multiplyMoney(entry.cost.total, '-1');
  const corrected = await line.ledger.record({
    ...same,
    id: `${entry.id}.results`,
    kind: 'correction',
    corrects: entry.id,
    at: now,
    endedAt: now,
    cost: { result: 'priced', total, lines: [], basis: 'estimated' },
    flags: ['results_read'],
  });
  if (corrected.result === 'recorded') {
    line.announce({ kind: 'corrected', call: callOf(entry), entry: corrected.entry });
  }
}

function callOf(entry: LedgerEntry): Call {
  const { operationId: id, provider, operation, requestModel, stream, attribution, at } = entry;
  return { id, provider, operation, requestModel, stream, attribution, at };
}
