import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { genops as run } from '../test/genops.ts';

const examples = fileURLToPath(new URL('../fixtures/pricing-examples.jsonl', import.meta.url));

const genops = (values: readonly string[], input = '') =>
  run(process.cwd(), values, {
    standardInput: Readable.from([input]),
    now: () => new Date('2026-11-20T00:00:00Z'),
  });

function lines(text: string): Record<string, unknown>[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

describe('genops price --input', () => {
  it('prices every example to the last digit', async () => {
    const expected = lines(await readFile(examples, 'utf8')).filter(({ kind }) => kind !== 'usage');
    const priced = new Map(
      lines((await genops(['price', '--input', examples])).output).map((line) => [line['id'], line]),
    );
    for (const { id, kind, expected_cost_usd: cost, expected_error: error } of expected) {
      expect(priced.get(id), String(id)).toMatchObject(
        kind === 'error' ? { cost_usd: null, error } : { cost_usd: cost, error: null },
      );
    }
    expect(expected.length).toBeGreaterThan(100);
  });

  it('goes on after a line that is none, and never answers zero for it', async () => {
    const good =
      '{"id":"good","provider":"openai","model":"gpt-4o-mini","at":"2026-09-24T12:00:00Z","usage":{"input_tokens":1000000}}';
    const bad = [
      'not json',
      'null',
      '[]',
      '{"id":"no-usage","provider":"openai","model":"gpt-4o","at":"2026-09-24T12:00:00Z"}',
      '{"id":"negative","provider":"openai","model":"gpt-4o","at":"2026-09-24T12:00:00Z","usage":{"input_tokens":-1}}',
      '{"id":"half","provider":"openai","model":"gpt-4o","at":"2026-09-24T12:00:00Z","usage":{"input_tokens":0.5}}',
      '{"id":"huge","provider":"openai","model":"gpt-4o","at":"2026-09-24T12:00:00Z","usage":{"input_tokens":9007199254740993}}',
      '{"id":"text","provider":"openai","model":"gpt-4o","at":"2026-09-24T12:00:00Z","usage":{"input_tokens":"7"}}',
      '{"id":"unknown-counter","provider":"openai","model":"gpt-4o","at":"2026-09-24T12:00:00Z","usage":{"inputs":7}}',
      '{"id":"part","provider":"openai","model":"gpt-4o","at":"2026-09-24T12:00:00Z","usage":{"input_tokens":1,"cache_read_tokens":2}}',
      '{"id":"nobody","provider":"nobody","model":"gpt-4o","at":"2026-09-24T12:00:00Z","usage":{"input_tokens":7}}',
      '{"id":"when","provider":"openai","model":"gpt-4o","at":"yesterday","usage":{"input_tokens":7}}',
    ];
    const { code, output } = await genops(['price', '--input', '-'], [...bad, good].join('\n'));
    const answers = lines(output);
    expect(code).toBe(0);
    expect(answers).toHaveLength(bad.length + 1);
    for (const answer of answers.slice(0, -1)) {
      expect(answer).toMatchObject({ cost_usd: null, error: expect.stringMatching(/^[a-z_]+$/) });
    }
    expect(answers.at(-1)).toMatchObject({ id: 'good', cost_usd: '0.15', error: null });
  });
});

describe('genops usage --input', () => {
  it('normalises and prices every example', async () => {
    const expected = lines(await readFile(examples, 'utf8')).filter(({ kind }) => kind === 'usage');
    const input = expected.map((line) => JSON.stringify(line)).join('\n');
    const answers = lines((await genops(['usage', '--input', '-'], input)).output);
    expect(answers).toHaveLength(expected.length);
    expected.forEach((example, index) => {
      expect(answers[index], String(example['id'])).toMatchObject({
        usage: example['expected_normalised_usage'],
      });
      if (example['expected_cost_usd'] !== undefined) {
        expect(answers[index], String(example['id'])).toMatchObject({
          cost_usd: example['expected_cost_usd'],
        });
      }
    });
  });
});

describe('genops price', () => {
  it('shows one call as a table of eighty columns at most', async () => {
    const { code, output } = await genops([
      'price',
      'openai',
      'gpt-4o-mini',
      '--input-tokens',
      '1_000',
      '--output-tokens',
      '50',
      '--cache-read-tokens',
      '400',
    ]);
    expect(code).toBe(0);
    expect(output).toMatch(/^input_tokens_uncached +600 +0\.15 +1000000 +0\.00009$/m);
    expect(output).toMatch(/^total +0\.00015$/m);
    for (const line of output.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('takes prices of one’s own', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'genops-prices-')), 'own.json');
    await writeFile(
      file,
      JSON.stringify({
        provider: 'mine',
        models: [{ model: 'small', versions: [{ rates: [{ input: '2', output: '4' }] }] }],
      }),
    );
    const { output } = await genops([
      'price',
      'mine',
      'small',
      '--input-tokens',
      '1000',
      '--prices',
      file,
      '--json',
    ]);
    expect(JSON.parse(output)).toMatchObject({ cost_usd: '0.002' });
    await writeFile(
      file,
      '{"provider":"mine","models":[{"model":"small","versions":[{"rates":[{"input":2}]}]}]}',
    );
    const refused = await genops(['price', 'mine', 'small', '--input-tokens', '1', '--prices', file]);
    expect([refused.code, refused.errors]).toEqual([2, expect.stringMatching(/rates\[0\]\.input/)]);
  });

  it.each([
    [['price', 'openai', 'gpt-99', '--input-tokens', '5'], /unknown_model/],
    [['price', 'openai', 'gpt-4o', '--input-tokens', '1.5'], /--input-tokens: expected a whole number/],
    [['price'], /expected a provider and a model/],
    [['price', '--input', '/nonexistent'], /cannot be read/],
  ])('answers %j with what is wrong and exit code 2', async (values, message) => {
    const { code, errors } = await genops(values);
    expect([code, errors]).toEqual([2, expect.stringMatching(message)]);
  });
});
