import { createHmac } from 'node:crypto';
import { addMoney, amountOf, compareMoney, type GovernorEvent, money } from '@genops/core';

export interface WebhookOptions {
  readonly costAlertWebhook?: string;
  readonly performanceWebhook?: string;
  readonly triggers: {
    /** Spent at Helicone within the time frame, in USD as exact decimal text. */
    readonly highCost?: { readonly threshold: string; readonly timeframe: 'hourly' | 'daily' };
    readonly slowResponse?: { readonly thresholdMs: number };
    /** Of the last calls, between 0 and 1. */
    readonly errorRate?: { readonly threshold: number; readonly window?: number };
  };
  /**
   * Takes what a trigger found instead of the webhooks above: `alerts.tell` of `@genops/alerts` brings it to every
   * channel it has, and goes on trying until it is there.
   */
  readonly deliver?: (occurrence: WebhookOccurrence) => void;
  /** Signs each body: `x-genops-signature: sha256=<hex>`. @default unsigned */
  readonly secret?: string;
  /** @default the global `fetch` */
  readonly fetch?: typeof globalThis.fetch;
  readonly now?: () => Date;
  /** Takes deliveries that failed. */
  readonly onError: (error: unknown) => void;
}

/** What a trigger found. */
export interface WebhookOccurrence {
  /** One for each time that it is told. */
  readonly id: string;
  readonly name: 'slow_response' | 'error_rate' | 'high_cost';
  readonly severity: 'warning';
  /** One sentence, numbers included. */
  readonly summary: string;
  readonly labels: Readonly<Record<string, string>>;
}

const frameMs = { hourly: 3_600_000, daily: 86_400_000 } as const;
const usualWindow = 100;
/** Fewer calls say nothing about a rate. */
const fewest = 10;

/**
 * Watches calls and tells a webhook when one is slow, when too many fail, or when too much was spent in an
 * hour or day. Spending and failing are told once until they have been well again. Webhooks are tried once; what
 * must not be lost is handed to `deliver`.
 *
 * @returns takes what happens to calls
 */
export function createWebhooks(options: WebhookOptions): (event: GovernorEvent) => void {
  const { triggers, costAlertWebhook, performanceWebhook, secret, fetch = globalThis.fetch } = options;
  const now = options.now ?? (() => new Date());
  let frame = { start: 0, spent: money('0'), told: false };
  const outcomes: boolean[] = [];
  let failing = false;

  const deliver = async (
    url: string | undefined,
    trigger: WebhookOccurrence['name'],
    facts: object,
    found: Pick<WebhookOccurrence, 'id' | 'summary'>,
  ): Promise<void> => {
    if (options.deliver !== undefined) {
      const labels = Object.fromEntries(
        Object.entries(facts).flatMap(([name, value]) =>
          value === undefined ? [] : [[name, String(value)]],
        ),
      );
      const id = `helicone ${trigger} ${found.id}`;
      try {
        options.deliver({ id, name: trigger, severity: 'warning', summary: found.summary, labels });
      } catch (error) {
        options.onError(error);
      }
      return;
    }
    if (url === undefined) return;
    const body = JSON.stringify({ trigger, at: now().toISOString(), ...facts });
    const signature =
      secret === undefined
        ? {}
        : { 'x-genops-signature': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` };
    try {
      const response = await fetch(url, {
        method: 'POST',
        redirect: 'error',
        headers: { 'content-type': 'application/json', ...signature },
        body,
      });
      if (!response.ok) throw new Error(`The webhook for ${trigger} answered ${response.status}`);
    } catch (error) {
      options.onError(error);
    }
  };

  return (event) => {
    if (event.kind !== 'settled' || event.entry.provider !== 'helicone') return;
    const { entry, durationMs } = event;
    const facts = { operationId: entry.operationId, model: entry.requestModel, team: entry.attribution.team };

    const { slowResponse, errorRate, highCost } = triggers;
    if (slowResponse !== undefined && durationMs > slowResponse.thresholdMs) {
      const { thresholdMs } = slowResponse;
      const summary = `A call took ${durationMs} ms; the trigger is above ${thresholdMs} ms`;
      const found = { id: entry.id, summary };
      void deliver(performanceWebhook, 'slow_response', { ...facts, durationMs, thresholdMs }, found);
    }

    if (errorRate !== undefined) {
      outcomes.push(entry.outcome === 'completed');
      if (outcomes.length > (errorRate.window ?? usualWindow)) outcomes.shift();
      const rate = outcomes.filter((completed) => !completed).length / outcomes.length;
      const isFailing = outcomes.length >= fewest && rate > errorRate.threshold;
      if (isFailing && !failing) {
        const { threshold } = errorRate;
        const calls = outcomes.length;
        const summary = `${Number((rate * 100).toFixed(2))} % of the last ${calls} calls failed; the trigger is above ${Number((threshold * 100).toFixed(2))} %`;
        void deliver(performanceWebhook, 'error_rate', { rate, threshold, calls }, { id: entry.id, summary });
      }
      failing = isFailing;
    }

    if (highCost !== undefined && entry.cost.result === 'priced' && entry.cost.total.currency === 'USD') {
      const start = Math.floor(Date.parse(entry.at) / frameMs[highCost.timeframe]);
      if (start !== frame.start) frame = { start, spent: money('0'), told: false };
      frame.spent = addMoney(frame.spent, entry.cost.total);
      if (compareMoney(frame.spent, money(highCost.threshold)) > 0 && !frame.told) {
        frame.told = true;
        const { threshold, timeframe } = highCost;
        const spent = amountOf(frame.spent);
        const summary = `${spent} USD were spent at Helicone (${timeframe}); the trigger is above ${threshold} USD`;
        const found = { id: `${timeframe} ${start} above ${threshold}`, summary };
        void deliver(costAlertWebhook, 'high_cost', { spent, currency: 'USD', threshold, timeframe }, found);
      }
    }
  };
}
