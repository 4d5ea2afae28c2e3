import { createHash } from 'node:crypto';
import { type Call, type LedgerEntry, multiplyMoney, type Provider } from '@genops/core';
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
}

/** Longer lines tell of no work that anyone ordered. */
const maximumLineBytes = 64 * 1024 * 1024;
/** Results of an order are kept for about a month. */
const orderedWithinMs = 40 * 24 * 60 * 60 * 1000;

/**
 * Books the work that results tell of: each line as an entry of its own, once however often it is read, for
 * whomever ordered it. Until then the order counts as the most that it could come to; when all of its results
 * were booked, a correction takes that back. The ledger is asked who ordered, so any process may read.
 */
export function createResultsReader(line: Line, { provider, route, path }: FoundResults): ResultsReader {
  const { results } = route;
  const order = results.orderAt?.(path);
  let parts: Uint8Array[] = [];
  let bytes = 0;
  let reads = true;
  let missed = 0;
  let ordered: Promise<LedgerEntry | undefined> | undefined;
  const orderEntry = () => (ordered ??= findOrder(line, provider, order));

  const book = async (text: string): Promise<void> => {
    try {
      const result = results.readLine(parse(text));
      if (result === undefined) return;
      const { facts, id, operation } = result;
      const { usage, responseModel, serviceTier, parts: beside, reportedCost, responseId } = facts;
      const entry = await orderEntry();
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
    } catch (error) {
      missed += 1;
      line.onError(error);
    }
  };

  return {
    async push(chunk) {
      if (!reads) return;
      const last = chunk.lastIndexOf(newline);
      const tail = last === -1 ? chunk : chunk.subarray(last + 1);
      const text = last === -1 ? '' : textOf([...parts, chunk.subarray(0, last)]);
      if (last !== -1) {
        parts = [];
        bytes = 0;
      }
      parts.push(Uint8Array.from(tail));
      bytes += tail.byteLength;
      if (bytes > maximumLineBytes) {
        reads = false;
        parts = [];
        line.onError(new Error(`A line of results at ${path} is longer than ${maximumLineBytes} bytes`));
      }
      await Promise.all(linesOf(text).map(book));
    },
    async end() {
      await Promise.all(linesOf(textOf(parts)).map(book));
      if (!reads || missed > 0 || order === undefined) return;
      try {
        const entry = await orderEntry();
        if (entry !== undefined) await takeBack(line, entry);
      } catch (error) {
        line.onError(error);
      }
    },
  };
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

async function findOrder(
  line: Line,
  provider: Provider,
  order: string | undefined,
): Promise<LedgerEntry | undefined> {
  if (order === undefined) return undefined;
  const from = new Date(line.now().getTime() - orderedWithinMs).toISOString();
  const filter = { from, match: { provider: [provider.id], operation: ['batch'] } };
  let cursor: string | undefined;
  do {
    const page = await line.ledger.entries({
      filter,
      order: 'newest_first',
      ...(cursor !== undefined && { cursor }),
    });
    const found = page.entries.find(({ responseId, kind }) => kind === 'settled' && responseId === order);
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
