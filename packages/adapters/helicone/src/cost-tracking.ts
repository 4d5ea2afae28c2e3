import { addMoney, type CallGovernor, type LedgerEntry, type Money, money, sumMoney } from '@genops/core';

export interface ProviderCostSummary {
  readonly totalCost: Money;
  readonly operations: number;
  /** By whoever served behind the gateway. */
  readonly costByProvider: Readonly<Record<string, Money>>;
  /** What the gateway itself took. Helicone takes nothing for a call. */
  readonly gatewayFees: Money;
  /** What caches saved; not part of the total. */
  readonly avoidedCost: Money;
}

/** Calls made inside, and what they came to provider by provider. */
export interface CostTracker extends AsyncDisposable {
  readonly sessionId: string;
  run<Result>(action: () => Result): Result;
  /** From the ledger: also calls of other processes with the same session. */
  getSessionSummary(): Promise<ProviderCostSummary>;
}

export interface CostTrackingOptions {
  readonly governor: Pick<CallGovernor, 'startSession' | 'ledger'>;
  /** @default a new one */
  readonly sessionId?: string;
}

/** Tracks what a piece of work costs across providers. */
export function multiProviderCostTracking({ governor, sessionId }: CostTrackingOptions): CostTracker {
  const session = governor.startSession({
    name: 'multi_provider_cost_tracking',
    ...(sessionId !== undefined && { id: sessionId }),
  });
  return {
    sessionId: session.id,
    run: session.run,
    getSessionSummary: async () => summarise(await entriesOf(governor, session.id)),
    [Symbol.asyncDispose]: async () => {
      await session.close();
    },
  };
}

async function entriesOf(
  { ledger }: Pick<CallGovernor, 'ledger'>,
  sessionId: string,
): Promise<LedgerEntry[]> {
  const found: LedgerEntry[] = [];
  let cursor: string | undefined;
  do {
    const page = await ledger.entries({
      filter: { match: { sessionId: [sessionId] } },
      pageSize: 500,
      ...(cursor !== undefined && { cursor }),
    });
    found.push(...page.entries);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return found;
}

function summarise(entries: readonly LedgerEntry[]): ProviderCostSummary {
  const costByProvider: Record<string, Money> = {};
  const totals: Money[] = [];
  const fees: Money[] = [];
  const avoided: Money[] = [];
  for (const { cost, provider, gateway } of entries) {
    if (cost.result === 'unpriced') continue;
    const host = gateway?.hostProvider ?? provider;
    const before = costByProvider[host];
    costByProvider[host] = before === undefined ? cost.total : addMoney(before, cost.total);
    totals.push(cost.total);
    if (cost.avoided !== undefined) avoided.push(cost.avoided);
    for (const line of cost.lines) if (line.meter === 'gateway_fee') fees.push(line.subtotal);
  }
  return {
    totalCost: sum(totals),
    operations: new Set(entries.map(({ operationId }) => operationId)).size,
    costByProvider,
    gatewayFees: sum(fees),
    avoidedCost: sum(avoided),
  };
}

function sum(values: readonly Money[]): Money {
  return values.length === 0 ? money('0') : sumMoney(values, values[0]?.currency);
}
