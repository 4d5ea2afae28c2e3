import { readFileSync } from 'node:fs';
import { usageToSnake } from '@genops/core';
import { describe, expect, it } from 'vitest';
import { normaliseLine } from './normalise-line.ts';

interface Example {
  readonly id: string;
  readonly expected_normalised_usage: Readonly<Record<string, number>> | null;
  readonly expected_error?: string;
  readonly expected_cost_usd?: string;
  readonly expected_upstream_cost_usd?: string;
  readonly cost_basis?: string;
  readonly expected_sub_calls?: readonly {
    readonly type: string;
    readonly model: string;
    readonly usage: Readonly<Record<string, number>>;
  }[];
}

const examples = readFileSync(new URL('../../fixtures/usage-examples.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Example);

describe('normaliseLine', () => {
  it.each(examples.map((example) => [example.id, example] as const))('normalises %s', (_id, example) => {
    const line = normaliseLine(example);
    expect(line.usage).toEqual(example.expected_normalised_usage);
    expect(line.error).toBe(example.expected_error ?? null);
    expect(line.facts.unreadUsage ?? []).toEqual([]);
    if (example.cost_basis === 'provider_reported') {
      expect(line.facts.reportedCost?.amount.toFixed()).toBe(example.expected_cost_usd);
    }
    expect(line.facts.upstreamCost?.amount.toFixed()).toBe(example.expected_upstream_cost_usd);
  });

  it.each(
    examples.filter((example) => example.expected_sub_calls).map((example) => [example.id, example] as const),
  )('separates what the totals of %s leave out', (_id, example) => {
    const { facts } = normaliseLine(example);
    const outside = example.expected_sub_calls?.filter((call) => call.type !== 'message');
    expect(facts.parts?.map((part) => usageToSnake(part.usage))).toEqual(outside?.map((call) => call.usage));
    for (const [index, part] of (facts.parts ?? []).entries()) {
      if (part.responseModel !== undefined) expect(part.responseModel).toBe(outside?.[index]?.model);
    }
  });

  it('says so when no rule knows the API', () => {
    const line = {
      id: 'x',
      provider: 'acme',
      api: 'telepathy',
      response_usage_json: { usage: { thoughts: 1 } },
    };
    expect(normaliseLine(line)).toMatchObject({ usage: null, error: 'unknown_api' });
  });

  it('says what is wrong with counters that cannot be', () => {
    const line = {
      id: 'x',
      provider: 'openai',
      api: 'chat.completions',
      response_usage_json: { usage: { prompt_tokens: -1, completion_tokens: 1 } },
    };
    expect(normaliseLine(line)).toMatchObject({
      usage: null,
      error: 'invalid_usage',
      message: expect.stringContaining('usage.prompt_tokens'),
    });
  });

  it.each([null, 'text', [], {}, { id: 'x' }, { id: 'x', provider: 1, api: 'responses' }])(
    'refuses what is no such line: %j',
    (line) => {
      expect(() => normaliseLine(line)).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
    },
  );
});
