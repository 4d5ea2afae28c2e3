import { createGovernor, type Governor } from '@genops/governor';
import type { Ledger } from '@genops/ledger';
import { createMemoryLedger } from '@genops/ledger/memory';
import OpenAI from 'openai';
import { createSkyRouter, createSkyRouterAdapter, type SkyRouterAdapter } from '../src/index.ts';

const baseURL = 'http://127.0.0.1:1/v1';
const answer = JSON.stringify({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-4o-mini',
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Gladly.' } }],
  usage: { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 },
});

/** A provider that answers at once and within this process, so that what is measured is not the network. */
const provider = async (): Promise<Response> =>
  new Response(answer, { headers: { 'content-type': 'application/json' } });

export const models = ['gpt-4o', 'gpt-4o-mini', 'claude-3-haiku', 'claude-3-5-sonnet', 'gemini-1.5-flash'];

/** The official client, with nothing around it. */
export function bareClient(): OpenAI {
  return new OpenAI({ baseURL, apiKey: 'sk-bench', maxRetries: 0, fetch: provider });
}

export interface Setting {
  readonly governor: Governor;
  readonly adapter: SkyRouterAdapter;
}

/** An adapter with budgets of day, team and project in force. */
export function setUp(ledger: Ledger = createMemoryLedger()): Setting {
  const governor = createGovernor({
    providers: [createSkyRouter({ baseUrl: baseURL })],
    ledger,
    fetch: provider as typeof fetch,
  });
  const adapter = createSkyRouterAdapter({
    governor,
    client: bareClient(),
    team: 'bench',
    project: 'overhead',
    dailyBudgetLimit: '1000000',
  });
  adapter.costAggregator.setTeamBudget('bench', '1000000');
  adapter.costAggregator.setProjectBudget('overhead', '1000000');
  return { governor, adapter };
}

export interface Timing {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly perSecond: number;
}

/** Does something over and over, one after the other, after warming up. */
export async function measure(action: () => Promise<unknown>, times: number): Promise<Timing> {
  for (let round = 0; round < times / 4; round += 1) await action();
  const timings: number[] = [];
  const begin = performance.now();
  for (let round = 0; round < times; round += 1) {
    const start = performance.now();
    await action();
    timings.push(performance.now() - start);
  }
  const seconds = (performance.now() - begin) / 1000;
  timings.sort((left, right) => left - right);
  const at = (share: number): number => timings[Math.ceil(share * timings.length) - 1] as number;
  return { p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), perSecond: times / seconds };
}

export function print(...cells: readonly string[]): void {
  const padded = cells.map((cell, index) => (index === 0 ? cell.padEnd(36) : cell.padStart(11)));
  process.stdout.write(`${padded.join('').trimEnd()}\n`);
}
