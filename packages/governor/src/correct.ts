import {
  type AnswerFacts,
  type Cost,
  type LedgerEntry,
  type ReceiptRoute,
  subtractMoney,
} from '@genops/core';
import { type Attempt, outboundHeaders } from './attempt.ts';
import type { IdentifiedCall } from './identify.ts';
import type { Line } from './line.ts';
import type { Metered } from './meter.ts';
import type { Plan } from './plan.ts';
import { price } from './price.ts';
import type { Settlement } from './settle.ts';
import { signing } from './signing.ts';
import type { OutboundRequest, Transport } from './transport.ts';

/** What is known of an attempt that was settled by an estimate. */
export interface Estimated {
  readonly identified: IdentifiedCall;
  readonly plan: Plan;
  readonly attempt: Attempt;
  readonly metered: Metered;
  readonly settled: Settlement;
  readonly transport: Transport;
}

/** Before each time the provider is asked: it knows some seconds after the call is over, seldom later. */
const pausesMs = [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000];

/**
 * Replaces an estimate by what the provider says afterwards that it charged, where it can be asked: a
 * stream that the caller left early costs what was made, not what was seen. The entry stays as it is; a
 * correction is recorded beside it and counts in the same windows. Never rejects.
 */
export async function correct(line: Line, estimated: Estimated): Promise<void> {
  const { identified, plan, metered, settled } = estimated;
  const { receipts } = plan.route.target.provider;
  const { responseId } = metered.facts;
  if (!metered.estimated || receipts === undefined || responseId === undefined) return;
  if (settled.result !== 'recorded') return;
  try {
    const receipt = await awaitReceipt(line, estimated, receipts, responseId);
    if (receipt?.usage === undefined || line.closed.aborted) return;
    const facts = { ...metered.facts, ...receipt };
    const { entry } = settled.recorded;
    const cost = price(line, identified, plan, entry.at, {
      ...metered,
      facts,
      usage: receipt.usage,
      estimated: false,
    });
    const corrected = await line.ledger.record(correction(line, entry, facts, cost));
    if (corrected.result !== 'recorded') return line.onError(new Error(corrected.message));
    line.announce({ kind: 'corrected', call: identified.call, entry: corrected.entry });
  } catch (error) {
    line.onError(error);
  }
}

/** Its cost is the difference: an operation is the sum of its entries. */
function correction(line: Line, entry: LedgerEntry, facts: AnswerFacts, cost: Cost): LedgerEntry {
  const { usage: _usage, held: _held, flags: _flags, ...same } = entry;
  const now = line.now().toISOString();
  return {
    ...same,
    id: `${entry.id}.receipt`,
    kind: 'correction',
    corrects: entry.id,
    at: now,
    endedAt: now,
    ...(facts.responseModel !== undefined && { responseModel: facts.responseModel }),
    ...(facts.gateway !== undefined && { gateway: facts.gateway }),
    cost: difference(cost, entry.cost),
    flags: ['receipt'],
  };
}

function difference(exact: Cost, estimate: Cost): Cost {
  if (exact.result === 'unpriced' || estimate.result === 'unpriced') return exact;
  const total = subtractMoney(exact.total, estimate.total);
  return { result: 'priced', total, lines: [], basis: 'reported' };
}

/** @returns `undefined` when the provider never says, and when the governor is closed before it does */
async function awaitReceipt(
  line: Line,
  { identified, plan, transport }: Estimated,
  receipts: ReceiptRoute,
  responseId: string,
): Promise<AnswerFacts | undefined> {
  const { target } = plan.route;
  const { 'content-type': _type, accept: _accept, ...headers } = outboundHeaders(identified, target);
  const request: OutboundRequest = {
    method: 'GET',
    url: target.provider.baseUrl + receipts.path(responseId),
    headers: { ...headers, accept: 'application/json' },
    body: undefined,
    timeoutMs: 10_000,
  };
  const signed = signing(transport, target);
  for (const pauseMs of pausesMs) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs).unref());
    if (line.closed.aborted) return undefined;
    const body = await send(signed, request, line.options.maxAnswerBytes);
    const receipt = body === undefined ? undefined : receipts.read(body);
    if (receipt !== undefined) return receipt;
  }
  return undefined;
}

/** @returns the body of an answer that is well, else `undefined` */
function send(
  transport: Transport,
  request: OutboundRequest,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    let isWell = false;
    const flow = transport(request, {
      head: (status) => {
        isWell = status === 200;
      },
      data: (chunk) => {
        bytes += chunk.byteLength;
        if (bytes <= maxBytes) chunks.push(chunk);
        else {
          flow.abort();
          resolve(undefined);
        }
      },
      end: () => resolve(isWell ? Buffer.concat(chunks) : undefined),
      error: () => resolve(undefined),
    });
  });
}
