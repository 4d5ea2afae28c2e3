import { addMoney, type GovernorEvent, type Money, type SessionTotals } from '@genops/core';

/** Adds up what happens to calls. */
export interface TotalsTally {
  note(event: GovernorEvent): void;
  totals(): SessionTotals;
}

/** Counts calls and attempts, and sums money exactly, currency by currency. */
export function createTotals(): TotalsTally {
  const counts = {
    calls: 0,
    attempts: 0,
    failed: 0,
    unpriced: 0,
    refused: 0,
    inputTokens: 0,
    outputTokens: 0,
  };
  const costs = createSums();
  const avoided = createSums();
  const gatewayFees = createSums();
  return {
    note: (event) => {
      if (event.kind === 'refused') counts.refused += 1;
      if (event.kind === 'corrected' && event.entry.cost.result === 'priced')
        costs.add(event.entry.cost.total);
      if (event.kind !== 'settled') return;
      const { attempt, outcome, usage, cost } = event.entry;
      if (attempt <= 1) counts.calls += 1;
      counts.attempts += 1;
      if (outcome !== 'completed') counts.failed += 1;
      counts.inputTokens += usage?.inputTokens ?? 0;
      counts.outputTokens += usage?.outputTokens ?? 0;
      if (cost.result === 'unpriced') {
        counts.unpriced += 1;
        return;
      }
      costs.add(cost.total);
      if (cost.avoided !== undefined) avoided.add(cost.avoided);
      for (const line of cost.lines) if (line.meter === 'gateway_fee') gatewayFees.add(line.subtotal);
    },
    totals: () => ({
      ...counts,
      costs: costs.all(),
      avoided: avoided.all(),
      gatewayFees: gatewayFees.all(),
    }),
  };
}

function createSums(): { readonly add: (value: Money) => void; readonly all: () => readonly Money[] } {
  const sums = new Map<string, Money>();
  return {
    add: (value) => {
      const sum = sums.get(value.currency);
      sums.set(value.currency, sum === undefined ? value : addMoney(sum, value));
    },
    all: () => [...sums.values()],
  };
}
