import { createHash } from 'node:crypto';
import { type Call, type LedgerEntry, multiplyMoney, type Provider, type ResultLine } from '@genops/core';
import type { Line } from '../line.ts';
import { recordUsage } from '../record-usage.ts';

export interface ResultToBook {
  readonly provider: Provider;
  readonly order: string | undefined;
  readonly result: ResultLine;
  /** Of the order, where it is known. */
  readonly entry: LedgerEntry | undefined;
}

/** Books one piece of work, once however often it is told of. */
export async function bookResult(
  line: Line,
  { provider, order, result, entry }: ResultToBook,
): Promise<void> {
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

/** The same for the same work, whoever reads of it. */
function resultId(provider: string, order: string | undefined, id: string): string {
  const digest = createHash('sha256').update(JSON.stringify([provider, order ?? null, id]));
  return `result_${digest.digest('hex').slice(0, 40)}`;
}

/** What the order counted as is counted by its results now. A second reader finds it done. */
export async function takeBack(line: Line, entry: LedgerEntry): Promise<void> {
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
