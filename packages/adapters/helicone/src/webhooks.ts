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
  /** Signs each body: `x-genops-signature: sha256=<hex>`. @default unsigned */
  readonly secret?: string;
  /** @default the global `fetch` */
  readonly fetch?: typeof globalThis.fetch;
  readonly now?: () => Date;
  /** Takes deliveries that failed. */
  readonly onError: (error: unknown) => void;
}

const frameMs = { hourly: 3_600_000, daily: 86_400_000 } as const;
const usualWindow = 100;
/** Fewer calls say nothing about a rate. */
const fewest = 10;

/**
 * Watches calls and tells a webhook when one is slow, when too many fail, or when too much was spent in an
 * hour or day. Spending and failing are told once until they have been well again. Deliveries are tried once:
 * what must not be lost is a matter for `@genops/alerts`.
 *
 * @returns takes what happens to calls
 */
export function createWebhooks(options: WebhookOptions): (event: GovernorEvent) => void {
  const { triggers, costAlertWebhook, performanceWebhook, secret, fetch = globalThis.fetch } = options;
  const now = options.now ?? (() => new Date());
  let frame = { start: 0, spent: money('0'), told: false };
  const outcomes: boolean[] = [];
  let failing = false;

  const deliver = async (url: string | undefined, trigger: string, facts: object): Promise<void> => {
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
      void deliver(performanceWebhook, 'slow_response', { ...facts, durationMs, thresholdMs });
    }

    if (errorRate !== undefined) {
      outcomes.push(entry.outcome === 'completed');
      if (outcomes.length > (errorRate.window ?? usualWindow)) outcomes.shift();
      const rate = outcomes.filter((completed) => !completed).length / outcomes.length;
      const isFailing = outcomes.length >= fewest && rate > errorRate.threshold;
      if (isFailing && !failing) {
        void deliver(performanceWebhook, 'error_rate', {
          rate,
          threshold: errorRate.threshold,
          calls: outcomes.length,
        });
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
        void deliver(costAlertWebhook, 'high_cost', {
          spent: amountOf(frame.spent),
          currency: 'USD',
          threshold,
          timeframe,
        });
      }
    }
  };
}
